//! Programs: whether there is one, whether it can be run, and by what; and whether a shell understands a text.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Ending, Found, assumed, cannot_know, verified, wrong};
use crate::model::Step;
use crate::world::cancel::Cancel;
use crate::world::output::Capture;
use crate::world::process::{self, Job, SpawnError};

/// What a shell may take to read a text.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The kernel reads no more of a first line.
const FIRST_LINE: usize = 256;

/// Looks for the program of `argv` in `folder`; `earlier` steps may bring what is not there yet.
pub(super) fn find(argv: &[String], folder: &Path, earlier: &[&Step]) -> Found {
    let Some(name) = argv.first() else { return wrong(Ending::Failed, "there is no program") };
    let path = match process::program(name, folder) {
        Ok(path) => path,
        Err(error @ (SpawnError::NotFound { .. } | SpawnError::NotExecutable(_))) => {
            let base = name.rsplit('/').next().unwrap_or(name);
            return brought_by(earlier, base).map_or_else(
                || wrong(Ending::Failed, crate::in_words(&error)),
                |step| cannot_know(format!("{error}; `{}` before it may bring it", step.label())),
            );
        }
        Err(error) => return wrong(Ending::Failed, crate::in_words(&error)),
    };
    match interpreter(&path) {
        Interpreter::None => verified(format!("program {}", path.display())),
        Interpreter::Found(by) => verified(format!("program {}, run by {}", path.display(), by.display())),
        Interpreter::Missing(by) => {
            wrong(Ending::Failed, format!("program {} needs {by}, which is not there", path.display()))
        }
        Interpreter::Unclear => {
            assumed(format!("program {}, which is neither a binary nor names what runs it", path.display()))
        }
    }
}

/// The step that speaks of `name`: it may make it.
pub(super) fn brought_by<'a>(earlier: &[&'a Step], name: &str) -> Option<&'a Step> {
    let speaks_of = |step: &&&Step| {
        let argv = step.run.iter().flat_map(|argv| argv.iter());
        let mut texts = argv.map(String::as_str).chain(step.shell.as_ref().map(|text| text.as_str()));
        texts.any(|text| text.contains(name))
    };
    // A name of a letter or two is in every text.
    if name.len() < 3 { None } else { earlier.iter().find(speaks_of).copied() }
}

/// What runs a script.
#[derive(Debug, PartialEq, Eq)]
enum Interpreter {
    /// It is no script, or cannot be read.
    None,
    Found(PathBuf),
    Missing(String),
    /// It is no binary, either.
    Unclear,
}

fn interpreter(path: &Path) -> Interpreter {
    let mut first = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FIRST_LINE as u64).read_to_end(&mut first));
    if read.is_err() || first.starts_with(b"\x7fELF") {
        return Interpreter::None;
    }
    let Some(rest) = first.strip_prefix(b"#!") else { return Interpreter::Unclear };
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).into_owned();
    let mut words = line.split_whitespace();
    let Some(by) = words.next() else { return Interpreter::Unclear };
    let found = match process::program(by, Path::new("/")) {
        Ok(found) if by.contains('/') => found,
        _ => return Interpreter::Missing(by.to_owned()),
    };
    // `env` looks for the program that it is given.
    let named = words.find(|word| !word.starts_with('-') && !word.contains('='));
    match named.filter(|_| found.ends_with("env")) {
        None => Interpreter::Found(found),
        Some(name) => process::program(name, Path::new("/"))
            .map_or_else(|_| Interpreter::Missing(name.to_owned()), Interpreter::Found),
    }
}

/// Whether the shell understands `text`: it reads it and does nothing (`sh -n`).
pub(super) fn shell(text: &str, folder: &Path) -> Found {
    let argv = ["/bin/sh", "-n", "-c", text].map(str::to_owned);
    let tag = format!("syntax:{}", std::process::id());
    let job = Job::new(&argv, folder, tag, TIMEOUT);
    let mut capture = Capture::default();
    let finished = Cancel::new().map_err(|error| error.to_string()).and_then(|never| {
        process::carry_out(&job, &mut capture, &never).map_err(|error| crate::in_words(&error))
    });
    match finished {
        Err(why) => wrong(Ending::Failed, why),
        Ok(finished) if finished.status.success() => {
            assumed("syntax verified only (sh -n); what its commands do is not tried")
        }
        Ok(_) => {
            let said = capture.finish().unwrap_or_default().head;
            wrong(Ending::Failed, format!("the shell does not understand it: {}", said.trim_end()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn script(first_line: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script");
        std::fs::write(&path, format!("{first_line}\nexit 0\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        (folder, path)
    }

    #[test]
    fn what_runs_a_script_is_looked_for() {
        for (first_line, expected) in [
            ("#!/bin/sh", Interpreter::Found("/bin/sh".into())),
            ("#! /bin/sh -e", Interpreter::Found("/bin/sh".into())),
            ("#!/no/such/shell", Interpreter::Missing("/no/such/shell".to_owned())),
            ("#!/usr/bin/env no-such-interpreter", Interpreter::Missing("no-such-interpreter".to_owned())),
            (
                "#!/usr/bin/env -S no-such-interpreter -x",
                Interpreter::Missing("no-such-interpreter".to_owned()),
            ),
            ("#!sh", Interpreter::Missing("sh".to_owned())),
            ("echo", Interpreter::Unclear),
            ("#!", Interpreter::Unclear),
        ] {
            let (_folder, path) = script(first_line);
            assert_eq!(interpreter(&path), expected, "{first_line}");
        }
    }

    #[test]
    fn a_text_is_read_by_the_shell_and_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let (certainty, note) = shell("touch a; $(touch b); : > c", folder.path());
        assert_eq!(certainty, super::super::Certainty::Assumed, "{note}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let (certainty, note) = shell("if true; then", folder.path());
        assert_eq!(certainty, super::super::Certainty::Wrong(Ending::Failed), "{note}");
    }
}
