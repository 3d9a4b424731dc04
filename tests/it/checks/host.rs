//! Files, processes, ports, accounts, and commands.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command};

use super::answer;
use crate::support::Case;

/// A process that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_backup_is_there_young_whole_and_for_its_owner_only() {
    let case = Case::new().file("backup", "head\nend of backup\n");
    let path = case.path().join("backup");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a mode");
    let check = "file: {path: backup, type: file, mode: \"0600\", younger_than: 1d, contents: {has_suffix: \"end of backup\"}}";
    let told = answer(&case, "", check);
    assert!(told.starts_with("verified: ") && told.contains("mode 600"), "{told}");

    fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("a mode");
    assert_eq!(answer(&case, "", check), "wrong: expected mode 0600, found 644");
    let old = answer(&case, "2099-01-01T00:00:00Z", "file: {path: backup, younger_than: 1d}");
    assert!(old.starts_with("wrong: expected a change less than 1d ago, found one "), "{old}");
}

#[test]
fn a_digest_tells_a_file_that_was_changed() {
    let case = Case::new().file("empty", "");
    let check =
        "file: {path: empty, sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855}";
    assert!(answer(&case, "", check).starts_with("verified: "));
    fs::write(case.path().join("empty"), "x").expect("a file");
    assert!(answer(&case, "", check).starts_with("wrong: expected SHA-256 e3b0"));
}

#[test]
fn a_process_and_its_port_are_found_while_they_are_there() {
    let case = Case::new();
    let name = format!("it{}", std::process::id());
    fs::copy("/bin/sleep", case.path().join(&name)).expect("a program");
    let child = Killed(Command::new(case.path().join(&name)).arg("600").spawn().expect("a process"));
    let process = format!("process: {{name: {name}, count: 1}}");
    assert!(answer(&case, "", &process).starts_with("verified: process "));
    drop(child);
    assert_eq!(answer(&case, "", &process), format!("wrong: expected number of processes {name} 1, found 0"));

    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let check = format!("port: {{port: {port}, ip: {{exactly: [127.0.0.1]}}}}");
    assert!(answer(&case, "", &check).starts_with(&format!("verified: tcp:{port} listening on 127.0.0.1")));
    drop(listener);
    assert_eq!(
        answer(&case, "", &check),
        format!("wrong: expected tcp:{port} listening, found nothing that does")
    );
}

#[test]
fn accounts_mounts_interfaces_and_kernel_parameters_of_any_linux_are_known() {
    let case = Case::new();
    for check in [
        "user: {name: root, uid: 0, groups: [root]}",
        "user: {name: no-such-user, exists: false}",
        "group: {name: root, gid: 0}",
        "mount: {path: /proc, filesystem: proc, options: [rw]}",
        "mount: {path: /no/such, exists: false}",
        "disk: {path: ., min_free: 1B, used: {le: 100}}",
        "interface: {name: lo, exists: true}",
        "kernel_param: {name: kernel.ostype, value: Linux}",
        "dns: {name: localhost, answers: {has: {any: [127.0.0.1, \"::1\"]}}}",
    ] {
        let told = answer(&case, "", check);
        assert!(told.starts_with("verified: "), "{check}: {told}");
    }
    assert_eq!(
        answer(&case, "", "user: {name: no-such-user}"),
        "wrong: expected the user no-such-user, found none"
    );
}

#[test]
fn what_cannot_be_found_out_is_no_answer() {
    let case = Case::new();
    for (check, why) in [
        ("disk: {path: no/such, used: {lt: 90}}", "No such file or directory"),
        ("service: {name: \"no such name\"}", "cannot be the name of a service"),
        ("package: {name: a, manager: rpm}", "this machine has no rpm"),
        ("dns: {name: a.test, server: \"127.0.0.1:1\"}", "cannot reach 127.0.0.1:1: Connection refused"),
        ("certificate: {file: no-such.pem}", "No such file or directory"),
    ] {
        let told = answer(&case, "", check);
        assert!(told.starts_with("wrong: could not be found out: ") && told.contains(why), "{check}: {told}");
    }
}

#[test]
fn case_23_what_a_command_leaves_behind_is_stopped_and_named() {
    let case = Case::new();
    let script = "sleep 611 & echo $! > pid; exit 0";
    let case = case.plan_file(format!(
        "mainstay: 1\nchecks:\n  a: {{command: {{run: [sh, -c, '{script}']}}, timeout: 20s}}\n"
    ));
    let report = case.run("validate --live --format json").exit(0).json();
    assert_eq!(report["items"][0]["said"], "exit code 0, left behind and stopped: sleep 611");
    let pid = std::fs::read_to_string(case.path().join("pid")).expect("a number");
    crate::support::wait_until("it is gone", std::time::Duration::from_secs(20), || {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    });
}

#[test]
fn stdout_and_stderr_of_a_command_are_held_apart() {
    let plan = |stderr: &str| {
        format!(
            "mainstay: 1\ntasks:\n  t:\n    type: routine\n    domain: component\n    duration: 5m\n    preconditions:\n      \
             - command: {{run: [sh, -c, \"echo out; echo err >&2; exit 3\"], exit: 3, stdout: out, stderr: {stderr}}}\n    \
             steps: [{{run: [\"true\"]}}]\n"
        )
    };
    Case::new().plan_file(plan("err")).run("run t").any_output().exit(0);
    let ran = Case::new().plan_file(plan("{not: err}")).run("run t").exit(1);
    let told = ran.take_text();
    assert!(told.contains("expected stderr not "), "{told}");
}
