//! What Git knows of a file.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Git could not say what was asked.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no Git here, or it could not be started.
    #[error("cannot run git")]
    NotRun(#[from] std::io::Error),
    /// The revision is unknown, or this is no repository.
    #[error("git does not know the revision `{revision}` here: {said}")]
    NoRevision {
        /// What was asked for.
        revision: String,
        /// What Git said.
        said: String,
    },
    /// It failed in another way.
    #[error("git failed: {said}")]
    Failed {
        /// What Git said.
        said: String,
    },
}

/// The content of a file as of a revision; `None` when there was no such file.
///
/// # Errors
/// [`GitError`].
pub fn content_at(path: &Path, revision: &str) -> Result<Option<Vec<u8>>, GitError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let commit = format!("{revision}^{{commit}}");
    let known = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
    if !known.status.success() {
        return Err(GitError::NoRevision { revision: revision.to_owned(), said: last_words(&known) });
    }
    let commit = String::from_utf8_lossy(&known.stdout).trim().to_owned();
    // `ls-tree` tells a file that is not there from a failure; `show` words both alike.
    let listed = git(folder, &["ls-tree", "-z", &commit, "--", &name])?;
    if !listed.status.success() {
        return Err(GitError::Failed { said: last_words(&listed) });
    }
    if listed.stdout.is_empty() {
        return Ok(None);
    }
    let shown = git(folder, &["show", "--end-of-options", &format!("{commit}:./{name}")])?;
    if shown.status.success() {
        Ok(Some(shown.stdout))
    } else {
        Err(GitError::Failed { said: last_words(&shown) })
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Output, std::io::Error> {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(arguments).stdin(Stdio::null());
    // Words are compared nowhere, but they are shown.
    git.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
    git.output()
}

/// The last line that Git said on standard error.
fn last_words(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines().last().unwrap_or("it said nothing").trim_start_matches("fatal: ").to_owned()
}
