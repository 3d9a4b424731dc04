//! Text to model: reads a plan file and finds every fault of its form, with its place.
//!
//! 1. All faults of form are found in one pass; what the plan means is judged by `validator::rules`.
//! 2. Nothing here changes anything, asks the network or knows the time.
//! 3. A plan that comes with a fault is for judging only, never for work.

pub mod alert_expr;
mod definition;
pub mod edit;
mod fault;
pub mod goss;
pub mod matchers;
mod reader;
mod schema;
mod source;
mod tree;

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

pub use definition::{Definition, definition, task_of};
pub(crate) use fault::Fault;
pub(crate) use reader::one_of;
pub use schema::schema;
pub use source::Source;
pub(crate) use tree::{Kind, NodeId, Tree, Whole};

use crate::model::{PlanFile, Span};
pub(crate) use source::offset;

/// A plan file as it lies there: its text, not what it says.
#[derive(Debug, Clone)]
pub struct Text {
    /// The text.
    pub source: Source,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub digest: String,
    /// Who beside its owner can write it: `everybody`, `its group`.
    pub writers: Option<&'static str>,
    /// Why the bytes are no text.
    faults: Vec<Fault>,
}

/// What a plan file says, as far as it could be read, and what is wrong with its form.
pub struct Reading<'t> {
    /// Its mappings, lists and scalars; `None` when the form leaves their meaning in doubt.
    pub(crate) tree: Option<Tree<'t>>,
    /// What it says; may hold stand-ins for what could not be read, and then comes with a fault.
    pub plan: Option<PlanFile>,
    /// Everything that is wrong with its form.
    pub(crate) faults: Vec<Fault>,
    /// Where something begins that something was left out of, sorted.
    pub(crate) spoiled: Vec<u32>,
    /// Whether all of it was looked at; else there may be more faults.
    pub(crate) is_complete: bool,
    /// The comments that are meant for mainstay.
    pub(crate) comments: Vec<Span>,
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

/// Reads the bytes of a plan file.
///
/// # Errors
/// [`LoadError`] when there is nothing to judge.
pub fn load(path: &Path) -> Result<Text, LoadError> {
    let refused = |source: io::Error| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => LoadError::NotFound { path: path.to_owned() },
        _ => LoadError::Io { path: path.to_owned(), source },
    };
    // Without O_NONBLOCK, opening a named pipe waits for a writer.
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(nonblock).open(path).map_err(refused)?;
    let meta = file.metadata().map_err(refused)?;
    if !meta.is_file() {
        let what = if meta.is_dir() { "a folder" } else { "a device or a pipe" };
        return Err(LoadError::NotAFile { path: path.to_owned(), what });
    }
    if meta.len() > MAX_BYTES {
        return Err(LoadError::TooLarge { path: path.to_owned(), bytes: meta.len() });
    }
    let text = load_from(path, file)?;
    Ok(Text { writers: writers(meta.mode()), ..text })
}

/// Reads the bytes of a plan file that will be worked with.
///
/// # Errors
/// As [`load`]; and when the caller is root and others can write the file.
pub fn load_for_work(path: &Path) -> Result<Text, LoadError> {
    let text = load(path)?;
    match text.writers {
        Some(who) if rustix::process::geteuid().is_root() => {
            Err(LoadError::WritableByOthers { path: path.to_owned(), who })
        }
        _ => Ok(text),
    }
}

/// Reads the bytes of a plan file from `input` to its end; `path` is what people know it by.
///
/// # Errors
/// [`LoadError`] when it is too large or cannot be read.
pub fn load_from(path: &Path, input: impl io::Read) -> Result<Text, LoadError> {
    let refused = |source: io::Error| LoadError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(LoadError::TooLarge { path: path.to_owned(), bytes: bytes.len() as u64 });
    }
    Ok(Text::new(&path.display().to_string(), bytes))
}

/// The folder that the names in a plan file are relative to: its own.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Who can write a file that is open to all: of [`Text::writers`].
pub(crate) const EVERYBODY: &str = "everybody";

/// Who beside its owner can write a file of this mode.
fn writers(mode: u32) -> Option<&'static str> {
    match (mode & 0o020 != 0, mode & 0o002 != 0) {
        (_, true) => Some(EVERYBODY),
        (true, false) => Some("its group"),
        (false, false) => None,
    }
}

impl Text {
    /// The text of the bytes of a plan file called `name`.
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        let digest = format!("{:x}", Sha256::digest(&bytes));
        let has_byte_order_mark = bytes.starts_with(BYTE_ORDER_MARK.as_bytes());
        let (text, faults) = decode(bytes);
        let mut source = Source::new(name, text);
        source.has_byte_order_mark = has_byte_order_mark;
        Self { source, digest, writers: None, faults }
    }

    /// Reads what it says.
    pub fn read(&self) -> Reading<'_> {
        if !self.faults.is_empty() {
            return nothing_read(self.faults.clone(), true);
        }
        let tree::Parsed { tree, mut faults, is_complete, comments } = tree::parse(&self.source.text);
        let Some(tree) = tree else { return nothing_read(faults, is_complete) };
        let reader::Read { value: plan, faults: of_form, spoiled, is_complete } =
            reader::read(&tree, &tree::PLAN_FILE);
        faults.extend(of_form);
        Reading { tree: Some(tree), plan, faults, spoiled, is_complete, comments }
    }
}

impl Text {
    /// Reads a file that is no plan file, as strictly as one: what it says, unless its form leaves that in doubt,
    /// and everything that is wrong with its form.
    pub(crate) fn read_as<T: DeserializeOwned>(&self, whole: &'static Whole) -> (Option<T>, Vec<Fault>) {
        if let Some(fault) = self.faults.first() {
            let message = format!("{} is no text: it is not UTF-8, or holds a NUL character", whole.name);
            return (None, vec![Fault::new(fault.code, fault.span, message)]);
        }
        let tree::Parsed { tree, mut faults, .. } = tree::parse_as(&self.source.text, whole);
        let Some(tree) = tree else { return (None, faults) };
        let read = reader::read(&tree, whole);
        faults.extend(read.faults);
        (read.value, faults)
    }
}

impl Reading<'_> {
    /// The plan, if nothing is wrong with its form.
    pub fn into_plan(self) -> Option<PlanFile> {
        self.plan.filter(|_| self.faults.is_empty())
    }
}

fn nothing_read<'t>(faults: Vec<Fault>, is_complete: bool) -> Reading<'t> {
    Reading { tree: None, plan: None, faults, spoiled: Vec::new(), is_complete, comments: Vec::new() }
}

/// What some editors write before the text to say that it is UTF-8.
pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The text of the bytes, or why they are none.
fn decode(bytes: Vec<u8>) -> (String, Vec<Fault>) {
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
