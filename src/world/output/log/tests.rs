use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::*;

/// A folder of logs whose runs below `n_settled` are settled.
struct Place {
    root: tempfile::TempDir,
    logs: Logs,
}

impl Place {
    fn new(limits: Limits, kept: &[i64]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let kept: BTreeSet<_> = kept.iter().map(|run| RunId(*run)).collect();
        let logs = Logs::new(root.path().join("logs"), limits, move || Some(kept.clone()));
        Self { root, logs }
    }

    fn write(&self, run: i64, pieces: &[&[u8]]) -> Closed {
        let mut log = self.logs.begin(name(run)).unwrap();
        for piece in pieces {
            log.take(piece);
        }
        log.finish()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.logs.folder()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn name(run: i64) -> LogName {
    LogName { run: RunId(run), ordinal: 1, attempt: 1, copy: 1 }
}

/// What does not compress.
fn noise(n_bytes: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..=n_bytes / 8).flat_map(|_| next()).collect();
    bytes.truncate(n_bytes);
    bytes
}

fn text_of(place: &Place, log: &OutputLog) -> Vec<u8> {
    let mut text = Vec::new();
    place.logs.open(log).unwrap().read_to_end(&mut text).unwrap();
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_log_holds_what_was_written_in_whatever_pieces(
        pieces in prop::collection::vec((any::<u8>(), 0_usize..400_000), 0..8),
    ) {
        let place = Place::new(Limits::default(), &[]);
        let pieces: Vec<Vec<u8>> = pieces.into_iter().map(|(byte, n)| vec![byte; n]).collect();
        let refs: Vec<_> = pieces.iter().map(Vec::as_slice).collect();

        let closed = place.write(1, &refs);

        prop_assert!(closed.cut.is_none());
        let Some(log) = closed.log else {
            prop_assert!(pieces.concat().is_empty() && place.names().is_empty());
            return Ok(());
        };
        prop_assert!(text_of(&place, &log) == pieces.concat());
        prop_assert_eq!(log.bytes, pieces.concat().len() as u64);
        prop_assert!(!log.is_cut);
    }
}

#[test]
fn folder_and_logs_belong_to_their_owner_alone() {
    let place = Place::new(Limits::default(), &[]);
    let log = place.write(7, &[b"text"]).log.unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(place.logs.folder()), 0o700);
    assert_eq!((mode(&place.logs.folder().join(&log.name)), log.name.as_str()), (0o600, "7-1-1.log.gz"));
    let open_to_others = Place::new(Limits::default(), &[]);
    fs::create_dir(open_to_others.logs.folder()).unwrap();
    fs::set_permissions(open_to_others.logs.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    let error = open_to_others.logs.begin(name(1)).unwrap_err().to_string();
    assert!(error.ends_with("has the mode 0755, so that others can use it; chmod 0700 it"), "{error}");
}

#[test]
fn a_link_in_the_place_of_the_folder_or_of_a_log_is_not_followed() {
    let place = Place::new(Limits::default(), &[]);
    let elsewhere = place.root.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, place.logs.folder()).unwrap();
    let error = place.logs.begin(name(1)).unwrap_err().to_string();
    assert!(error.ends_with("is none, but a file or a link"), "{error}");
    fs::remove_file(place.logs.folder()).unwrap();
    let log = place.write(1, &[b"text"]).log.unwrap();
    let path = place.logs.folder().join(&log.name);
    fs::rename(&path, elsewhere.join("log")).unwrap();
    std::os::unix::fs::symlink(elsewhere.join("log"), &path).unwrap();
    assert!(matches!(place.logs.open(&log), Err(LogError::Read { .. })));
}

#[test]
fn what_a_crash_left_of_an_attempt_is_not_written_over() {
    let place = Place::new(Limits::default(), &[]);
    let first = place.write(1, &[b"first"]).log.unwrap();
    let second = place.write(1, &[b"second"]).log.unwrap();
    assert_eq!(place.names(), ["1-1-1-2.log.gz", "1-1-1.log.gz"]);
    assert_eq!((text_of(&place, &first), text_of(&place, &second)), (b"first".to_vec(), b"second".to_vec()));
}

#[test]
fn a_log_that_reaches_its_limit_is_cut_and_what_it_holds_is_whole() {
    let limits = Limits { one: 3 << 20, ..Limits::default() };
    let place = Place::new(limits, &[]);
    let text = noise(8 << 20);
    let pieces: Vec<_> = text.chunks(64 << 10).collect();

    let closed = place.write(1, &pieces);

    let log = closed.log.unwrap();
    assert!(log.is_cut && matches!(closed.cut, Some(CutReason::TooLarge(_))), "{:?}", closed.cut);
    let file = fs::read(place.logs.folder().join(&log.name)).unwrap();
    assert!(file.len() as u64 <= limits.one && log.bytes > 1 << 20, "{} {}", file.len(), log.bytes);
    let held = text_of(&place, &log);
    assert!(held.len() as u64 == log.bytes && text.starts_with(&held));
}

