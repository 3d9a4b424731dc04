//! Text to model: reads a plan file and finds every fault in it, with its place.
//!
//! 1. All faults of a file are found in one pass, and reported in the order in which they stand.
//! 2. Nothing here changes anything, asks the network or knows the time.
//! 3. A plan that comes with an error finding is for judging only, never for work.

pub mod alert_expr;
pub mod codes;
pub mod edit;
mod fault;
pub mod matchers;
mod meaning;
mod reader;
mod schema;
mod source;
#[cfg(test)]
mod tests;
mod tree;

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub use schema::schema;
pub use source::Source;

use crate::model::{Finding, PlanFile, Severity, Span};
use fault::Fault;
use source::offset;

/// What was read, and everything that is wrong with it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The text.
    pub source: Source,
    /// What it says, as far as it could be read.
    pub plan: Option<PlanFile>,
    /// Everything that is wrong with it, in the order in which it stands.
    pub findings: Vec<Finding>,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub digest: String,
}

impl Loaded {
    /// Whether the plan must not be worked with.
    pub fn has_errors(&self) -> bool {
        self.plan.is_none() || self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// The plan file could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is none.
    #[error("there is no plan file {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// It is something else than a file.
    #[error("{} is {what}, not a file", path.display())]
    NotAFile {
        /// Its place.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// It is larger than any plan file.
    #[error("{} has {bytes} bytes; a plan file has at most {MAX_BYTES}", path.display())]
    TooLarge {
        /// Its place.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// Others could write commands into it that root would run.
    #[error("{} can be written by {who}, and root would run what they write", path.display())]
    WritableByOthers {
        /// Its place.
        path: PathBuf,
        /// Who can write it.
        who: &'static str,
    },
    /// The system refuses.
    #[error("cannot read {}", path.display())]
    Io {
        /// Its place.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl LoadError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } => Some("name it with -f, or write one: README".to_owned()),
            Self::NotAFile { .. } => Some("name the file with -f".to_owned()),
            Self::WritableByOthers { path, .. } => Some(format!("chmod go-w {}", path.display())),
            Self::TooLarge { .. } | Self::Io { .. } => None,
        }
    }
}

/// The size of the largest file that is read.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The most findings that are reported.
const MAX_FINDINGS: usize = 200;

/// Reads a plan file.
///
/// # Errors
/// [`LoadError`] when there is nothing to judge; what is wrong with the content is in [`Loaded::findings`].
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    let refused = |source: io::Error| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => LoadError::NotFound { path: path.to_owned() },
        _ => LoadError::Io { path: path.to_owned(), source },
    };
    // Without O_NONBLOCK, opening a named pipe waits for a writer.
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut file = File::options().read(true).custom_flags(nonblock).open(path).map_err(refused)?;
    let meta = file.metadata().map_err(refused)?;
    if !meta.is_file() {
        let what = if meta.is_dir() { "a folder" } else { "a device or a pipe" };
        return Err(LoadError::NotAFile { path: path.to_owned(), what });
    }
    let too_large = |bytes| LoadError::TooLarge { path: path.to_owned(), bytes };
    if meta.len() > MAX_BYTES {
        return Err(too_large(meta.len()));
    }
    let writers = writers(meta.mode());
    if let Some(who) = writers
        && rustix::process::geteuid().is_root()
    {
        return Err(LoadError::WritableByOthers { path: path.to_owned(), who });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1);
    file.by_ref().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_large(bytes.len() as u64));
    }
    let mut loaded = parse(&path.display().to_string(), bytes);
    if let Some(who) = writers {
        loaded.findings.push(Finding {
            code: "MS004",
            severity: codes::severity("MS004"),
            message: format!("the plan file can be written by {who}"),
            place: None,
            expected: None,
            related: None,
            help: Some(format!("chmod go-w {}", path.display())),
        });
    }
    Ok(loaded)
}

/// Who beside its owner can write a file of this mode.
fn writers(mode: u32) -> Option<&'static str> {
    match (mode & 0o020 != 0, mode & 0o002 != 0) {
        (_, true) => Some("everybody"),
        (true, false) => Some("its group"),
        (false, false) => None,
    }
}

/// Reads the bytes of a plan file called `name`.
pub fn parse(name: &str, bytes: Vec<u8>) -> Loaded {
    let digest = format!("{:x}", Sha256::digest(&bytes));
    let (text, faults) = decode(bytes);
    let source = Source::new(name, text);
    let (plan, faults, is_complete) = if faults.is_empty() { judge(&source) } else { (None, faults, true) };
    let findings = report(faults, is_complete, &source);
    Loaded { source, plan, findings, digest }
}

/// Reads and judges a text.
fn judge(source: &Source) -> (Option<PlanFile>, Vec<Fault>, bool) {
    let tree::Parsed { tree, mut faults, is_complete } = tree::parse(&source.text);
    let Some(tree) = tree else { return (None, faults, is_complete) };
    let read = reader::read::<PlanFile>(&tree);
    faults.extend(read.faults);
    if let Some(plan) = &read.value {
        faults.extend(meaning::judge(plan, &tree, &read.spoiled));
    }
    (read.value, faults, read.is_complete)
}

/// Puts the faults in order and bounds their number.
fn report(mut faults: Vec<Fault>, is_complete: bool, source: &Source) -> Vec<Finding> {
    faults.sort_by_key(|fault| (fault.span, fault.code));
    let left_out = faults.len().saturating_sub(MAX_FINDINGS);
    faults.truncate(MAX_FINDINGS);
    let mut findings: Vec<_> = faults.into_iter().map(|fault| fault.finding(source)).collect();
    let message = match (left_out, is_complete) {
        (0, true) => return findings,
        (0, false) => "there may be more findings".to_owned(),
        (_, true) => format!("there are {left_out} more findings"),
        (_, false) => format!("there are at least {left_out} more findings"),
    };
    findings.push(Finding {
        code: "MS006",
        severity: codes::severity("MS006"),
        message,
        place: None,
        expected: None,
        related: None,
        help: Some("mend the first ones and validate again".to_owned()),
    });
    findings
}

/// The text of the bytes, or why they are none.
fn decode(bytes: Vec<u8>) -> (String, Vec<Fault>) {
    const BYTE_ORDER_MARK: &str = "\u{feff}";
    let nowhere = Span::default();
    let is_utf16 = matches!(
        bytes.as_slice(),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=0xff, ..] | [1..=0xff, 0, ..]
    );
    if is_utf16 {
        let fault = Fault::new("MS002", nowhere, "the plan file looks like UTF-16").help("save it as UTF-8");
        return (String::new(), vec![fault]);
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = text.strip_prefix(BYTE_ORDER_MARK).map(ToOwned::to_owned).unwrap_or(text);
            let nul = text.find('\0').map(|at| {
                let span = Span { start: offset(at), end: offset(at + 1) };
                Fault::new("MS003", span, format!("the plan file holds a NUL character, at byte {at}"))
            });
            (text, nul.into_iter().collect())
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes()[at];
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let width = char::REPLACEMENT_CHARACTER.len_utf8();
            let span = Span { start: offset(at), end: offset(at + width) };
            let fault = Fault::new("MS001", span, format!("byte {at} (0x{byte:02x}) is not UTF-8"))
                .help("save the file as UTF-8");
            (text, vec![fault])
        }
    }
}
