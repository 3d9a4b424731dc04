//! The commands of README.md and of the examples do what is said there.
//!
//! Each section of README.md begins in a folder with a fresh copy of `examples`. A block of YAML whose first line
//! is `# NAME` is written to that file. In a block of `console`, lines after `$ ` are commands, all others what
//! they print: `...` stands for anything, alone in a line also for any number of lines. The first command of a
//! section starts at [`BEGIN`], each further one a minute later.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;
use tempfile::TempDir;

use super::support::assert_understood;

const README: &str = include_str!("../../README.md");
const BEGIN: &str = "2026-03-07T10:00:00Z";
/// The beginnings of the commands that are run; others are there to be read.
const COMMANDS: [&str; 3] = ["mainstay ", "ssh-keygen ", "echo \""];
const CARGO_RUN: &str = "cargo run --locked -- ";

#[test]
fn the_commands_of_the_readme_print_what_it_shows() {
    let mut n_commands = 0;
    for section in README.split("\n## ") {
        let mut place = Place::new();
        for block in blocks_of(section) {
            match block.language {
                "yaml" => place.write(block.text),
                "console" => n_commands += place.hold_to(block.text),
                _ => {}
            }
        }
    }
    assert!(n_commands > 12, "only {n_commands} commands were found");
}

#[test]
fn the_commands_within_the_text_of_the_readme_are_understood() {
    let inline = Regex::new(r"`(mainstay [^`]+)`").unwrap();
    let crontab = Regex::new(r"(?m)^(?:[-*/0-9]+ ){5}(mainstay .*)$").unwrap();
    let found: Vec<_> = [inline, crontab].iter().flat_map(|regex| all_of(regex, README)).collect();
    for line in &found {
        assert_understood(line);
    }
    assert!(found.len() > 5, "{found:?}");
}

#[test]
fn every_kind_of_check_is_in_the_readme_with_its_example() {
    for (kind, example) in mainstay::validator::checks::manual::EXAMPLES {
        let row = format!("| `{kind}` | `{example}` |");
        assert!(README.contains(&row), "{row}");
    }
}

/// The rows are private to the library, so their source is read.
#[test]
fn what_is_not_supported_yet_is_in_the_readme_and_nothing_else() {
    let section = README.split("\n## ").find(|section| section.starts_with("What is not there yet")).unwrap();
    let (keys, _) = section.split_once("Of the command line").unwrap();
    let rows = include_str!("../../src/validator/rules/later/unsupported.rs");
    let rows = &rows[rows.find("const ROWS").unwrap()..rows.find("fn look").unwrap()];
    let row = Regex::new(r#"(?:key|values)\(At::\w+, "(\w+)"(?:, &\[([^\]]*)\])?\)"#).unwrap();
    let mut refused: Vec<String> = Vec::new();
    for found in row.captures_iter(rows) {
        let values = found.get(2).map(|values| values.as_str().replace('"', ""));
        match values {
            None => refused.push(found[1].to_owned()),
            Some(values) => refused.extend(values.split(", ").map(str::to_owned)),
        }
    }
    let listed = Regex::new("`(?:missed: |overlap: )?(\\w+):?`").unwrap();
    let mut listed = all_of(&listed, keys);
    // They are named for what they belong to.
    listed.retain(|name| !["alertmanager", "prometheus"].contains(&name.as_str()));
    for names in [&mut refused, &mut listed] {
        names.sort();
        names.dedup();
    }
    assert_eq!(listed, refused);
}

#[test]
fn the_commands_in_the_comments_of_the_examples_are_understood_there() {
    let command = Regex::new(r"(?m)^#   .*?(mainstay -f .*)$").unwrap();
    for example in ["examples/quickstart/maintenance.yaml", "examples/prometheus/maintenance.yaml"] {
        let mut place = Place::new();
        let path = place.folder.path().join(example);
        // Whatever listens at Prometheus' port here is not part of this test.
        let text =
            fs::read_to_string(&path).unwrap().replace(":9090\"}", ":1\"}").replace(":9093\"}", ":1\"}");
        fs::write(&path, &text).unwrap();
        let commands = all_of(&command, &text);
        assert!(commands.len() > 2, "{commands:?}");
        for command in commands {
            let printed = place.run(&command);
            assert_ne!(place.exit_code, 2, "{command}\n{printed}");
        }
    }
}

fn all_of(regex: &Regex, text: &str) -> Vec<String> {
    regex.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

struct Block<'a> {
    language: &'a str,
    text: &'a str,
}

fn blocks_of(markdown: &str) -> Vec<Block<'_>> {
    let fenced = markdown.split("\n```").skip(1).step_by(2);
    fenced
        .map(|block| block.split_once('\n').unwrap())
        .map(|(language, text)| Block { language, text })
        .collect()
}

