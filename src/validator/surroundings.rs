//! What lies beside the plan file, as far as rules ask about it.
//!
//! Looked at once, before the rules; they see values only.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::standards;
use crate::model::PlanFile;

/// What lies beside the plan file.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Who beside its owner can write the plan file.
    pub writers: Option<&'static str>,
    /// The files that the plan file names, by their names in it.
    pub files: BTreeMap<String, Found>,
}

/// What was found at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Missing,
    /// A file; its text where rules read it and it is one of at most [`MAX_BYTES`].
    File {
        /// Its permission bits.
        mode: u32,
        /// What it says.
        text: Option<String>,
    },
    /// A folder, a device, a pipe.
    NotAFile,
    /// The system refuses.
    Unknown(String),
}

/// The largest file beside the plan file that is read.
pub const MAX_BYTES: u64 = 1024 * 1024;

impl Surroundings {
    /// Looks at every file that `plan` names; their names are relative to `folder`.
    pub fn look(plan: &PlanFile, folder: &Path, writers: Option<&'static str>) -> Self {
        let mut files = BTreeMap::new();
        for (name, is_read) in named(plan) {
            let path = folder.join(name);
            files.entry(name.to_owned()).or_insert_with(|| find(&path, is_read));
        }
        Self { writers, files }
    }
}

/// The files that a plan file names, and whether rules want to read them.
fn named(plan: &PlanFile) -> Vec<(&str, bool)> {
    // A file that is read comes first: it may be named a second time by somebody who only asks for its mode.
    let standards = plan.standards.iter().filter(|name| standards::is_path(&name.value));
    let mut named: Vec<_> = standards.map(|path| (path.value.as_str(), true)).collect();
    let documents = &plan.documents;
    let documents = [&documents.process, &documents.system, &documents.security, &documents.audit];
    let signers = plan.access.as_ref().and_then(|access| access.signers.as_ref());
    named.extend(signers.map(|path| (path.value.as_str(), true)));
    named.extend(documents.into_iter().flatten().map(|path| (path.value.as_str(), false)));
    named.extend(plan.secrets.iter().filter_map(|(_, secret)| Some((secret.file.as_deref()?, false))));
    named
}

fn find(path: &Path, is_read: bool) -> Found {
    match fs::metadata(path) {
        Ok(meta) if !meta.is_file() => Found::NotAFile,
        Ok(meta) => {
            let text = if is_read { read(path).map(Some) } else { Ok(None) };
            text.map_or_else(
                |error| Found::Unknown(error.to_string()),
                |text| Found::File { mode: meta.mode() & 0o777, text },
            )
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Found::Missing
        }
        Err(error) => Found::Unknown(error.to_string()),
    }
}

fn read(path: &Path) -> io::Result<String> {
    // The file may have become a pipe since it was looked at; opening one without O_NONBLOCK waits for a writer.
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(nonblock).open(path)?;
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("it is larger than {MAX_BYTES} bytes")));
    }
    Ok(text)
}
