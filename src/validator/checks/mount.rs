//! `mount`: a file system is mounted there.

use super::Answer;
use super::attributes::Attributes;
use crate::model::MountCheck;
use crate::world::host::mounts::Mount;
use crate::world::host::{Host, Unreadable};

pub fn ask(check: &MountCheck, host: &Host) -> Answer {
    let path = plain(check);
    let mount = match at(path, host) {
        Ok(mount) => mount,
        Err(error) => return Answer::unknown(error.to_string()),
    };
    let wanted = check.exists.unwrap_or(true);
    let Some(mount) = mount else {
        return if wanted {
            Answer::no(format!("a mount at {path}"), "none")
        } else {
            Answer::Yes { found: format!("no mount at {path}") }
        };
    };
    let in_words = format!("{} ({}) at {path}", mount.source, mount.filesystem);
    if !wanted {
        return Answer::no(format!("no mount at {path}"), in_words);
    }
    let mut found = Attributes::of(in_words);
    found.hold(check.source.as_ref(), "source", || mount.source.clone());
    found.hold(check.filesystem.as_ref(), "file system", || mount.filesystem.clone());
    found.hold_known(check.options.as_ref(), "options", || Ok(mount.options.clone()));
    found.answer()
}

/// Where it should be, as the kernel writes it.
pub(super) fn plain(check: &MountCheck) -> &str {
    match check.path.value.trim_end_matches('/') {
        "" => "/",
        path => path,
    }
}

/// What is mounted there; it hides what was mounted there before.
pub(super) fn at<'h>(path: &str, host: &'h Host) -> Result<Option<&'h Mount>, Unreadable> {
    Ok(host.mounts()?.iter().rev().find(|mount| mount.path == path))
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    fn answer(text: &str) -> String {
        ask(&check(&format!("mount: {{{text}}}")).mount.unwrap(), &Host::default()).in_words()
    }

    #[test]
    fn a_mount_is_what_it_should_be() {
        assert!(answer("path: /proc/, filesystem: proc").ends_with("at /proc, file system proc"));
        assert_eq!(answer("path: /proc, filesystem: nfs4"), "expected file system nfs4, found proc");
        assert_eq!(answer("path: /no/such"), "expected a mount at /no/such, found none");
        assert_eq!(answer("path: /no/such, exists: false"), "no mount at /no/such");
        assert!(answer("path: /proc, exists: false").starts_with("expected no mount at /proc, found "));
    }
}
