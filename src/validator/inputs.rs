//! Which files are validated: those that were named, and the plan files of folders that were named.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::planfile::{self, LoadError, Text};

/// What a path of `-` means: the plan file comes on standard input.
pub const STDIN: &str = "-";
/// What standard input is called in findings.
pub const STDIN_NAME: &str = "<stdin>";
/// The deepest folder that is looked into.
const MAX_DEPTH: usize = 64;

/// One file to validate.
#[derive(Debug)]
pub struct Input {
    /// What it is called in findings.
    pub name: String,
    /// The folder that the names in it are relative to.
    pub folder: PathBuf,
    /// Where it is; `None` for standard input.
    pub path: Option<PathBuf>,
    /// What it says, or why it cannot be read.
    pub text: Result<Text, LoadError>,
}

/// Reads every plan file that `paths` name, sorted and each once.
///
/// A folder stands for the plan files below it: YAML files that are called `maintenance` or `*.maintenance`, and
/// any other that has a line that begins with `mainstay:`. Hidden folders and links to folders are left out.
///
/// # Errors
/// When a folder cannot be listed.
pub fn read(paths: &[PathBuf], stdin: &mut dyn Read) -> Result<Vec<Input>, LoadError> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            below(path, 0, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    found.sort();
    found.dedup();
    Ok(found.into_iter().map(|path| read_one(path, stdin)).collect())
}

fn read_one(path: PathBuf, stdin: &mut dyn Read) -> Input {
    if path == Path::new(STDIN) {
        let text = planfile::load_from(Path::new(STDIN_NAME), stdin);
        return Input { name: STDIN_NAME.to_owned(), folder: PathBuf::new(), path: None, text };
    }
    Input {
        name: path.display().to_string(),
        folder: planfile::folder_of(&path).to_owned(),
        text: planfile::load(&path),
        path: Some(path),
    }
}

/// Adds the plan files below a folder.
fn below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    let refused = |source: io::Error| LoadError::Io { path: folder.to_owned(), source };
    if depth > MAX_DEPTH {
        return Err(refused(io::Error::other(format!("it is nested deeper than {MAX_DEPTH} folders"))));
    }
    for entry in fs::read_dir(folder).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(refused)?);
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if kind.is_dir() {
            if !is_hidden {
                below(&path, depth + 1, found)?;
            }
        } else if is_yaml(&path) && (has_name_of_plan_file(&path) || says_so(&path)) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// `maintenance.yaml`, `site.maintenance.yaml`.
fn has_name_of_plan_file(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    stem == "maintenance" || stem.ends_with(".maintenance")
}

/// Whether a file says that it is a plan file. One that cannot be read does not.
fn says_so(path: &Path) -> bool {
    let Ok(text) = planfile::load(path) else { return false };
    text.source.text.lines().any(|line| line.starts_with("mainstay:"))
}
