//! `file`: it is there, or not, and holds what it should.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::Answer;
use crate::model::FileCheck;
use crate::world::World;

/// More of a file is not read.
const LIMIT: u64 = 16 << 20;

pub fn ask(check: &FileCheck, world: &World) -> Answer {
    let path = world.folder.join(&check.path.value);
    let wanted = check.exists.unwrap_or(true);
    let meta = match path.metadata() {
        Ok(meta) => meta,
        Err(error) if error.kind() == ErrorKind::NotFound && !wanted => {
            return Answer::Yes { found: "no such file".to_owned() };
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Answer::no(format!("the file {}", path.display()), "nothing");
        }
        Err(error) => return Answer::unknown(format!("{}: {error}", path.display())),
    };
    if !wanted {
        return Answer::no("no such file", path.display().to_string());
    }
    let Some(text) = &check.contains else { return Answer::Yes { found: path.display().to_string() } };
    if !meta.is_file() {
        // A FIFO would block the reader for ever.
        return Answer::unknown(format!("{} is not a regular file", path.display()));
    }
    contains(&path, text)
}

fn contains(path: &Path, text: &str) -> Answer {
    let mut bytes = Vec::new();
    if let Err(error) = File::open(path).and_then(|file| file.take(LIMIT).read_to_end(&mut bytes)) {
        return Answer::unknown(format!("{}: {error}", path.display()));
    }
    if bytes.windows(text.len().max(1)).any(|window| window == text.as_bytes()) {
        return Answer::Yes { found: format!("`{text}` in {}", path.display()) };
    }
    if bytes.len() as u64 == LIMIT {
        return Answer::unknown(format!("{} is larger than 16 MiB", path.display()));
    }
    Answer::no(format!("`{text}` in {}", path.display()), format!("{} bytes without it", bytes.len()))
}
