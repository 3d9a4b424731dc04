//! SSH keys and an agent, made by OpenSSH itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{Case, wait_until};

/// Makes a key pair without a passphrase in the folder of a case, and returns its public key without the comment.
pub fn make_key(case: &Case, name: &str) -> String {
    make_protected_key(case, name, "")
}

/// The same with a passphrase.
pub fn make_protected_key(case: &Case, name: &str, passphrase: &str) -> String {
    let path = case.path().join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f"])
        .arg(&path)
        .stdin(Stdio::null())
        .status();
    assert!(made.expect("ssh-keygen has to be there").success());
    let public = fs::read_to_string(path.with_extension("pub")).expect("a public key");
    public.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// Signs a text for approvals with a key of the case.
pub fn sign(case: &Case, key: &str, text: &str) -> String {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("text");
    fs::write(&file, text).expect("a file");
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-Y", "sign", "-n", "mainstay-approval", "-f"]).arg(case.path().join(key)).arg(&file);
    assert!(command.stdin(Stdio::null()).status().expect("ssh-keygen").success());
    fs::read_to_string(folder.path().join("text.sig")).expect("a signature")
}

/// An agent on a socket of its own; it ends with the test.
pub struct Agent {
    process: Child,
    folder: TempDir,
}

impl Agent {
    /// Starts an agent that holds no key.
    pub fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let socket = folder.path().join("agent");
        let mut command = Command::new("ssh-agent");
        command.arg("-D").arg("-a").arg(&socket).stdin(Stdio::null()).stdout(Stdio::null());
        let process = command.stderr(Stdio::null()).spawn().expect("ssh-agent has to be there");
        let agent = Self { process, folder };
        wait_until("the agent listens", Duration::from_mins(1), || agent.socket().exists());
        agent
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    /// Gives it a private key, which need not stay where it is.
    pub fn hold(&self, key: &Path) {
        let mut command = Command::new("ssh-add");
        command.arg("-q").arg(key).env("SSH_AUTH_SOCK", self.socket()).stdin(Stdio::null());
        assert!(command.status().expect("ssh-add has to be there").success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
