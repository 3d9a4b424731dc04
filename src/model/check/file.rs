//! Checks of files.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Sha256, Sha512};
use crate::model::{Length, Matcher, Spanned, form};

/// A file is there, or not, and is and holds what it should.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependencies" = only_of_one_that_exists()))]
pub struct FileCheck {
    /// Relative to the plan file's folder.
    #[schemars(with = "form::NonBlank")]
    pub path: Spanned<String>,
    /// Default true.
    #[schemars(extend("default" = true))]
    pub exists: Option<bool>,
    /// What it is. `symlink` speaks of the link itself, everything else of what it leads to.
    #[serde(rename = "type")]
    pub kind: Option<FileType>,
    /// Its permissions in octal digits, `0640`.
    pub mode: Option<Matcher>,
    /// The name of its owner, or the number of one without a name.
    pub owner: Option<Matcher>,
    /// The name of its group, or the number of one without a name.
    pub group: Option<Matcher>,
    /// Its length in bytes.
    pub size: Option<Matcher>,
    /// What the link says, as it is written there.
    pub linked_to: Option<Matcher>,
    /// It was changed less than this ago, as a backup should have been.
    #[schemars(with = "Option<form::PositiveLength>")]
    pub younger_than: Option<Spanned<Length>>,
    /// It was changed more than this ago.
    #[schemars(with = "Option<form::PositiveLength>")]
    pub older_than: Option<Spanned<Length>>,
    /// Text that it holds; read up to 16 MiB.
    pub contains: Option<String>,
    /// All that it holds, without trailing blank space; read up to 16 MiB.
    pub contents: Option<Matcher>,
    /// Its SHA-256 digest.
    pub sha256: Option<Sha256>,
    /// Its SHA-512 digest.
    pub sha512: Option<Sha512>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(extend("type" = "string"))]
pub enum FileType {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
    /// A block device.
    BlockDevice,
    /// A character device.
    CharDevice,
}

impl FileType {
    /// Its name in the plan file.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Symlink => "symlink",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::BlockDevice => "block_device",
            Self::CharDevice => "char_device",
        }
    }

    /// In words: `a regular file`.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::File => "a regular file",
            Self::Directory => "a directory",
            Self::Symlink => "a symbolic link",
            Self::Fifo => "a named pipe",
            Self::Socket => "a socket",
            Self::BlockDevice => "a block device",
            Self::CharDevice => "a character device",
        }
    }
}

impl FileCheck {
    /// What can only be said of a file that is there, and whether it is said.
    pub fn attributes(&self) -> [(&'static str, bool); 12] {
        [
            ("type", self.kind.is_some()),
            ("mode", self.mode.is_some()),
            ("owner", self.owner.is_some()),
            ("group", self.group.is_some()),
            ("size", self.size.is_some()),
            ("linked_to", self.linked_to.is_some()),
            ("younger_than", self.younger_than.is_some()),
            ("older_than", self.older_than.is_some()),
            ("contains", self.contains.is_some()),
            ("contents", self.contents.is_some()),
            ("sha256", self.sha256.is_some()),
            ("sha512", self.sha512.is_some()),
        ]
    }

    /// Whether `contains` is all that is said of what is there.
    pub fn says_no_more_than_contains(&self) -> bool {
        self.attributes().iter().all(|(key, is_said)| !is_said || *key == "contains")
    }

    /// The matchers that what it finds is held against.
    pub(super) fn matchers(&self) -> [&Option<Matcher>; 6] {
        [&self.mode, &self.owner, &self.group, &self.size, &self.linked_to, &self.contents]
    }

    /// Whether something is said of what is in it.
    pub fn asks_for_contents(&self) -> bool {
        let of_text = self.contains.is_some() || self.contents.is_some();
        of_text || self.sha256.is_some() || self.sha512.is_some()
    }
}

/// The keys of which none can stand beside `exists: false`.
const OF_ONE_THAT_EXISTS: [&str; 12] = [
    "type",
    "mode",
    "owner",
    "group",
    "size",
    "linked_to",
    "younger_than",
    "older_than",
    "contains",
    "contents",
    "sha256",
    "sha512",
];

fn only_of_one_that_exists() -> Value {
    super::of_one_that_is(&OF_ONE_THAT_EXISTS, "exists")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_file_that_exists_are_the_same_for_the_schema_and_for_the_rules() {
        let check = FileCheck {
            path: "a".to_owned().into(),
            exists: None,
            kind: None,
            mode: None,
            owner: None,
            group: None,
            size: None,
            linked_to: None,
            younger_than: None,
            older_than: None,
            contains: None,
            contents: None,
            sha256: None,
            sha512: None,
        };
        assert_eq!(check.attributes().map(|(key, _)| key), OF_ONE_THAT_EXISTS);
    }
}
