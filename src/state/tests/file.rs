//! The file: who may read it, and what it may not be.

use super::*;

#[test]
fn the_file_and_its_neighbours_are_for_their_owner_alone() {
    let place = Place::new();
    let state = place.open();
    state.record(&refused(1)).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let file = PathBuf::from(format!("{}{suffix}", place.path().display()));
        assert_eq!(mode(&file), 0o600, "{suffix}");
    }
    assert_eq!(mode(place.path().parent().unwrap()), 0o700);
}

#[test]
fn what_others_could_have_put_there_is_refused_and_left_alone() {
    fn check(prepare: impl Fn(&Path), expected: &str) {
        let place = Place::new();
        let path = place.path();
        drop(place.open());
        prepare(&path);
        let before = fs::read(&path).ok();
        let error = State::open(&path, Access::ReadWrite, Clock::new(None)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(fs::read(&path).ok(), before, "{expected}");
    }
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    check(|path| set_mode(path, 0o644), "is open to others (mode 0644); run `chmod 600 /");
    check(|path| set_mode(path, 0o620), "is open to others (mode 0620)");
    check(
        |path| {
            fs::rename(path, path.with_extension("real")).unwrap();
            symlink("state.real", path).unwrap();
        },
        "is a symbolic link",
    );
    check(
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
        "is a folder, not a file",
    );
    check(
        |path| {
            fs::remove_file(path).unwrap();
            symlink("/nowhere", path).unwrap();
        },
        "is a symbolic link",
    );
    check(|path| set_mode(path.parent().unwrap(), 0o777), "can be written by anybody (mode 0777)");
    check(
        |path| symlink("/etc/passwd", format!("{}-wal", path.display())).unwrap(),
        "state.db-wal` is a symbolic link",
    );
    check(
        |path| fs::write(path, "no database, but long enough to be one".repeat(40)).unwrap(),
        "is not a state",
    );
    check(
        |path| {
            fs::remove_file(path).unwrap();
            rusqlite::Connection::open(path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
            set_mode(path, 0o600);
        },
        "is not a state file of mainstay",
    );
    if rustix::process::geteuid().is_root() {
        check(
            |path| std::os::unix::fs::chown(path, Some(65534), None).unwrap(),
            "belongs to user 65534, and mainstay runs as user 0; run it as that user",
        );
    }
}

#[test]
fn a_pipe_in_its_place_is_refused_without_waiting() {
    let place = Place::new();
    fs::create_dir(place.path().parent().unwrap()).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    let owner_only = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, place.path(), fifo, owner_only, 0).unwrap();
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let error = State::open(&place.path(), access, Clock::new(None)).unwrap_err();
        assert!(matches!(error, StateError::NotAFile { kind: "a pipe", .. }), "{error}");
    }
}

#[test]
fn the_file_of_a_newer_mainstay_is_refused_untouched() {
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let place = Place::new();
        drop(place.open());
        let newer = rusqlite::Connection::open(place.path()).unwrap();
        newer.pragma_update(None, "user_version", 99).unwrap();
        drop(newer);
        let before = fs::read(place.path()).unwrap();
        let error = State::open(&place.path(), access, Clock::new(None)).unwrap_err();
        assert!(matches!(error, StateError::Newer { found: 99, known: schema::LATEST, .. }), "{error}");
        assert_eq!(fs::read(place.path()).unwrap(), before);
    }
}

#[test]
fn reading_needs_a_file_and_leaves_no_trace() {
    let place = Place::new();
    let read = || State::open(&place.path(), Access::ReadOnly, Clock::new(None));
    assert!(matches!(read().unwrap_err(), StateError::Missing { .. }));
    assert!(!place.path().parent().unwrap().exists());

    drop(place.open());
    let names = || {
        let folder = place.path().parent().unwrap().read_dir().unwrap();
        folder.map(|file| file.unwrap().file_name()).collect::<Vec<_>>()
    };
    let state = read().unwrap();
    assert_eq!(state.ledger_head().unwrap().entries, 1);
    let error = state.record(&refused(1)).unwrap_err();
    assert!(matches!(error, StateError::ReadOnly { .. }), "{error}");
    drop(state);
    assert_eq!(names(), ["state.db"]);

    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let state = read().unwrap();
    assert!(state.exposed().unwrap().to_string().contains("mode 0644"));
    drop(state);
    fs::write(place.path(), "").unwrap();
    assert!(matches!(read().unwrap_err(), StateError::Empty { .. }));
}

#[test]
fn a_file_in_a_folder_that_cannot_be_written_is_read_as_it_is() {
    let place = Place::new();
    drop(place.open());
    let connection = super::open::connect_immutable(&place.path()).unwrap();
    let entries: i64 = connection.query_row("SELECT count(*) FROM ledger", [], |row| row.get(0)).unwrap();
    assert_eq!(entries, 1);
}

#[test]
fn a_new_file_has_its_name_only_once_it_is_whole() {
    let place = Place::new();
    let path = place.path();
    let names = || {
        let folder = path.parent().unwrap().read_dir().unwrap();
        folder.map(|file| file.unwrap().file_name()).collect::<Vec<_>>()
    };
    let full = |_: &Path| Err(StateError::Full { path: path.clone() });
    assert!(matches!(super::place::to_write(&path, full).unwrap_err(), StateError::Full { .. }));
    assert!(names().is_empty(), "{:?}", names());
    // Another process makes one meanwhile: that is the one.
    let beaten = |aside: &Path| {
        assert_eq!(mode(aside), 0o600);
        let error = State::open(&path, Access::ReadOnly, Clock::new(None)).unwrap_err();
        assert!(matches!(error, StateError::Missing { .. }), "{error}");
        place.open().record(&refused(1)).map(drop)
    };
    super::place::to_write(&path, beaten).unwrap();
    assert_eq!(names(), ["state.db"]);
    assert_eq!(place.open().ledger_head().unwrap().entries, 2);
}
