//! Keys and signatures, by OpenSSH's own programs: `ssh-keygen` and `ssh-add`.
//!
//! 1. A private key is read by `ssh-keygen` or held by an agent; no byte of it comes here.
//! 2. Whether a signature is good is said by the exit status of `ssh-keygen -Y verify` and by nothing else.
//! 3. Nothing waits for a passphrase that nobody can type.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::cancel::Cancel;
use super::output::Capture;
use super::process::{self, Job, SpawnError, clean_environment};

/// What one of the programs may take; a key in hardware waits for a touch meanwhile.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The time between TERM and KILL.
const GRACE: Duration = Duration::from_secs(2);

/// The largest key file that is read.
const MAX_BYTES: u64 = 1024 * 1024;

/// Tells the programs that one process starts apart.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// One of the programs did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// It could not be started.
    #[error(transparent)]
    NotRun(#[from] SpawnError),
    /// It did not end.
    #[error("`{program}` did not end within {} seconds", TIMEOUT.as_secs())]
    TimedOut {
        /// Which.
        program: String,
    },
    /// It said no.
    #[error("`{program}` says: {said}")]
    Refused {
        /// Which, with what it was to do.
        program: &'static str,
        /// Its words, safe to show.
        said: String,
    },
    /// It said no, on the terminal.
    #[error("`{0}` failed; it says above why")]
    RefusedAbove(&'static str),
    /// A file that it needs cannot be read or written.
    #[error("a file that `ssh-keygen` needs cannot be read or written")]
    Io(#[from] io::Error),
}

/// A public key, as a line of a `.pub` file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its type: `ssh-ed25519`.
    pub kind: String,
    /// The key.
    pub base64: String,
    /// What its owner calls it.
    pub comment: String,
}

/// Who signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningKey {
    /// A file: a private key, or the public key of one that the agent holds.
    File(PathBuf),
    /// A key that the agent holds.
    Agent(PublicKey),
}

/// What is known of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// Good, by the key of this fingerprint.
    Good(String),
    /// Not good; why, safe to show.
    Bad(String),
}

impl PublicKey {
    /// Reads a line of a `.pub` file, or of `ssh-add -L`.
    pub fn read(line: &str) -> Option<Self> {
        let mut words = line.trim().splitn(3, char::is_whitespace);
        let (kind, base64) = (words.next()?.to_owned(), words.next()?.to_owned());
        fingerprint(&base64).filter(|_| !kind.starts_with('-'))?;
        Some(Self { kind, base64, comment: words.next().unwrap_or_default().trim().to_owned() })
    }

    /// What people compare: `SHA256:...`.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.base64).unwrap_or_default()
    }
}

/// The fingerprint of a key in base64; `None` when that is none.
///
/// Source: ssh-keygen(1), `-l`: SHA-256 of the key's blob in base64 without padding.
pub fn fingerprint(base64: &str) -> Option<String> {
    let blob = STANDARD.decode(base64).ok().filter(|blob| !blob.is_empty())?;
    Some(format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob))))
}

