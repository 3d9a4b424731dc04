//! Paths as code hosts want them: relative to the repository, the same whichever way a file was named.

/// A path without steps that lead nowhere: `./a//b/../c` is `a/c`. What leads out of the folder stays.
///
/// Only the letters are looked at; code hosts know the files of the repository by their names, not by where
/// links lead.
pub(super) fn plain(path: &str) -> String {
    let root = if path.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            ("..", None) if !root.is_empty() => {}
            _ => parts.push(part),
        }
    }
    match (root, parts.is_empty()) {
        ("", true) => ".".to_owned(),
        _ => format!("{root}{}", parts.join("/")),
    }
}

/// A plain path as a URI: relative, or of the scheme `file` when the path is absolute.
pub(super) fn uri(path: &str) -> String {
    use std::fmt::Write;

    let path = plain(path);
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => uri.push(byte.into()),
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_name_whichever_way_it_was_named() {
        for (named, path) in [
            ("maintenance.yaml", "maintenance.yaml"),
            ("./maintenance.yaml", "maintenance.yaml"),
            ("a//b/./c/../d.yaml", "a/b/d.yaml"),
            ("../up.yaml", "../up.yaml"),
            ("a/../../up.yaml", "../up.yaml"),
            ("/etc/../srv/x.yaml", "/srv/x.yaml"),
            ("/../x", "/x"),
            (".", "."),
            ("", "."),
        ] {
            assert_eq!(plain(named), path, "{named}");
        }
    }

    #[test]
    fn a_uri_holds_nothing_that_has_a_meaning_in_uris() {
        for (path, expected) in [
            ("a/b.yaml", "a/b.yaml"),
            ("a b#c?d%e:f.yaml", "a%20b%23c%3Fd%25e%3Af.yaml"),
            ("Grün/\n.yaml", "Gr%C3%BCn/%0A.yaml"),
            ("/srv/x y.yaml", "file:///srv/x%20y.yaml"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
