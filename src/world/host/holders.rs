//! Which program holds a socket.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::ErrorKind;

use super::Unreadable;

/// The programs that hold sockets, by the inode of the socket.
#[derive(Debug, Default)]
pub(super) struct Holders {
    by_inode: HashMap<u64, Vec<String>>,
    /// Whether this user may look into every process.
    sees_all: bool,
}

impl Holders {
    /// The names of the programs that hold any of these, each once.
    pub(super) fn of(&self, inodes: &[u64]) -> Result<Vec<String>, Unreadable> {
        let mut names = BTreeSet::new();
        for inode in inodes {
            match self.by_inode.get(inode) {
                Some(holders) => names.extend(holders.iter().cloned()),
                None if self.sees_all => {}
                None => {
                    return Err(Unreadable(
                        "its process belongs to another user, and this one may not look into it".to_owned(),
                    ));
                }
            }
        }
        Ok(names.into_iter().collect())
    }
}

/// Looks through the open files of all processes.
pub(super) fn read() -> Holders {
    let mut holders = Holders { sees_all: true, ..Holders::default() };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes.filter(|entry| entry.file_name().to_str().is_some_and(is_number)) {
        let files = match fs::read_dir(process.path().join("fd")) {
            Ok(files) => files,
            Err(error) => {
                // One that has ended meanwhile holds nothing.
                holders.sees_all &= error.kind() != ErrorKind::PermissionDenied;
                continue;
            }
        };
        let mut name = None;
        for file in files.flatten() {
            let Ok(link) = fs::read_link(file.path()) else { continue };
            let socket = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']'));
            let Some(inode) = socket.and_then(|inode| inode.parse().ok()) else { continue };
            let name = name.get_or_insert_with(|| {
                let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
                name.trim_end().to_owned()
            });
            holders.by_inode.entry(inode).or_default().push(name.clone());
        }
    }
    holders
}

fn is_number(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_without_a_holder_in_sight_is_unknown_unless_all_is_in_sight() {
        let mut holders = Holders { by_inode: [(1, vec!["a".to_owned()])].into(), sees_all: false };
        assert_eq!(holders.of(&[1]).unwrap(), ["a"]);
        assert!(holders.of(&[1, 2]).is_err());
        holders.sees_all = true;
        assert_eq!(holders.of(&[1, 2]).unwrap(), ["a"]);
    }
}
