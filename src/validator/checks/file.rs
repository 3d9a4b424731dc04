//! `file`: it is there, or not, and is and holds what it should.
//!
//! A link is followed, except for what is said of the link itself. Nothing is opened that could block: no named pipe,
//! no device.

mod contents;

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use rustix::io::Errno;

use super::Answer;
use super::attributes::Attributes;
use crate::model::{FileCheck, FileType, Found, Length};
use crate::world::World;
use crate::world::host::Host;

pub fn ask(check: &FileCheck, world: &World, host: &Host, deadline: Instant) -> Answer {
    let path = world.folder.join(&check.path.value);
    if let Err(error) = host.answers(&path, deadline.saturating_duration_since(Instant::now())) {
        return Answer::unknown(error.to_string());
    }
    let wanted = check.exists.unwrap_or(true);
    match path.symlink_metadata() {
        Ok(meta) if wanted => Looked { check, path, link: meta }.answer(world, host, deadline),
        Ok(meta) => Answer::no("no such file", format!("{}, {}", path.display(), kind(&meta).in_words())),
        Err(error) => match absence(&error) {
            None => cannot_look(&path, &error),
            Some(_) if !wanted => Answer::Yes { found: "no such file".to_owned() },
            Some(found) => Answer::no(format!("the file {}", path.display()), found),
        },
    }
}

/// What is there instead of a file; `None` when that cannot be said.
fn absence(error: &io::Error) -> Option<String> {
    let words = match error.raw_os_error().map(Errno::from_raw_os_error)? {
        Errno::NOENT => "nothing",
        Errno::NOTDIR => "nothing: a part of its path is not a directory",
        Errno::LOOP => "a loop of symbolic links",
        Errno::NAMETOOLONG => "nothing: no name is that long",
        _ => return None,
    };
    Some(words.to_owned())
}

fn cannot_look(path: &Path, error: &io::Error) -> Answer {
    let path = path.display();
    if error.kind() == ErrorKind::PermissionDenied {
        return Answer::unknown(format!("{path}: permission denied: this user may not look into its folder"));
    }
    Answer::unknown(format!("{path}: {error}"))
}

/// A file that was looked at.
struct Looked<'a> {
    check: &'a FileCheck,
    path: PathBuf,
    /// It, or the link to it.
    link: Metadata,
}

impl Looked<'_> {
    fn answer(&self, world: &World, host: &Host, deadline: Instant) -> Answer {
        let mut found = Attributes::of(self.path.display().to_string());
        self.of_link(&mut found);
        if self.is_about_the_link() {
            return found.answer();
        }
        if !self.link.is_symlink() {
            self.of_target(&self.link, &mut found, world, host, deadline);
            return found.answer();
        }
        match self.path.metadata() {
            Ok(target) => self.of_target(&target, &mut found, world, host, deadline),
            Err(error) => found.take(self.without_target(&error)),
        }
        found.answer()
    }

    /// Whether all that is asked is what the link itself is.
    fn is_about_the_link(&self) -> bool {
        let about_link =
            |key| key == "linked_to" || (key == "type" && self.check.kind == Some(FileType::Symlink));
        let given = || self.check.attributes().into_iter().filter(|(_, given)| *given).map(|(key, _)| key);
        given().next().is_some() && given().all(about_link)
    }

    fn of_link(&self, found: &mut Attributes) {
        let is_link = self.link.is_symlink();
        if self.check.kind == Some(FileType::Symlink) {
            found.take(of_kind(FileType::Symlink, kind(&self.link)));
        }
        let Some(matcher) = &self.check.linked_to else { return };
        found.take(match std::fs::read_link(&self.path) {
            _ if !is_link => {
                Answer::no(format!("a symbolic link to {matcher}"), kind(&self.link).in_words().to_owned())
            }
            Ok(to) => match to.to_str() {
                Some(to) => Answer::of(matcher, "a link to", to),
                None => Answer::no(
                    format!("a link to {matcher}"),
                    format!("`{}`, which is not UTF-8", to.display()),
                ),
            },
            Err(error) => cannot_look(&self.path, &error),
        });
    }

    fn without_target(&self, error: &io::Error) -> Answer {
        let to = std::fs::read_link(&self.path).unwrap_or_default();
        let expected = format!("the file {}", self.path.display());
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::NOENT | Errno::NOTDIR) => {
                Answer::no(expected, format!("a broken symbolic link to {}", to.display()))
            }
            Some(Errno::LOOP) => Answer::no(expected, "a loop of symbolic links"),
            _ => cannot_look(&to, error),
        }
    }

    fn of_target(
        &self,
        target: &Metadata,
        found: &mut Attributes,
        world: &World,
        host: &Host,
        deadline: Instant,
    ) {
        let check = self.check;
        if let Some(wanted) = check.kind.filter(|wanted| *wanted != FileType::Symlink) {
            found.take(of_kind(wanted, kind(target)));
        }
        found.hold(check.mode.as_ref(), "mode", || {
            Found::number_or_text(&format!("{:o}", target.mode() & 0o7777))
        });
        found.hold_known(check.owner.as_ref(), "owner", || Ok(host.accounts()?.name_of_user(target.uid())));
        found.hold_known(check.group.as_ref(), "group", || Ok(host.accounts()?.name_of_group(target.gid())));
        found.hold(check.size.as_ref(), "size", || target.len());
        let now = SystemTime::from(world.clock.now());
        if let Some(limit) = &check.younger_than {
            found.take(of_age(target, now, limit.value, true));
        }
        if let Some(limit) = &check.older_than {
            found.take(of_age(target, now, limit.value, false));
        }
        if check.asks_for_contents() {
            for answer in contents::ask(check, &self.path, target, deadline) {
                found.take(answer);
            }
        }
    }
}

pub(super) fn kind(meta: &Metadata) -> FileType {
    let kind = meta.file_type();
    if kind.is_symlink() {
        FileType::Symlink
    } else if kind.is_dir() {
        FileType::Directory
    } else if kind.is_fifo() {
        FileType::Fifo
    } else if kind.is_socket() {
        FileType::Socket
    } else if kind.is_block_device() {
        FileType::BlockDevice
    } else if kind.is_char_device() {
        FileType::CharDevice
    } else {
        FileType::File
    }
}

fn of_kind(wanted: FileType, found: FileType) -> Answer {
    let (expected, found) = (wanted.in_words().to_owned(), found.in_words().to_owned());
    if expected == found { Answer::Yes { found } } else { Answer::no(expected, found) }
}

/// Whether it was changed less, or more, than `limit` ago.
fn of_age(target: &Metadata, now: SystemTime, limit: Length, younger: bool) -> Answer {
    let Ok(changed) = target.modified() else {
        return Answer::unknown("its file system does not say when it was changed");
    };
    // A file that was changed in the future has no age: its clock, or this one, is wrong.
    let Ok(age) = now.duration_since(changed) else {
        return Answer::no(
            format!("a change {} than {limit} ago", if younger { "less" } else { "more" }),
            "one in the future",
        );
    };
    let in_words = crate::text::roughly(chrono::TimeDelta::from_std(age).unwrap_or_default());
    let found = format!("changed {in_words} ago");
    let holds = if younger { age < limit.to_std() } else { age > limit.to_std() };
    if holds {
        return Answer::Yes { found };
    }
    Answer::no(
        format!("a change {} than {limit} ago", if younger { "less" } else { "more" }),
        format!("one {in_words} ago"),
    )
}

#[cfg(test)]
mod tests;
