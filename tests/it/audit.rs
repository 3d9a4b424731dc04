//! `mainstay audit`, and what the ledger withstands.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use mainstay::model::{Event, Outcome};
use mainstay::state::{Access, NewRun, State};
use mainstay::world::clock::Clock;
use mainstay::world::process_identity;
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A folder with a state file, and the command.
struct Estate {
    folder: tempfile::TempDir,
}

struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Estate {
    fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With one run of `upgrade` and `n` more entries.
    fn with_history(n: usize) -> Self {
        let estate = Self::empty();
        let state = open(&estate.state());
        let run = state
            .start_run(&NewRun {
                task: "upgrade".to_owned(),
                occurrence: None,
                origin: mainstay::model::Origin::OnDemand,
                due: None,
                plan_digest: "ab".repeat(32),
                targets: vec!["local".to_owned()],
                holder: process_identity::current().unwrap(),
                approvals: Vec::new(),
                definition: None,
                holds: mainstay::model::Holds::default(),
                justification: None,
                partial: false,
            })
            .unwrap();
        state
            .record(&Event::RunEnded {
                run,
                outcome: Outcome::Failed,
                reason: Some("disk\u{1b}[2J\nfull".to_owned()),
            })
            .unwrap();
        for n in 0..n {
            state.record(&refused(n)).unwrap();
        }
        estate
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join(".mainstay/state.db")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Answer {
        let output = Command::new(env!("CARGO_BIN_EXE_mainstay"))
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("TZ", "Europe/Berlin")
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Answer { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn verify(&self, args: &[&str]) -> (i32, Value) {
        let answer = self.run(&[&["audit", "verify", "--format", "json"], args].concat());
        (answer.code, serde_json::from_str(&answer.out).unwrap_or_else(|_| panic!("{}", answer.err)))
    }

    fn anchor(&self) -> String {
        let head = open(&self.state()).ledger_head().unwrap();
        format!("{}:{}", head.entries, head.root)
    }

    fn sqlite(&self, sql: &str) {
        const UNLOCK: &str = "DROP TRIGGER ledger_is_not_edited; DROP TRIGGER ledger_is_not_cut;";
        rusqlite::Connection::open(self.state()).unwrap().execute_batch(&format!("{UNLOCK}{sql}")).unwrap();
    }
}

fn open(path: &Path) -> State {
    State::open(path, Access::ReadWrite, Clock::new(None)).unwrap()
}

fn refused(n: usize) -> Event {
    Event::RunRefused { task: "clean".to_owned(), occurrence: None, reason: format!("reason {n}") }
}

#[test]
fn without_a_state_file_nothing_can_be_found_out() {
    let estate = Estate::empty();
    for command in ["log", "verify", "export"] {
        let answer = estate.run(&["audit", command]);
        assert_eq!(answer.code, 3, "{command}");
        assert_eq!(
            answer.err,
            "error: there is no state file `.mainstay/state.db`: nothing was recorded there yet\n"
        );
        assert_eq!(answer.out, "");
    }
    assert!(!estate.file(".mainstay").exists());
}

#[test]
fn an_unbroken_chain_alone_is_not_a_yes() {
    let estate = Estate::with_history(2);
    let anchor = estate.anchor();
    let answer = estate.run(&["audit", "verify"]);
    assert_eq!(answer.code, 3);
    assert_eq!(
        answer.out,
        format!(
            "unanchored: 5 entries, and the chain is unbroken; nothing outside this file says that it is complete\n\
             anchor to keep elsewhere: {anchor}\n"
        )
    );
    assert!(answer.err.contains("--against"), "{}", answer.err);

    let (code, report) = estate.verify(&[]);
    assert_eq!((code, &report["verdict"], &report["signed"]), (3, &"unanchored".into(), &false.into()));
    assert_eq!(report["schema"], "mainstay/audit-verify/v1");
    assert_eq!((&report["entries"], &report["first_bad"]), (&5.into(), &Value::Null));

    // Yesterday's report is an anchor today.
    fs::write(estate.file("old.json"), report.to_string()).unwrap();
    open(&estate.state()).record(&refused(9)).unwrap();
    let (code, report) = estate.verify(&["--against", "old.json", "--against", &anchor]);
    assert_eq!((code, &report["verdict"], &report["entries"]), (0, &"intact".into(), &6.into()));
}

#[test]
fn an_edit_is_tampered_and_a_cut_is_rolled_back() {
    let check = |sql: &str, verdict: &str, seq: u64| {
        let estate = Estate::with_history(5);
        let anchor = estate.anchor();
        estate.sqlite(sql);
        let (code, report) = estate.verify(&["--against", &anchor]);
        assert_eq!((code, &report["verdict"]), (1, &verdict.into()), "{sql}: {report}");
        assert_eq!(report["first_bad"]["seq"], seq, "{sql}: {report}");
        let text = estate.run(&["audit", "verify", "--against", &anchor]);
        assert_eq!(text.code, 1);
        assert!(text.out.starts_with(verdict), "{}", text.out);
        assert!(text.out.contains(&format!("first at entry {seq}: ")), "{}", text.out);
    };
    check("UPDATE ledger SET line = replace(line, 'reason 1', 'reason x')", "tampered", 5);
    check("DELETE FROM ledger WHERE seq = 4", "tampered", 4);
    check("DELETE FROM ledger WHERE seq > 6", "rolled_back", 7);
    check("DELETE FROM ledger", "rolled_back", 1);
}

#[test]
fn an_old_copy_in_its_place_is_rolled_back() {
    let estate = Estate::with_history(1);
    fs::copy(estate.state(), estate.file("backup.db")).unwrap();
    open(&estate.state()).record(&refused(9)).unwrap();
    let anchor = estate.anchor();
    fs::rename(estate.file("backup.db"), estate.state()).unwrap();
    let (code, report) = estate.verify(&["--against", &anchor]);
    assert_eq!((code, &report["verdict"]), (1, &"rolled_back".into()));
}

#[test]
fn an_anchor_that_is_none_is_a_wrong_command_line() {
    let estate = Estate::with_history(1);
    fs::write(estate.file("empty.html"), "<p>no ledger here</p>").unwrap();
    for (anchor, expected) in
        [("12:abc", "cannot read the anchor `12:abc`"), ("empty.html", "there is no anchor in `empty.html`")]
    {
        let answer = estate.run(&["audit", "verify", "--against", anchor]);
        assert_eq!(answer.code, 2, "{}", answer.err);
        assert!(answer.err.contains(expected), "{}", answer.err);
    }
    let answer = estate.run(&["audit", "verify", "--export", "nowhere.jsonl"]);
    assert_eq!((answer.code, answer.err.starts_with("error: cannot read `nowhere.jsonl`")), (2, true));
    assert_eq!(estate.run(&["audit", "export", "--format", "html"]).code, 2);
}

#[test]
fn damaged_pages_are_not_as_they_were_written() {
    let estate = Estate::with_history(200);
    let mut bytes = fs::read(estate.state()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xff);
    fs::write(estate.state(), bytes).unwrap();
    let answer = estate.run(&["audit", "verify"]);
    assert!(matches!(answer.code, 1 | 3), "{}{}", answer.out, answer.err);
    assert!(!answer.out.starts_with("unanchored"), "{}", answer.out);
}

#[test]
fn the_log_tells_what_happened_and_how_much_it_leaves_out() {
    let estate = Estate::with_history(60);
    let answer = estate.run(&["audit", "log"]);
    assert_eq!((answer.code, answer.out.lines().count()), (0, 50));
    assert!(
        answer.out.lines().last().unwrap().ends_with("run of clean refused: reason 59"),
        "{}",
        answer.out
    );
    assert_eq!(answer.err, "hint: 13 more entries before them; `--limit 0` shows all\n");
    assert_eq!(estate.run(&["audit", "log", "-q"]).err, "");

    let answer = estate.run(&["audit", "log", "--task", "upgrade"]);
    assert_eq!(answer.out.lines().count(), 2, "{}", answer.out);
    assert!(answer.out.contains("run 1 of upgrade started on local\n"), "{}", answer.out);
    assert!(answer.out.ends_with("run 1 failed: disk\\u{1b}[2J\\nfull\n"), "{}", answer.out);
    assert_eq!(estate.run(&["audit", "log", "--run", "1"]).out, answer.out);
    assert_eq!(estate.run(&["audit", "log", "--run", "2"]).out, "");
    assert_eq!(estate.run(&["audit", "log", "--since", "1h", "--limit", "0"]).out.lines().count(), 63);
    assert_eq!(estate.run(&["audit", "log", "--since", "2099-01-01"]).out, "");
    assert_eq!(estate.run(&["audit", "log", "--since", "tomorrow"]).code, 2);

    let answer = estate.run(&["audit", "log", "--limit", "2", "--format", "json"]);
    let report: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!((&report["schema"], &report["left_out"]), (&"mainstay/audit-log/v1".into(), &61.into()));
    assert_eq!(report["entries"][1]["event"]["reason"], "reason 59");
    assert!(report["entries"][1]["at"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn the_export_is_followed_by_ten_lines_of_code_and_by_stock_tools() {
    let estate = Estate::with_history(20);
    let exported = estate.run(&["audit", "export"]).out;
    assert_eq!(estate.run(&["audit", "export", "-o", "ledger.jsonl"]).out, "");
    assert_eq!(fs::read_to_string(estate.file("ledger.jsonl")).unwrap(), exported);

    let mut prev = "0".repeat(64);
    for (seq, line) in (1..).zip(exported.split_inclusive('\n')) {
        let entry: Value = serde_json::from_str(line).unwrap();
        assert_eq!((entry["seq"].as_u64(), &entry["prev"]), (Some(seq), &prev.into()));
        prev = format!("{:x}", Sha256::digest(line.as_bytes()));
    }
    assert_eq!(estate.anchor(), format!("23:{prev}"));

    let shell = "sed -n 22p ledger.jsonl | sha256sum | cut -d' ' -f1; tail -n 1 ledger.jsonl | sha256sum";
    let stock = Command::new("sh").args(["-c", shell]).current_dir(&estate.folder).output().unwrap();
    let stock = String::from_utf8(stock.stdout).unwrap();
    let digests: Vec<_> = stock.lines().collect();
    let last: Value = serde_json::from_str(exported.lines().last().unwrap()).unwrap();
    assert_eq!(last["prev"], digests[0]);
    assert!(digests[1].starts_with(&prev), "{stock}");

    let anchor = estate.anchor();
    fs::remove_dir_all(estate.file(".mainstay")).unwrap();
    let (code, report) = estate.verify(&["--export", "ledger.jsonl", "--against", &anchor]);
    assert_eq!((code, &report["verdict"], &report["entries"]), (0, &"intact".into(), &23.into()));
    let (code, report) = estate.verify(&["--export", "/dev/null"]);
    assert_eq!((code, &report["verdict"]), (3, &"unknown".into()));
}

#[test]
fn a_reader_who_goes_away_stops_the_export_quietly() {
    let estate = Estate::with_history(400);
    let shell = format!(
        "'{}' audit export | head -n 1 >/dev/null; echo ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_mainstay")
    );
    let output = Command::new("bash").args(["-c", &shell]).current_dir(&estate.folder).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn wide_permissions_are_told_and_do_not_stop_an_audit() {
    use std::os::unix::fs::PermissionsExt;
    let estate = Estate::with_history(1);
    fs::set_permissions(estate.state(), fs::Permissions::from_mode(0o644)).unwrap();
    let answer = estate.run(&["audit", "log"]);
    assert_eq!(answer.code, 0);
    assert!(answer.err.contains("is open to others (mode 0644); run `chmod 600"), "{}", answer.err);
}

#[test]
fn audit_leaves_nothing_in_the_folder_and_needs_no_plan_file_that_is_right() {
    let estate = Estate::with_history(1);
    fs::write(estate.file("maintenance.yaml"), "mainstay: [broken").unwrap();
    assert_eq!(estate.run(&["audit", "verify"]).code, 3);
    let names: Vec<_> =
        estate.file(".mainstay").read_dir().unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["state.db"]);
}

/// Names the state file for [`child_that_records`].
const STATE_OF_CHILD: &str = "MAINSTAY_TEST_STATE";
const ENTRIES_OF_CHILD: usize = 200;

/// Not a test but a program for the tests below: records, and says on stdout what is on disk.
#[test]
fn child_that_records() {
    let Some(path) = env::var_os(STATE_OF_CHILD) else { return };
    let state = open(Path::new(&path));
    for n in 0..ENTRIES_OF_CHILD {
        let seq = state.record(&refused(n)).unwrap().seq;
        writeln!(std::io::stdout(), "\nacknowledged {seq}").unwrap();
    }
}

fn child(estate: &Estate) -> Command {
    let mut child = Command::new(env::current_exe().unwrap());
    child
        .args(["--exact", "audit::child_that_records", "--nocapture"])
        .env(STATE_OF_CHILD, estate.state())
        .stdout(Stdio::piped());
    child
}

fn acknowledged(line: &str) -> Option<u64> {
    line.strip_prefix("acknowledged ")?.parse().ok()
}

#[test]
fn processes_that_record_at_once_make_one_chain() {
    let estate = Estate::empty();
    let children: Vec<_> = (0..2).map(|_| child(&estate).spawn().unwrap()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let seqs = String::from_utf8(output.stdout).unwrap().lines().filter_map(acknowledged).count();
        assert_eq!(seqs, ENTRIES_OF_CHILD);
    }
    let (code, report) = estate.verify(&["--against", &estate.anchor()]);
    assert_eq!((code, &report["entries"]), (0, &(1 + 2 * ENTRIES_OF_CHILD).into()));
}

#[test]
fn a_verification_beside_a_writer_sees_one_moment() {
    let estate = Estate::with_history(0);
    let mut writer = child(&estate).spawn().unwrap();
    let anchor = estate.anchor();
    for _ in 0..5 {
        let (code, report) = estate.verify(&["--against", &anchor]);
        assert_eq!((code, &report["verdict"]), (0, &"intact".into()), "{report}");
    }
    writer.wait().unwrap();
}

#[test]
fn a_kill_in_the_middle_loses_nothing_that_was_acknowledged() {
    for kill_after in [1, 7, 60] {
        let estate = Estate::empty();
        let mut child = child(&estate).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut last = 0;
        for _ in 0..kill_after {
            last = lines.find_map(|line| acknowledged(&line)).unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        last = lines.filter_map(|line| acknowledged(&line)).max().unwrap_or(last);
        let entries = open(&estate.state()).ledger_head().unwrap().entries;
        assert!(last <= entries, "killed after {kill_after}: {last} acknowledged, {entries} there");
        let (code, report) = estate.verify(&["--against", &estate.anchor()]);
        assert_eq!((code, &report["verdict"]), (0, &"intact".into()), "{report}");
    }
}

/// What somebody may do to the bytes of an exported ledger.
#[derive(Debug, Clone)]
enum Attack {
    Edit { at: prop::sample::Index, to: u8 },
    Delete(prop::sample::Index),
    Duplicate(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    CutLines(prop::sample::Index),
    CutBytes(prop::sample::Index),
    DropByte(prop::sample::Index),
}

fn attack() -> impl Strategy<Value = Attack> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        3 => (index(), any::<u8>()).prop_map(|(at, to)| Attack::Edit { at, to }),
        1 => index().prop_map(Attack::Delete),
        1 => index().prop_map(Attack::Duplicate),
        1 => (index(), index()).prop_map(|(a, b)| Attack::Swap(a, b)),
        1 => index().prop_map(Attack::CutLines),
        1 => index().prop_map(Attack::CutBytes),
        1 => index().prop_map(Attack::DropByte),
    ]
}

impl Attack {
    fn on(&self, ledger: &[u8]) -> Vec<u8> {
        let mut bytes = ledger.to_vec();
        let mut lines: Vec<_> = ledger.split_inclusive(|byte| *byte == b'\n').collect();
        match self {
            Self::Edit { at, to } => bytes[at.index(ledger.len())] = *to,
            Self::DropByte(at) => _ = bytes.remove(at.index(ledger.len())),
            Self::CutBytes(at) => bytes.truncate(at.index(ledger.len())),
            Self::Delete(at) => {
                lines.remove(at.index(lines.len()));
                bytes = lines.concat();
            }
            Self::Duplicate(at) => {
                let at = at.index(lines.len());
                lines.insert(at, lines[at]);
                bytes = lines.concat();
            }
            Self::Swap(a, b) => {
                let (a, b) = (a.index(lines.len()), b.index(lines.len()));
                lines.swap(a, b);
                bytes = lines.concat();
            }
            Self::CutLines(at) => bytes = lines[..at.index(lines.len())].concat(),
        }
        bytes
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), Just("\u{0}\n\r\u{2028}\"\\".to_owned())]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (text(), text()).prop_map(|(task, reason)| Event::RunRefused { task, occurrence: None, reason }),
        (text(), text()).prop_map(|(report, path)| Event::ReportWritten {
            report,
            format: "html".to_owned(),
            path,
            digest: "ab".repeat(32)
        }),
        (text(), 0_usize..1000).prop_map(|(alertmanager, alerts)| Event::AlertsDelivered {
            alertmanager,
            alerts,
            error: None
        }),
    ]
}

fn verify_bytes(bytes: &[u8], anchor: &str) -> mainstay::ledger::Verification {
    let mut verifier = mainstay::ledger::Verifier::new(vec![anchor.parse().unwrap()]);
    mainstay::ledger::export::verify(bytes, &mut verifier).unwrap();
    verifier.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_to_a_ledger_is_seen_against_an_anchor(
        events in prop::collection::vec(event(), 1..8),
        attacks in prop::collection::vec(attack(), 64),
    ) {
        use mainstay::ledger::Verdict;
        let estate = Estate::empty();
        let state = open(&estate.state());
        state.record_all(&events).unwrap();
        let mut ledger = Vec::new();
        state.for_each_line(&mut |row| {
            mainstay::ledger::export::write(&mut ledger, row).unwrap();
            std::ops::ControlFlow::Continue(())
        }).unwrap();
        drop(state);
        let anchor = estate.anchor();
        prop_assert_eq!(verify_bytes(&ledger, &anchor).verdict, Verdict::Intact);
        for attack in attacks {
            let attacked = attack.on(&ledger);
            let verification = verify_bytes(&attacked, &anchor);
            let is_bad = matches!(verification.verdict, Verdict::Tampered | Verdict::RolledBack);
            prop_assert_eq!(is_bad, attacked != ledger, "{:?}: {:?}", attack, verification);
            prop_assert_eq!(verification.first_bad.is_some(), is_bad);
        }
        // What was said is what is kept, byte for byte.
        let kept = String::from_utf8(ledger).unwrap();
        for (line, event) in kept.split_inclusive('\n').skip(1).zip(&events) {
            let entry: mainstay::model::Entry = serde_json::from_str(line).unwrap();
            prop_assert_eq!(&entry.event, event);
        }
    }
}
