//! The mounts.

use super::Unreadable;
use crate::world::kernel_file;

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub path: String,
    /// What.
    pub source: String,
    /// The kind of file system.
    pub filesystem: String,
    /// The options of the mount, then those of the file system that are not among them.
    pub options: Vec<String>,
}

const TABLE: &str = "/proc/self/mountinfo";

pub(super) fn read() -> Result<Vec<Mount>, Unreadable> {
    let table = kernel_file::read(TABLE).map_err(|error| Unreadable::file(TABLE, &error))?;
    let table = String::from_utf8_lossy(&table);
    let mounts: Option<Vec<_>> = table.lines().map(parse).collect();
    mounts.ok_or_else(|| Unreadable(format!("{TABLE} has a line that is not understood")))
}

/// Source: proc_pid_mountinfo(5): id, parent, device, root, mount point, options, optional fields up to `-`, then file
/// system, source, options of the file system.
fn parse(line: &str) -> Option<Mount> {
    let (first, last) = line.split_once(" - ")?;
    let mut first = first.split(' ').skip(4);
    let path = unescaped(first.next()?);
    let mut options: Vec<String> = first.next()?.split(',').map(unescaped).collect();
    let mut last = last.splitn(3, ' ');
    let (filesystem, source) = (unescaped(last.next()?), unescaped(last.next()?));
    for option in last.next()?.split(',').map(unescaped) {
        // A file system that is writable may be mounted for reading only; what the mount says is what counts.
        if !options.contains(&option) && !matches!(option.as_str(), "rw" | "ro") {
            options.push(option);
        }
    }
    Some(Mount { path, source, filesystem, options })
}

/// Blanks, tabs, line feeds and backslashes stand as `\` and three octal digits.
fn unescaped(field: &str) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let octal =
            after.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[3..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_optional_fields_and_escapes() {
        let line =
            r"36 35 98:0 /mnt1 /a\040b\134c ro,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue";
        let mount = parse(line).unwrap();
        assert_eq!((mount.path.as_str(), mount.filesystem.as_str()), (r"/a b\c", "ext3"));
        assert_eq!(mount.options, ["ro", "noatime", "errors=continue"]);
        assert_eq!(parse(line.strip_suffix(" rw,errors=continue").unwrap()), None);
    }

    #[test]
    fn this_machine_has_proc_mounted() {
        assert!(read().unwrap().iter().any(|mount| mount.path == "/proc" && mount.filesystem == "proc"));
    }
}
