//! `--format` and `--output`: one result, shown once and written to any number of files.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{Global, Terminal};
use crate::world::files;

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: tables and sentences
    Text,
    /// One documented object for programs
    Json,
    /// For pages and tickets
    Markdown,
    /// One page that needs no network
    Html,
    /// A calendar for Google Calendar, Outlook and Thunderbird
    Ics,
    /// Lines of JSON, for programs that read a stream
    Jsonl,
    /// Findings for code scanning
    Sarif,
    /// Findings as tests, for CI servers
    Junit,
    /// Findings as annotations of GitHub Actions
    Github,
    /// Findings for the code quality of GitLab
    Gitlab,
    /// Findings as tests of the Test Anything Protocol
    Tap,
    /// Findings for review tools
    Checkstyle,
}

impl Format {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Ics => "ics",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Tap => "tap",
            Self::Checkstyle => "checkstyle",
        }
    }

    /// The ending of its files; `None` when others end so too.
    fn extension(self) -> Option<&'static str> {
        match self {
            Self::Text => Some("txt"),
            Self::Json => Some("json"),
            Self::Markdown => Some("md"),
            Self::Html => Some("html"),
            Self::Ics => Some("ics"),
            Self::Jsonl => Some("jsonl"),
            Self::Sarif => Some("sarif"),
            Self::Tap => Some("tap"),
            Self::Junit | Self::Github | Self::Gitlab | Self::Checkstyle => None,
        }
    }

    fn of_extension(extension: &str) -> Option<Self> {
        let extension = if extension == "htm" { "html" } else { extension };
        Self::value_variants().iter().copied().find(|format| format.extension() == Some(extension))
    }
}

/// What can be wrong with `--format` and `--output`.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The command has no such format.
    #[error("this command has no format `{asked}`; it has {known}")]
    NoSuchFormat {
        /// What was asked for.
        asked: &'static str,
        /// What there is.
        known: String,
    },
    /// The file name says nothing about the format.
    #[error("`--output {path}` does not tell its format; write FORMAT=PATH, or end the name in {endings}")]
    NoFormat {
        /// The file name.
        path: String,
        /// The endings of the command's formats.
        endings: String,
    },
    /// The file name says that it is XML, which two formats are.
    #[error("`--output {0}` may be JUnit or Checkstyle; write junit={0} or checkstyle={0}")]
    TwoFormats(String),
    /// A file that was named could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] files::WriteError),
}

/// Shows a result in the format of `--format`, or the first of `supported`, and writes every `--output`.
///
/// `render` makes the text of one format; `true` means that it goes to the terminal and may have colours and
/// heed its width. Returns the paths that were written, with their formats and bytes.
///
/// # Errors
/// [`OutputError`] before anything is rendered when a format is not supported, else what `render` returns, or
/// that a file could not be written. Nothing is shown unless every file was written.
pub fn deliver(
    global: &Global,
    terminal: &mut Terminal,
    supported: &[Format],
    render: &mut dyn FnMut(Format, bool) -> anyhow::Result<String>,
) -> anyhow::Result<Vec<(PathBuf, Format, String)>> {
    let (shown, files) = chosen(global, supported)?;
    let written = write_files(files, render)?;
    terminal.result(&render(shown, true)?)?;
    Ok(written)
}

/// Writes a result to `files`, each in its format.
///
/// # Errors
/// What `render` returns, or that a file could not be written.
pub fn write_files(
    files: Vec<(PathBuf, Format)>,
    render: &mut dyn FnMut(Format, bool) -> anyhow::Result<String>,
) -> anyhow::Result<Vec<(PathBuf, Format, String)>> {
    let mut written = Vec::new();
    for (path, format) in files {
        let text = render(format, false)?;
        files::write_atomically(&path, text.as_bytes()).map_err(OutputError::Write)?;
        written.push((path, format, text));
    }
    Ok(written)
}

/// Reads `--format` and `--output`; for a command that does something before it has a result.
///
/// # Errors
/// [`OutputError`] when a format is not supported or not known.
pub fn chosen(
    global: &Global,
    supported: &[Format],
) -> Result<(Format, Vec<(PathBuf, Format)>), OutputError> {
    let shown = global.format.unwrap_or(supported[0]);
    let files =
        global.output.iter().map(|text| destination(text, supported)).collect::<Result<Vec<_>, _>>()?;
    for format in files.iter().map(|(_, format)| *format).chain([shown]) {
        if !supported.contains(&format) {
            let known: Vec<_> = supported.iter().map(|format| format!("`{}`", format.name())).collect();
            return Err(OutputError::NoSuchFormat { asked: format.name(), known: known.join(", ") });
        }
    }
    Ok((shown, files))
}

/// Reads `PATH` or `FORMAT=PATH`.
fn destination(text: &str, supported: &[Format]) -> Result<(PathBuf, Format), OutputError> {
    if let Some((name, path)) = text.split_once('=')
        && let Ok(format) = Format::from_str(name, false)
    {
        return Ok((path.into(), format));
    }
    let path = PathBuf::from(text);
    let extension = path.extension().and_then(|extension| extension.to_str());
    let is_xml = |format| matches!(format, &Format::Junit | &Format::Checkstyle);
    if extension == Some("xml") && supported.iter().any(is_xml) {
        return Err(OutputError::TwoFormats(text.to_owned()));
    }
    if text.ends_with(".sarif.json") {
        return Ok((path, Format::Sarif));
    }
    match extension.and_then(Format::of_extension) {
        Some(format) => Ok((path, format)),
        None => Err(OutputError::NoFormat { path: text.to_owned(), endings: endings(supported) }),
    }
}

/// `.txt, .json or .md`
fn endings(supported: &[Format]) -> String {
    let endings: Vec<_> = supported.iter().filter_map(|format| format.extension()).collect();
    match endings.as_slice() {
        [] => String::new(),
        [only] => format!(".{only}"),
        [all @ .., last] => format!(".{} or .{last}", all.join(", .")),
    }
}
