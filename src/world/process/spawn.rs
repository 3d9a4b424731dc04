//! Starting a job: which program, with which environment, and in what surroundings.

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::{self, PipeReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use rustix::fs::{Access, access};

use super::Job;
use super::children::Leader;
use crate::world::stragglers::TAG;

/// Why a job was not started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// There is no such program.
    #[error("program `{program}` is not in {searched}")]
    NotFound {
        /// Its name.
        program: String,
        /// Where it was looked for.
        searched: String,
    },
    /// It is there, but may not be run.
    #[error("cannot execute `{}`: it is not an executable file", .0.display())]
    NotExecutable(PathBuf),
    /// It is a text without a first line that says what reads it, or made for another machine.
    #[error("cannot execute `{}`: it is neither a program for this machine nor a script with a `#!` line", .0.display())]
    NoProgram(PathBuf),
    /// The interpreter that its first line names, or the loader that it needs, is not there.
    #[error("cannot execute `{}`: what it is to be run by is not there", .0.display())]
    NoInterpreter(PathBuf),
    /// The folder that it should run in cannot be entered.
    #[error("cannot run in {}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The system refused.
    #[error("cannot start `{program}`")]
    Refused {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
}

/// Where programs are looked for: the caller's `PATH`, or this.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Variables that are taken over from the caller when they are set.
const INHERITED: [&str; 6] = ["HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "TMPDIR", "XDG_RUNTIME_DIR"];

/// The environment of every step: `PATH`, `HOME`, `USER`, `LOGNAME`, `SSH_AUTH_SOCK`, `TMPDIR` and
/// `XDG_RUNTIME_DIR` as they are, `SHELL=/bin/sh` and `LANG=C.UTF-8`; nothing else leaks in.
pub fn clean_environment() -> BTreeMap<String, String> {
    let mut variables: BTreeMap<_, _> =
        INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?))).collect();
    variables.insert("PATH".to_owned(), search_path());
    variables.insert("SHELL".to_owned(), "/bin/sh".to_owned());
    variables.insert("LANG".to_owned(), "C.UTF-8".to_owned());
    variables
}

fn search_path() -> String {
    env::var("PATH").ok().filter(|path| !path.is_empty()).unwrap_or_else(|| DEFAULT_PATH.to_owned())
}

/// Finds the program that `name` means in `folder`.
///
/// # Errors
/// [`SpawnError::NotFound`] and [`SpawnError::NotExecutable`].
pub fn program(name: &str, folder: &Path) -> Result<PathBuf, SpawnError> {
    if name.contains('/') {
        let path = folder.join(name);
        return match () {
            () if path.is_file() && is_executable(&path) => Ok(path),
            () if path.exists() => Err(SpawnError::NotExecutable(path)),
            () => {
                Err(SpawnError::NotFound { program: name.to_owned(), searched: folder.display().to_string() })
            }
        };
    }
    let searched = search_path();
    let places: Vec<_> = env::split_paths(&searched).map(|entry| entry.join(name)).collect();
    let found = places.iter().find(|path| path.is_file() && is_executable(path)).cloned();
    found.ok_or_else(|| match places.into_iter().find(|path| !name.is_empty() && path.is_file()) {
        Some(path) => SpawnError::NotExecutable(path),
        None => SpawnError::NotFound { program: name.to_owned(), searched: format!("PATH ({searched})") },
    })
}

fn is_executable(path: &Path) -> bool {
    access(path, Access::EXEC_OK).is_ok()
}

/// A job that runs.
pub(super) struct Spawned {
    pub(super) child: Child,
    pub(super) leader: Leader,
    /// What it prints.
    pub(super) output: PipeReader,
}

