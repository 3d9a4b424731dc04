use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use super::*;
use crate::model::Connections;
use crate::world::clock::Clock;

/// A folder with files of every kind, and what checks of them answer.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::write(folder.path("file"), "one\ntwo\n").unwrap();
        fs::set_permissions(folder.path("file"), Permissions::from_mode(0o640)).unwrap();
        fs::create_dir(folder.path("folder")).unwrap();
        symlink("file", folder.path("link")).unwrap();
        symlink("nowhere", folder.path("broken")).unwrap();
        symlink("round", folder.path("round")).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The answer to a check in words, without the path of the folder.
    fn answer(&self, check: &str) -> String {
        let check = crate::validator::checks::tests::check(&format!("file: {{{check}}}"));
        let world = World::new(&Connections::default(), &self.path("maintenance.yaml"), Clock::new(None));
        let deadline = Instant::now() + Duration::from_mins(1);
        let file = check.file.expect("a check of a file").value;
        let answer = ask(&file, &world, &Host::default(), deadline).in_words();
        answer.replace(&format!("{}/", self.0.path().display()), "")
    }
}

#[test]
fn what_is_there_instead_of_a_file_is_told_apart() {
    let folder = Folder::new();
    for (check, expected) in [
        ("path: file", "file"),
        ("path: link", "link"),
        ("path: none", "expected the file none, found nothing"),
        ("path: file/x", "expected the file file/x, found nothing: a part of its path is not a directory"),
        ("path: broken", "expected the file broken, found a broken symbolic link to nowhere"),
        ("path: round", "expected the file round, found a loop of symbolic links"),
        ("path: round/x", "expected the file round/x, found a loop of symbolic links"),
        ("path: none, exists: false", "no such file"),
        ("path: folder, exists: false", "expected no such file, found folder, a directory"),
        ("path: broken, exists: false", "expected no such file, found broken, a symbolic link"),
    ] {
        assert_eq!(folder.answer(check), expected, "{check}");
    }
}

#[test]
fn a_file_is_what_it_should_be() {
    let folder = Folder::new();
    for (check, expected) in [
        ("path: file, type: file, mode: \"0640\", size: 8", "file, a regular file, mode 640, size 8"),
        ("path: file, mode: 640", "file, mode 640"),
        ("path: file, mode: \"0600\", size: {gt: 8}", "expected mode 0600 and size above 8, found 640 and 8"),
        ("path: link, type: file", "link, a regular file"),
        ("path: link, type: symlink, linked_to: file", "link, a symbolic link, a link to file"),
        ("path: link, linked_to: other", "expected a link to other, found file"),
        ("path: file, linked_to: other", "expected a symbolic link to other, found a regular file"),
        ("path: broken, type: symlink", "broken, a symbolic link"),
        ("path: folder, type: file", "expected a regular file, found a directory"),
        ("path: folder, type: directory", "folder, a directory"),
    ] {
        assert_eq!(folder.answer(check), expected, "{check}");
    }
}

#[test]
fn a_file_holds_what_it_should() {
    let folder = Folder::new();
    let sha256 = "c0dde6e17bcf3d6a9b5e3c4e6a6c7d9c0b3d8f0d9f6f0f3bd3a8a5f1b4c2d1e0";
    for (check, expected) in [
        ("path: file, contains: two", "file, `two` in file"),
        ("path: file, contains: six", "expected `six` in file, found 8 bytes without it"),
        ("path: file, contents: {patterns: [one, \"!six\"]}", "file, contents 2 lines, the first one"),
        ("path: folder, contains: two", "expected a regular file at folder, found a directory"),
    ] {
        assert_eq!(folder.answer(check), expected, "{check}");
    }
    let answer = folder.answer(&format!("path: file, sha256: {sha256}"));
    let right = answer.rsplit(' ').next().unwrap();
    assert_eq!(
        folder.answer(&format!("path: file, sha256: {}", right.to_uppercase())),
        format!("file, SHA-256 {right}")
    );
}

#[test]
fn an_owner_is_a_name() {
    let me = rustix::process::geteuid().as_raw();
    let name = Host::default().accounts().unwrap().name_of_user(me);
    let folder = Folder::new();
    assert_eq!(folder.answer(&format!("path: file, owner: {name}")), format!("file, owner {name}"));
    assert_eq!(
        folder.answer("path: file, owner: nobody-at-all"),
        format!("expected owner nobody-at-all, found {name}")
    );
}

#[test]
fn a_backup_is_younger_than_a_day() {
    let folder = Folder::new();
    let file = fs::File::options().write(true).open(folder.path("file")).unwrap();
    let set = |ago: u64| file.set_modified(SystemTime::now() - Duration::from_secs(ago)).unwrap();
    set(2 * 86_400 + 60);
    assert_eq!(
        folder.answer("path: file, younger_than: 1d"),
        "expected a change less than 1d ago, found one 2d ago"
    );
    assert_eq!(folder.answer("path: file, older_than: 1d"), "file, changed 2d ago");
    set(90);
    assert!(folder.answer("path: file, younger_than: 1d").starts_with("file, changed "));
    file.set_modified(SystemTime::now() + Duration::from_hours(1)).unwrap();
    assert!(folder.answer("path: file, younger_than: 1d").ends_with("found one in the future"));
}

#[test]
fn a_named_pipe_and_a_device_never_block() {
    let folder = Folder::new();
    let made = std::process::Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap();
    assert!(made.success());
    assert_eq!(folder.answer("path: pipe, type: fifo"), "pipe, a named pipe");
    assert_eq!(
        folder.answer("path: pipe, contains: a"),
        "expected a regular file at pipe, found a named pipe"
    );
    assert_eq!(
        folder.answer("path: /dev/zero, contents: a"),
        "expected a regular file at /dev/zero, found a character device"
    );
}

#[test]
fn a_name_with_a_line_feed_and_a_link_that_is_not_utf_8_are_no_trouble() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    fs::write(folder.path("a\nb"), "x").unwrap();
    assert_eq!(folder.answer("path: \"a\\nb\", contains: x"), "a\nb, `x` in a\nb");
    symlink(std::ffi::OsStr::from_bytes(b"\xff"), folder.path("odd")).unwrap();
    assert_eq!(
        folder.answer("path: odd, linked_to: x"),
        "expected a link to x, found `\u{fffd}`, which is not UTF-8"
    );
}
