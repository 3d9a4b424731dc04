//! A Prometheus of our own that opens copied blocks, answers questions, and is gone.
//!
//! 1. It listens on a loopback port of its own, scrapes nothing, sends nothing, and keeps its files in a temporary
//!    directory.
//! 2. What it opens stays as it was: index and chunks are reached through symbolic links and only ever read, and what
//!    Prometheus may write anew, `meta.json` and `tombstones`, is copied. Nothing large is copied, and it does not
//!    matter on which file system the blocks are.
//! 3. Whatever happens, its process is stopped and its directory removed before [`with_blocks`] returns.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::cancel::Cancel;
use super::http::Client;
use super::output::Capture;
use super::process::{self, Finished, Job, SpawnError};
use super::prometheus::Prometheus;
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

/// Tells the scratch servers of one process apart.
static STARTED: AtomicU64 = AtomicU64::new(0);

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
    let directory =
        tempfile::Builder::new().prefix("mainstay-restore-").tempdir().map_err(ScratchError::SetUp)?;
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

    let n = STARTED.fetch_add(1, Ordering::Relaxed);
    let tag = format!("check:{}:restore-{n}", std::process::id());
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
