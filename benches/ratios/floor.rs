//! The least that a piece of mainstay's work could cost, as programs that do that much and no more.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rusqlite::Connection;

/// Compiles `fn main() {}` with the compiler that made mainstay.
pub fn nothing(dir: &Path) -> PathBuf {
    let (source, program) = (dir.join("nothing.rs"), dir.join("nothing"));
    fs::write(&source, "fn main() {}\n").expect("the directory is writable");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(rustc).arg("-O").arg(&source).arg("-o").arg(&program).status();
    assert!(status.is_ok_and(|status| status.success()), "rustc did not compile an empty program");
    program
}

/// Parses a plan file into a value without a meaning: no positions, no references, no findings.
pub fn parse(plan_file: &Path) {
    let text = fs::read_to_string(plan_file).expect("the plan file was just written");
    let options = serde_yaml::options! { budget: None };
    let value: serde_json::Value = serde_yaml::from_str_with_options(&text, options).expect("it is YAML");
    assert!(value["tasks"].is_object());
}

/// Starts as many processes as the run has steps, and nothing else.
pub fn spawn(n_steps: usize) {
    for _ in 0..n_steps {
        assert!(spawn_true().success());
    }
}

/// The same with a line on disk before and after each process, which is what a run promises at least.
pub fn journal(n_steps: usize, journal: &Path) {
    let mut journal = File::create(journal).expect("the directory is writable");
    for n in 0..n_steps {
        writeln!(journal, "{n} started").and_then(|()| journal.sync_data()).expect("the disk has room");
        assert!(spawn_true().success());
        writeln!(journal, "{n} ended").and_then(|()| journal.sync_data()).expect("the disk has room");
    }
}

fn spawn_true() -> ExitStatus {
    Command::new("true").stdin(Stdio::null()).stdout(Stdio::null()).status().expect("`true` is everywhere")
}

/// The same with `n_threads` threads, and a row on disk instead of each line: rows that come while others are written
/// share the next transaction.
pub fn rows(n_steps: usize, n_threads: usize, file: &Path) {
    let rows = Rows::create(file);
    let next = AtomicUsize::new(0);
    let work = || {
        while next.fetch_add(1, Ordering::Relaxed) < n_steps {
            rows.add("started");
            assert!(spawn_true().success());
            rows.add("ended");
        }
    };
    thread::scope(|scope| (0..n_threads).for_each(|_| _ = scope.spawn(work)));
}

struct Rows {
    connection: Mutex<Connection>,
    waiting: Mutex<Vec<&'static str>>,
}

impl Rows {
    fn create(file: &Path) -> Self {
        let connection = Connection::open(file).expect("the directory is writable");
        let schema = "PRAGMA journal_mode = wal; PRAGMA synchronous = full;
                      CREATE TABLE step (n INTEGER PRIMARY KEY, what TEXT NOT NULL)";
        connection.execute_batch(schema).expect("a new file");
        Self { connection: Mutex::new(connection), waiting: Mutex::default() }
    }

    /// Returns once the row is on disk, whoever has written it.
    fn add(&self, what: &'static str) {
        self.waiting.lock().expect("no thread panics").push(what);
        let mut connection = self.connection.lock().expect("no thread panics");
        let rows = std::mem::take(&mut *self.waiting.lock().expect("no thread panics"));
        if rows.is_empty() {
            return;
        }
        let transaction = connection.transaction().expect("nobody else writes");
        for what in rows {
            let mut insert = transaction.prepare_cached("INSERT INTO step (what) VALUES (?1)").expect("SQL");
            insert.execute([what]).expect("the disk has room");
        }
        transaction.commit().expect("the disk has room");
    }
}

/// Writes `n_bytes` of lines such as programs print, in pieces of a pipe's size.
pub fn print(n_bytes: usize) {
    let line =
        |n: usize| format!("2026-11-24T12:00:00Z INFO copied segment {n:08} of the archive, checksum ok\n");
    let piece: String = (0..).map(line).take(1000).collect();
    let mut out = io::stdout().lock();
    let mut left = n_bytes;
    while left > 0 {
        let n = left.min(piece.len()).min(64 * 1024);
        out.write_all(&piece.as_bytes()[..n]).expect("somebody reads");
        left -= n;
    }
}

/// Copies what another program prints into a file.
pub fn copy(mut program: Command, file: &Path) {
    let mut child = program.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut printed = child.stdout.take().expect("it is a pipe");
    let mut file = File::create(file).expect("the directory is writable");
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match printed.read(&mut buffer).expect("a pipe can be read") {
            0 => break,
            n => file.write_all(&buffer[..n]).expect("the disk has room"),
        }
    }
    assert!(child.wait().is_ok_and(|status| status.success()));
}

/// Asks a state file for nothing, and parses a plan file.
pub fn due(state: &Path, plan_file: &Path) {
    let connection = Connection::open(state).expect("the state file was just written");
    let one: i64 = connection.query_row("SELECT 1", [], |row| row.get(0)).expect("SQL");
    assert_eq!(one, 1);
    parse(plan_file);
}