/// Where the commands of one section are run.
struct Place {
    folder: TempDir,
    current: PathBuf,
    now: DateTime<Utc>,
    exit_code: i32,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), &folder.path().join("examples"));
        let current = folder.path().to_owned();
        Self { folder, current, now: BEGIN.parse().unwrap(), exit_code: 0 }
    }

    /// Writes a block that names its file.
    fn write(&self, text: &str) {
        let name = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let path = self.current.join(name.expect("a block of YAML says which file it is"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text.to_owned() + "\n").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    }

    /// Runs the commands of a block and compares what they print; returns how many were run.
    fn hold_to(&mut self, block: &str) -> usize {
        let mut n_run = 0;
        for session in block.strip_prefix("$ ").expect("a block begins with a command").split("\n$ ") {
            let (command, shown) = session.split_once('\n').unwrap_or((session, ""));
            let printed = match command.strip_prefix(CARGO_RUN) {
                _ if command == "echo $?" => format!("{}\n", self.exit_code),
                _ if command.starts_with("cd ") => {
                    self.current = self.current.join(&command["cd ".len()..]);
                    continue;
                }
                Some(arguments) => self.run(&format!("mainstay {arguments}")),
                None if COMMANDS.iter().any(|begin| command.starts_with(begin)) => self.run(command),
                None => continue,
            };
            n_run += 1;
            let is_as_shown = pattern(shown).is_match(&durations_blurred(&printed));
            assert!(is_as_shown, "`{command}` printed\n{printed}\nREADME.md shows\n{shown}");
        }
        n_run
    }

    /// Runs a command line in a shell; what it prints to either stream is returned in the order of a terminal.
    fn run(&mut self, command: &str) -> String {
        let path = self.folder.path().join("printed");
        let printed = File::create(&path).unwrap();
        let programs = Path::new(env!("CARGO_BIN_EXE_mainstay")).parent().unwrap();
        let search = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
        let status = Command::new("sh")
            .args(["-c", command])
            .current_dir(&self.current)
            .env_clear()
            .envs([
                ("PATH", search.as_str()),
                ("NO_COLOR", "1"),
                ("TZ", "UTC"),
                ("MAINSTAY_PROGRESS", "none"),
            ])
            .env("MAINSTAY_NOW", self.now.to_rfc3339())
            .stdin(Stdio::null())
            .stdout(printed.try_clone().unwrap())
            .stderr(printed)
            .status()
            .unwrap();
        self.exit_code = status.code().unwrap();
        self.now += TimeDelta::minutes(1);
        fs::read_to_string(path).unwrap()
    }
}

/// What is shown, as a pattern for what is printed.
fn pattern(shown: &str) -> Regex {
    let mut pattern = String::from("^");
    for line in durations_blurred(shown).trim_end().lines() {
        if line == "..." {
            pattern.push_str("(?:.*\n)*?");
        } else {
            let parts: Vec<_> = line.split("...").map(regex::escape).collect();
            pattern.push_str(&parts.join(".*"));
            pattern.push('\n');
        }
    }
    Regex::new(&(pattern + "$")).unwrap()
}

/// How long something took is not the same on every machine.
fn durations_blurred(text: &str) -> String {
    Regex::new(r" +[0-9]+\.[0-9]s").unwrap().replace_all(text, " #s").into_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let copied = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            // What is left of runs by hand is not part of the example.
            if !["work", ".mainstay"].iter().any(|left| entry.file_name() == *left) {
                copy(&entry.path(), &copied);
            }
        } else {
            fs::copy(entry.path(), &copied).unwrap();
            fs::set_permissions(&copied, PermissionsExt::from_mode(0o644)).unwrap();
        }
    }
}
