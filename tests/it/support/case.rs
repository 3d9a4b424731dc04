//! One run of the real binary in a folder of its own, held to every byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with files, in which mainstay is run.
pub struct Case {
    folder: TempDir,
}

impl Case {
    /// An empty folder.
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder for temporary files") }
    }

    /// An empty folder that no disk is behind, where there is such a thing: for tests that write very often.
    pub fn in_memory() -> Self {
        let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new());
        Self { folder: folder.expect("a folder for temporary files") }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes `maintenance.yaml`.
    pub fn plan_file(self, content: impl AsRef<[u8]>) -> Self {
        self.file("maintenance.yaml", content)
    }

    /// Writes a file that only its owner can write, and the folders that it is in.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path: PathBuf = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a name below the folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        fs::set_permissions(&path, mode).expect("a mode");
        self
    }

    /// Runs `mainstay` with these arguments, separated by blanks, in a clean environment.
    pub fn run(&self, arguments: &str) -> Ran {
        let output = self.command(arguments).output().expect("the binary was built");
        Ran { output, arguments: arguments.to_owned(), is_stdout_checked: false, is_stderr_checked: false }
    }

    /// The same with these variables.
    pub fn run_with(&self, variables: &[(&str, &Path)], arguments: &str) -> Ran {
        let output =
            self.command(arguments).envs(variables.iter().copied()).output().expect("the binary was built");
        Ran { output, arguments: arguments.to_owned(), is_stdout_checked: false, is_stderr_checked: false }
    }

    /// The same, not started yet: for tests that watch it, stop it or start several.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mainstay"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("NO_COLOR", "1")
            .env("MAINSTAY_PROGRESS", "none")
            .env("COLUMNS", "100")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// A file below the folder.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Whether there is such a file below the folder.
    pub fn has(&self, name: &str) -> bool {
        self.folder.path().join(name).exists()
    }
}

/// What mainstay did. Output that was not asked about has to be empty.
pub struct Ran {
    output: Output,
    arguments: String,
    is_stdout_checked: bool,
    is_stderr_checked: bool,
}

impl Ran {
    /// The exit code is this.
    #[track_caller]
    pub fn exit(self, code: i32) -> Self {
        let all = format!("mainstay {}\n{}{}", self.arguments, self.out(), self.err());
        assert_eq!(self.output.status.code(), Some(code), "{all}");
        self
    }

    /// Whether the exit code is this.
    pub fn ended_with(&self, code: i32) -> bool {
        self.output.status.code() == Some(code)
    }

    /// Standard output is this.
    #[track_caller]
    pub fn stdout(mut self, expected: &str) -> Self {
        assert_eq!(self.out(), expected);
        self.is_stdout_checked = true;
        self
    }

    /// Standard error is this.
    #[track_caller]
    pub fn stderr(mut self, expected: &str) -> Self {
        assert_eq!(self.err(), expected);
        self.is_stderr_checked = true;
        self
    }

    /// Standard error holds this; the rest of it is not asked about.
    #[track_caller]
    pub fn stderr_has(mut self, expected: &str) -> Self {
        assert!(self.err().contains(expected), "`{expected}` is not in:\n{}", self.err());
        self.is_stderr_checked = true;
        self
    }

    /// Standard output holds this; the rest of it is not asked about.
    #[track_caller]
    pub fn stdout_has(mut self, expected: &str) -> Self {
        assert!(self.out().contains(expected), "`{expected}` is not in:\n{}", self.out());
        self.is_stdout_checked = true;
        self
    }

    /// Standard output, whatever it is; standard error is not asked about.
    pub fn take_text(mut self) -> String {
        (self.is_stdout_checked, self.is_stderr_checked) = (true, true);
        self.out()
    }

    /// Standard output as JSON; standard error is not asked about.
    #[track_caller]
    pub fn json(mut self) -> serde_json::Value {
        (self.is_stdout_checked, self.is_stderr_checked) = (true, true);
        serde_json::from_str(&self.out())
            .unwrap_or_else(|error| panic!("{error}:\n{}{}", self.out(), self.err()))
    }

    /// Output is not asked about.
    pub fn any_output(mut self) -> Self {
        (self.is_stdout_checked, self.is_stderr_checked) = (true, true);
        self
    }

    /// Standard output or error holds this; the rest is not asked about.
    #[track_caller]
    pub fn any_output_with(self, expected: &str) -> Self {
        let all = self.out() + &self.err();
        assert!(all.contains(expected), "`{expected}` is not in:\n{all}");
        self.any_output()
    }

    /// Standard output, for what is not known to the byte.
    pub fn take_stdout(&mut self) -> String {
        self.is_stdout_checked = true;
        self.out()
    }

    /// Standard error, for what is not known to the byte.
    pub fn take_stderr(&mut self) -> String {
        self.is_stderr_checked = true;
        self.err()
    }

    fn out(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    fn err(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

impl Drop for Ran {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert!(self.is_stdout_checked || self.output.stdout.is_empty(), "unasked stdout: {}", self.out());
        assert!(self.is_stderr_checked || self.output.stderr.is_empty(), "unasked stderr: {}", self.err());
    }
}