/// The public key of a key file: the file itself, or the one beside it, or what an unprotected private key gives.
///
/// # Errors
/// [`SshError`]; `Io` when the file cannot be read.
pub fn public_key(path: &Path) -> Result<PublicKey, SshError> {
    let of_text = |text: &str| text.lines().find_map(PublicKey::read);
    if let Some(key) = of_text(&content(path)?) {
        return Ok(key);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    if let Some(key) = content(Path::new(&beside)).ok().and_then(|text| of_text(&text)) {
        return Ok(key);
    }
    let argv = ["ssh-keygen", "-y", "-P", "", "-f", &absolute(path)];
    let (succeeded, printed) = run(&argv, None)?;
    let key = of_text(&printed).filter(|_| succeeded);
    key.ok_or_else(|| SshError::Refused { program: "ssh-keygen -y", said: last_words(&printed) })
}

/// What a key file says; no key is larger than [`MAX_BYTES`], and none is a device or a pipe.
fn content(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The keys that the agent holds; none when there is no agent.
///
/// # Errors
/// [`SshError`] when `ssh-add` cannot be run.
pub fn agent_keys() -> Result<Vec<PublicKey>, SshError> {
    if std::env::var_os("SSH_AUTH_SOCK").is_none_or(|socket| socket.is_empty()) {
        return Ok(Vec::new());
    }
    let (succeeded, printed) = run(&["ssh-add", "-L"], None)?;
    Ok(if succeeded { printed.lines().filter_map(PublicKey::read).collect() } else { Vec::new() })
}

/// Signs `text` for `namespace`, and returns the armored signature.
///
/// With `may_ask`, `ssh-keygen` may ask whoever sits at the terminal for the passphrase; without, a key that needs one
/// is refused at once.
///
/// # Errors
/// [`SshError`].
pub fn sign(key: &SigningKey, namespace: &str, text: &str, may_ask: bool) -> Result<String, SshError> {
    let folder = TempDir::new()?;
    let (statement, agent_key) = (folder.path().join("statement"), folder.path().join("key.pub"));
    fs::write(&statement, text)?;
    let key = match key {
        SigningKey::File(path) => absolute(path),
        SigningKey::Agent(key) => {
            fs::write(&agent_key, format!("{} {}\n", key.kind, key.base64))?;
            absolute(&agent_key)
        }
    };
    let argv = ["ssh-keygen", "-q", "-Y", "sign", "-f", &key, "-n", namespace, &absolute(&statement)];
    let program = "ssh-keygen -Y sign";
    if may_ask {
        if !run_at_the_terminal(&argv)? {
            return Err(SshError::RefusedAbove(program));
        }
    } else {
        let (succeeded, printed) = run(&argv, None)?;
        if !succeeded {
            return Err(SshError::Refused { program, said: last_words(&printed) });
        }
    }
    Ok(fs::read_to_string(folder.path().join("statement.sig"))?)
}

/// Asks whether `signature` under `text` is one by `who`, by the keys that were valid at `when`.
///
/// `signers` is the content of the signers file: what was read is what is asked about.
///
/// # Errors
/// [`SshError`] when `ssh-keygen` cannot be asked.
pub fn verify(
    signers: &str,
    who: &str,
    namespace: &str,
    signature: &str,
    text: &str,
    when: DateTime<Utc>,
) -> Result<Signature, SshError> {
    let folder = TempDir::new()?;
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).map(|()| absolute(&path))
    };
    let (signers, signature) = (write("signers", signers)?, write("signature", signature)?);
    let time = format!("verify-time={}", when.format("%Y%m%d%H%M%SZ"));
    let argv = [
        "ssh-keygen",
        "-Y",
        "verify",
        "-O",
        &time,
        "-f",
        &signers,
        "-I",
        who,
        "-n",
        namespace,
        "-s",
        &signature,
    ];
    let mut input = tempfile::tempfile()?;
    input.write_all(text.as_bytes())?;
    input.rewind()?;
    let (succeeded, printed) = run(&argv, Some(&input))?;
    let said = printed.replace(&format!("{signers}:"), "the signers file, line ");
    let good = format!("Good \"{namespace}\" signature");
    let line = said.lines().find(|line| line.starts_with(&good));
    let key = line.and_then(|line| line.split_whitespace().next_back());
    Ok(match key.filter(|key| succeeded && key.starts_with("SHA256:")) {
        Some(key) => Signature::Good(key.to_owned()),
        None => Signature::Bad(reason(&said)),
    })
}

/// The line that says more than that it did not work.
fn reason(said: &str) -> String {
    let line = said.lines().find(|line| !line.trim().is_empty() && !line.starts_with("Could not verify"));
    crate::text::inert_line(
        line.unwrap_or("the key is not one that the signers file gives to this name").trim(),
    )
}

/// Runs one of the programs to its end, or until its time is over; returns whether it succeeded, and what it printed.
fn run(argv: &[&str], input: Option<&File>) -> Result<(bool, String), SshError> {
    let argv: Vec<_> = argv.iter().map(|word| (*word).to_owned()).collect();
    let n = STARTED.fetch_add(1, Ordering::Relaxed);
    let tag = format!("ssh:{}:{n}", std::process::id());
    let job = Job { input, grace: GRACE, ..Job::new(&argv, Path::new("/"), tag, TIMEOUT) };
    let mut capture = Capture::default();
    let finished = process::carry_out(&job, &mut capture, &Cancel::new()?)?;
    if finished.stopped.is_some() {
        return Err(SshError::TimedOut { program: argv[0].clone() });
    }
    let output = capture.finish().unwrap_or_default();
    Ok((finished.status.success(), output.head + &output.tail))
}

/// Runs one of the programs where a person can answer it: on the terminal that mainstay has, as long as it takes.
fn run_at_the_terminal(argv: &[&str]) -> Result<bool, SshError> {
    let program = process::program(argv[0], Path::new("/"))?;
    let mut command = Command::new(program);
    command.args(&argv[1..]).env_clear().envs(clean_environment());
    command.stdin(Stdio::inherit()).stdout(Stdio::null()).stderr(Stdio::inherit());
    Ok(command.status()?.success())
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

/// The last line that a program printed, without the prompt that nobody saw.
fn last_words(printed: &str) -> String {
    let said = printed.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("nothing more");
    crate::text::inert_line(said.trim_start_matches("Enter passphrase: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_one_that_ssh_keygen_shows() {
        // ssh-keygen -l -f
        let line =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBhDQsHzrfPYwbeJw4enAC0qrvL2AeNNyebX43NBlvEa ops on call";
        let key = PublicKey::read(line).unwrap();
        assert_eq!(key.comment, "ops on call");
        assert_eq!(key.fingerprint(), "SHA256:oxGT0BsbXax4g7SP3tWBtnBy8A8UOXpkhNxnDRhLCPU");
        for line in ["", "ssh-ed25519", "ssh-ed25519 ???", "-----BEGIN OPENSSH PRIVATE KEY-----"] {
            assert_eq!(PublicKey::read(line), None, "{line}");
        }
    }
}