pub(super) fn spawn(job: &Job) -> Result<Spawned, SpawnError> {
    let name = job.argv.first().map_or("", String::as_str);
    let in_folder = |source| SpawnError::Folder { folder: job.folder.to_owned(), source };
    if !job.folder.metadata().map_err(in_folder)?.is_dir() {
        return Err(in_folder(io::ErrorKind::NotADirectory.into()));
    }
    let path = program(name, job.folder)?;
    let refused = |source| SpawnError::Refused { program: name.to_owned(), source };
    let (output, writer) = io::pipe().map_err(refused)?;
    let input = job.input.map(File::try_clone).transpose().map_err(refused)?;
    let mut command = command(job, name, &path)?;
    let to = |file: Option<&File>| match file {
        Some(file) => file.try_clone().map(Stdio::from),
        None => writer.try_clone().map(Stdio::from),
    };
    command
        .stdin(input.map_or_else(Stdio::null, Stdio::from))
        .stdout(to(job.stdout).map_err(refused)?)
        .stderr(to(job.stderr).map_err(refused)?);
    drop(writer);
    let (child, leader) = Leader::start(|| command.spawn()).map_err(|source| why_not(name, path, source))?;
    Ok(Spawned { child, leader, output })
}

fn command(job: &Job, name: &str, path: &Path) -> Result<Command, SpawnError> {
    let mut variables = clean_environment();
    let mut words: Vec<String> = Vec::new();
    words.extend(own_session().map(|path| path.display().to_string()));
    if let Some(account) = job.user {
        account.move_into(&mut variables);
        words.extend(account.prefix());
    }
    variables.extend(job.env.clone());
    variables.insert(TAG.to_owned(), job.tag.clone());
    // A path of its own keeps posix_spawn, which a changed PATH would turn into a slow fork.
    let mut command = match words.split_first() {
        None => {
            let mut command = Command::new(path);
            command.arg0(name);
            command
        }
        Some((first, rest)) => {
            let mut command = Command::new(program(first, Path::new("/"))?);
            command.args(rest).arg(path);
            command
        }
    };
    command
        .args(&job.argv[1..])
        .current_dir(job.folder)
        .env_clear()
        .envs(variables)
        .envs(job.secrets.exposed());
    if own_session().is_none() {
        command.process_group(0);
    }
    Ok(command)
}

/// The program that gives a job a session of its own, where it needs one.
///
/// Without one a program could ask for a password on mainstay's terminal: it would be stopped by the terminal, not
/// being in its foreground, and hang. With one there is no terminal to ask. std can only make a session by a fork of
/// this program for each spawn; `setsid` of util-linux does it in the process that was spawned, provided that this one
/// leads no group yet. It costs the loading of one more program, so it is left out where there is no terminal, as under
/// cron or systemd; then, and without `setsid`, a job has a process group of its own.
///
/// Source: credentials(7); `SIGTTIN` in termios(3); setsid(1), which forks only when it leads a group.
fn own_session() -> Option<&'static Path> {
    static SETSID: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || File::open("/dev/tty").ok().and_then(|_| program("setsid", Path::new("/")).ok());
    SETSID.get_or_init(find).as_deref()
}

fn why_not(name: &str, path: PathBuf, source: io::Error) -> SpawnError {
    use rustix::io::Errno;
    match source.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOEXEC) => SpawnError::NoProgram(path),
        Some(Errno::NOENT) if path.exists() => SpawnError::NoInterpreter(path),
        Some(Errno::ACCESS) => SpawnError::NotExecutable(path),
        _ => SpawnError::Refused { program: name.to_owned(), source },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = program("no-such-program-at-all", Path::new("/")).unwrap_err();
        assert!(error.to_string().starts_with("program `no-such-program-at-all` is not in PATH"), "{error}");
        assert!(matches!(program("/etc/passwd", Path::new("/")), Err(SpawnError::NotExecutable(_))));
        assert!(matches!(program("/etc", Path::new("/")), Err(SpawnError::NotExecutable(_))));
        assert!(matches!(program("", Path::new("/")), Err(SpawnError::NotFound { .. })));
    }

    #[test]
    fn case_52_what_cannot_be_executed_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, text: &str, expected: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            let argv = [format!("./{name}")];
            let job =
                Job::new(&argv, folder.path(), format!("test:{name}"), std::time::Duration::from_secs(10));
            let error = spawn(&job).err().expect("it cannot be executed").to_string();
            assert!(error.starts_with("cannot execute `") && error.ends_with(expected), "{error}");
        };
        check("text", "just words\n", "nor a script with a `#!` line");
        check("script", "#!/no/such/interpreter\n", "what it is to be run by is not there");
    }
}