#[test]
fn the_oldest_logs_go_first_but_none_of_a_run_that_is_not_settled() {
    let limits = Limits { all: 8 << 20, ..Limits::default() };
    let place = Place::new(limits, &[9, 12]);
    let text = noise((3 << 20) / 2);
    for run in [9, 10, 11] {
        assert!(place.write(run, &[&text]).cut.is_none());
    }
    fs::write(place.logs.folder().join("notes.txt"), "a person's").unwrap();

    let (newest, others) = (place.write(12, &[&text, &text]), place.names());

    assert!(newest.cut.is_none());
    assert_eq!(others, ["11-1-1.log.gz", "12-1-1.log.gz", "9-1-1.log.gz", "notes.txt"]);
    let removed = OutputLog { name: "10-1-1.log.gz".to_owned(), ..newest.log.unwrap() };
    let error = place.logs.open(&removed).unwrap_err().to_string();
    assert!(
        error.contains("10-1-1.log.gz was removed: the oldest go") && error.contains(&removed.digest),
        "{error}"
    );
}

#[test]
fn when_no_log_may_go_the_new_one_is_cut() {
    let limits = Limits { all: 4 << 20, ..Limits::default() };
    let place = Place::new(limits, &[1, 2]);
    let text = noise((3 << 20) / 2);
    assert!(place.write(1, &[&text]).cut.is_none());

    let closed = place.write(2, &text.chunks(100_000).cycle().take(40).collect::<Vec<_>>());

    assert!(matches!(closed.cut, Some(CutReason::StoreFull(_))), "{:?}", closed.cut);
    let total: u64 = fs::read_dir(place.logs.folder())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(total <= limits.all && closed.log.is_some_and(|log| log.is_cut), "{total}");
    let nobody_knows = Logs::new(place.logs.folder().to_owned(), limits, || None);
    assert!(
        matches!(nobody_knows.reserve(limits.all), Err(CutReason::StoreFull(_))),
        "nothing is removed blindly"
    );
    assert_eq!(place.names().len(), 2);
}

#[test]
fn the_last_of_the_disk_is_left_to_others() {
    let place = Place::new(Limits { left_free: u64::MAX / 2, ..Limits::default() }, &[]);
    assert!(matches!(place.logs.begin(name(1)), Err(CutReason::DiskFull(_))));
    assert_eq!(place.names(), [""; 0]);
}

#[test]
fn a_log_that_was_changed_or_never_was_one_is_told() {
    let place = Place::new(Limits::default(), &[]);
    let log = place.write(1, &[b"text"]).log.unwrap();
    let path = place.logs.folder().join(&log.name);
    let mut bytes = fs::read(&path).unwrap();
    bytes[10] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = place.logs.open(&log).unwrap_err();
    assert!(matches!(&error, LogError::Changed { recorded, .. } if *recorded == log.digest), "{error}");
    for name in ["../state.db", "/etc/passwd", "notes"] {
        let log = OutputLog { name: name.to_owned(), ..log.clone() };
        assert!(matches!(place.logs.open(&log), Err(LogError::NoName(_))), "{name}");
    }
}

#[test]
fn a_log_is_shown_so_that_it_acts_on_no_terminal_wherever_its_pieces_end() {
    let place = Place::new(Limits::default(), &[]);
    let text = "\u{1b}[2J a \u{20ac}\u{1f600} ".repeat(9_000);
    let log = place.write(1, &[text.as_bytes(), b"\xff\xe2\x82"]).log.unwrap();
    let mut shown = Vec::new();
    place.logs.open(&log).unwrap().write_inert(&mut shown).unwrap();
    let expected = "\\u{1b}[2J a \u{20ac}\u{1f600} ".repeat(9_000) + "\u{fffd}\u{fffd}";
    assert!(shown == expected.as_bytes());
}

#[test]
fn what_came_is_in_the_log_soon_while_the_step_goes_on() {
    let place = Place::new(Limits::default(), &[]);
    let mut log = place.logs.begin(name(1)).unwrap();
    log.take(b"so far");
    let path = place.logs.folder().join("1-1-1.log.gz");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while fs::metadata(&path).unwrap().len() == 0 {
        assert!(std::time::Instant::now() < deadline, "it never came");
        std::thread::yield_now();
    }
    assert_eq!(log.finish().log.unwrap().bytes, 6);
}
