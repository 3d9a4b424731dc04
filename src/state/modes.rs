//! Who else can read or write what is kept: the state file, its folder, the logs.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::State;

/// Something that others than its owner can use, with its permissions and those that it should have.
pub type OpenToOthers = (PathBuf, u32, u32);

const OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;
const PERMISSIONS: u32 = 0o7777;
/// The folder that mainstay makes for itself; another one may hold other things for other people.
const OWN_FOLDER: &str = ".mainstay";

impl State {
    /// What of the state others can read or write, the state file first.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn open_to_others(&self) -> io::Result<Vec<OpenToOthers>> {
        let path = self.path();
        let mut found = Vec::new();
        look(path, (OTHERS, 0o600), &mut found)?;
        // SQLite gives the files beside it the mode that it has.
        let sidecars: &[&str] = if found.is_empty() { &["-wal", "-shm", "-journal"] } else { &[] };
        for suffix in sidecars {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            look(Path::new(&name), (OTHERS, 0o600), &mut found)?;
        }
        if let Some(folder) = path.parent() {
            let is_own = folder.file_name().is_some_and(|name| name == OWN_FOLDER);
            look(folder, (if is_own { OTHERS } else { OTHERS_WRITE }, 0o700), &mut found)?;
        }
        let logs = self.logs();
        look(logs.folder(), (OTHERS, 0o700), &mut found)?;
        let entries = match fs::read_dir(logs.folder()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            entries => entries?,
        };
        let mut names = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        for name in names {
            look(&name, (OTHERS, 0o600), &mut found)?;
        }
        Ok(found)
    }
}

/// What is not there is open to nobody.
fn look(path: &Path, (wrong, expected): (u32, u32), found: &mut Vec<OpenToOthers>) -> io::Result<()> {
    let meta = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        meta => meta?,
    };
    let mode = meta.mode() & PERMISSIONS;
    // In a sticky folder nobody takes away what is another's.
    let is_sticky = meta.is_dir() && mode & STICKY != 0 && wrong == OTHERS_WRITE;
    if mode & wrong != 0 && !is_sticky {
        found.push((path.to_owned(), mode, expected));
    }
    Ok(())
}
