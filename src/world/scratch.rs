//! A Prometheus of our own that opens copied blocks, answers questions, and is gone.
//!
//! 1. It listens on a loopback port of its own, scrapes nothing, sends nothing, and keeps its files in a temporary
//!    directory.
//! 2. What it opens stays as it was: index and chunks are reached through symbolic links and only ever read, and what
//!    Prometheus may write anew, `meta.json` and `tombstones`, is copied. Nothing large is copied, and it does not
//!    matter on which file system the blocks are.
//! 3. Whatever happens, its process is stopped and its directory removed before [`with_blocks`] returns.

use std::env;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::cancel::Cancel;
use super::http::Client;
use super::output::Capture;
use super::process::{self, Finished, Job, SpawnError};
use super::process_table;
use super::prometheus::Prometheus;
use super::stragglers;
use super::tsdb::Block;

/// Why there was nobody to ask.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// It could not be prepared.
    #[error("a scratch Prometheus cannot be set up")]
    SetUp(#[source] io::Error),
    /// Its program is not there.
    #[error("a scratch Prometheus needs the program `prometheus` on this machine")]
    NoProgram(#[source] SpawnError),
    /// It ended by itself.
    #[error("the scratch Prometheus ended at its start: {said}")]
    Ended {
        /// The end of what it printed.
        said: String,
    },
    /// It does not know its command line.
    #[error("the program `prometheus` cannot be started here: {said}")]
    Strange {
        /// The end of what it printed.
        said: String,
    },
    /// It did not get ready.
    #[error("the scratch Prometheus was not ready in time")]
    NotReady,
    /// Somebody asked to stop.
    #[error("interrupted")]
    Stopped,
}

/// What a scratch Prometheus is started with.
#[derive(Debug)]
pub struct Scratch<'a> {
    /// The blocks that it opens.
    pub blocks: &'a [Block],
    /// The folder whose `PATH` counts for relative names.
    pub folder: &'a Path,
    /// Flags of the server that it stands in for, such as `query.lookback-delta`.
    pub flags: Vec<(String, String)>,
    /// The most that everything may take.
    pub timeout: Duration,
}

/// Another process may take a port between its choice and its use.
const ATTEMPTS: u32 = 3;
/// How often it is looked whether it is ready.
const LOOK: Duration = Duration::from_millis(50);
/// What one such look may take.
const ANSWER: Duration = Duration::from_secs(2);
/// No data is old enough to be removed, and nothing is compacted: it has better things to do in its short life.
const FLAGS: [&str; 4] = [
    "--storage.tsdb.retention.time=100y",
    "--storage.tsdb.min-block-duration=2h",
    "--storage.tsdb.max-block-duration=2h",
    "--log.level=warn",
];

/// Starts a Prometheus on `scratch.blocks`, puts `ask` to it, and ends it.
///
/// # Errors
/// [`ScratchError`]; `ask` was not called then.
pub fn with_blocks<T>(
    scratch: &Scratch,
    client: &Client,
    cancel: &Cancel,
    ask: impl Fn(&Prometheus) -> T,
) -> Result<T, ScratchError> {
    process::program("prometheus", scratch.folder).map_err(ScratchError::NoProgram)?;
    let deadline = Instant::now() + scratch.timeout;
    let mut attempt = 1;
    loop {
        match once(scratch, client, cancel, deadline, &ask) {
            Err(ScratchError::Ended { said })
                if attempt < ATTEMPTS && said.contains("address already in use") =>
            {
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

fn once<T>(
    scratch: &Scratch,
    client: &Client,
    cancel: &Cancel,
    deadline: Instant,
    ask: impl Fn(&Prometheus) -> T,
) -> Result<T, ScratchError> {
    let owner = Owner::this().map_err(ScratchError::SetUp)?;
    let directory =
        tempfile::Builder::new().prefix(&owner.prefix()).tempdir().map_err(ScratchError::SetUp)?;
    let data = directory.path().join("data");
    lay_out(scratch.blocks, &data).map_err(ScratchError::SetUp)?;
    let config = directory.path().join("prometheus.yml");
    fs::write(&config, "global: {}\n").map_err(ScratchError::SetUp)?;
    let address = free_address().map_err(ScratchError::SetUp)?;
    let mut argv = vec![
        "prometheus".to_owned(),
        format!("--config.file={}", config.display()),
        format!("--storage.tsdb.path={}", data.display()),
        format!("--web.listen-address={address}"),
    ];
    argv.extend(FLAGS.iter().map(|flag| (*flag).to_owned()));
    argv.extend(scratch.flags.iter().map(|(name, value)| format!("--{name}={value}")));

    let tag = tag_of(directory.path());
    let left = deadline.saturating_duration_since(Instant::now());
    let grace = Duration::from_secs(2);
    let stop = Cancel::new().map_err(ScratchError::SetUp)?;
    let prometheus = Prometheus::new(&format!("http://{address}"), client);
    thread::scope(|scope| {
        let server = scope.spawn(|| {
            let mut capture = Capture::default();
            let job = Job { grace, ..Job::new(&argv, directory.path(), tag, left) };
            let finished = process::carry_out(&job, &mut capture, &stop);
            (finished, capture)
        });
        // Also after a panic: the thread has to hear that it is over.
        let _stop = FireOnDrop(&stop);
        loop {
            if cancel.is_fired() {
                return Err(ScratchError::Stopped);
            }
            if server.is_finished() {
                let (finished, capture) = server.join().map_err(|_| ScratchError::NotReady)?;
                return Err(why_it_ended(finished, capture, deadline));
            }
            if prometheus.is_ready(ANSWER).unwrap_or(false) && is_ours(&prometheus, &data) {
                return Ok(ask(&prometheus));
            }
            if deadline <= Instant::now() {
                return Err(ScratchError::NotReady);
            }
            cancel.wait(LOOK);
        }
    })
}

/// What the directories of scratch servers begin with.
const PREFIX: &str = "mainstay-restore-";

/// The mainstay that a scratch server belongs to: its process, by namespace, number and start. It stands in the name of
/// the directory, so that whoever comes after a `kill -9` can tell what nobody needs any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Owner {
    namespace: u64,
    pid: i32,
    started_ticks: u64,
}

impl Owner {
    fn this() -> io::Result<Self> {
        let process = process_table::read("self")?;
        // Another container that shares the directory has other numbers.
        let namespace = fs::metadata("/proc/self/ns/pid").map_or(0, |it| it.ino());
        Ok(Self { namespace, pid: process.pid, started_ticks: process.started_ticks })
    }

    fn prefix(self) -> String {
        let Self { namespace, pid, started_ticks } = self;
        format!("{PREFIX}{namespace}-{pid}-{started_ticks}-")
    }

    /// The one whose directory is called `name`.
    fn of(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix(PREFIX)?.splitn(4, '-');
        let owner = Self {
            namespace: parts.next()?.parse().ok()?,
            pid: parts.next()?.parse().ok()?,
            started_ticks: parts.next()?.parse().ok()?,
        };
        parts.next().map(|_| owner)
    }

    fn has_gone(self) -> bool {
        let is_gone = match process_table::read(&self.pid.to_string()) {
            Ok(process) => process.started_ticks != self.started_ticks || process.is_zombie,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        is_gone && Self::this().is_ok_and(|this| this.namespace == self.namespace)
    }
}

/// Finds the processes of the server in `directory` again.
fn tag_of(directory: &Path) -> String {
    format!("check:{}", directory.file_name().unwrap_or_default().to_string_lossy())
}

/// Stops the scratch servers whose mainstay has gone, and removes their directories. Says what was found, a sentence
/// each, for people.
pub fn clean_up(grace: Duration) -> Vec<String> {
    let me = rustix::process::geteuid().as_raw();
    let Ok(entries) = fs::read_dir(env::temp_dir()) else { return Vec::new() };
    let mut notes = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(owner) = name.to_str().and_then(Owner::of).filter(|owner| owner.has_gone()) else {
            continue;
        };
        // Not what somebody else has put there, nor a link to elsewhere.
        if !entry.metadata().is_ok_and(|it| it.is_dir() && it.uid() == me) {
            continue;
        }
        let left = stragglers::stop(&tag_of(&entry.path()), None, grace);
        notes.push(if !left.is_empty() {
            let named: Vec<_> = left.iter().map(ToString::to_string).collect();
            format!("a restore test of a mainstay that has gone is still running: {}", named.join(", "))
        } else if let Err(error) = fs::remove_dir_all(entry.path()) {
            format!("a restore test left {}, which cannot be removed: {error}", entry.path().display())
        } else {
            format!("a restore test of mainstay (pid {}), which has gone, was cleaned up", owner.pid)
        });
    }
    notes
}

fn why_it_ended(finished: Result<Finished, SpawnError>, capture: Capture, deadline: Instant) -> ScratchError {
    match finished {
        Err(error) => ScratchError::NoProgram(error),
        Ok(_) if deadline <= Instant::now() => ScratchError::NotReady,
        Ok(_) => {
            let said = capture.finish().map(|output| output.head + &output.tail).unwrap_or_default();
            let last = said.lines().rev().find(|line| line.contains("err=")).or(said.lines().last());
            let said = super::prometheus::shortened(last.unwrap_or_default());
            if said.starts_with("prometheus: error") || said.contains("Error parsing command") {
                return ScratchError::Strange { said };
            }
            ScratchError::Ended { said }
        }
    }
}

/// Who answers may be somebody else who took the port.
fn is_ours(prometheus: &Prometheus, data: &Path) -> bool {
    prometheus
        .flags(ANSWER)
        .is_ok_and(|flags| flags.get("storage.tsdb.path").is_some_and(|path| Path::new(path) == data))
}

fn lay_out(blocks: &[Block], data: &Path) -> io::Result<()> {
    for block in blocks {
        let here = data.join(&block.ulid);
        fs::create_dir_all(here.join("chunks"))?;
        fs::copy(block.path.join("meta.json"), here.join("meta.json"))?;
        if block.path.join("tombstones").exists() {
            fs::copy(block.path.join("tombstones"), here.join("tombstones"))?;
        }
        let real = fs::canonicalize(&block.path)?;
        symlink(real.join("index"), here.join("index"))?;
        for chunks in fs::read_dir(real.join("chunks"))? {
            let chunks = chunks?;
            symlink(chunks.path(), here.join("chunks").join(chunks.file_name()))?;
        }
    }
    fs::create_dir_all(data)
}

fn free_address() -> io::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Fires when it goes out of scope.
struct FireOnDrop<'a>(&'a Cancel);

impl Drop for FireOnDrop<'_> {
    fn drop(&mut self) {
        self.0.fire();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_names_the_mainstay_that_it_belongs_to() {
        let this = Owner::this().unwrap();
        assert_eq!(Owner::of(&format!("{}Xy-9z", this.prefix())), Some(this));
        assert!(!this.has_gone());
        assert!(Owner { started_ticks: this.started_ticks + 1, ..this }.has_gone());
        assert!(!Owner { namespace: 1, started_ticks: 0, ..this }.has_gone(), "another container's");
        for stranger in
            ["mainstay-restore-abc", "mainstay-restore-1-2-3", "other-1-2-3-x", "mainstay-restore-1-b-3-x"]
        {
            assert_eq!(Owner::of(stranger), None, "{stranger}");
        }
    }
}
