//! `mainstay validate --live --add`: checks of what this machine shows.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

use crate::support::Case;

const OURS: &str = "mainstay: 1  # ours\n";

fn case() -> Case {
    Case::new().plan_file(OURS)
}

/// Runs `--add` with these subjects, and says what is written then; standard error is not asked about.
fn added(case: &Case, subjects: &str) -> String {
    case.run(&format!("validate --live --add {subjects}")).exit(0).any_output();
    case.read("maintenance.yaml")
}

/// What was written is right, and each of these checks holds.
fn holds(case: &Case, names: &str) {
    let report = case.run("validate --format json").json();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0), "{report}");
    case.run(&format!("validate --live {names}")).exit(0).any_output();
}

#[test]
fn a_check_of_each_kind_says_what_was_found_and_holds() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    for (subject, name, expected) in [
        ("file:/etc", "file-etc", "type: directory"),
        ("package:libc6", "package-libc6", "installed: true"),
        ("user:root", "user-root", "uid: 0"),
        ("group:adm", "group-adm", "{name: adm, gid: 4}"),
        ("mount:/proc", "mount-proc", "filesystem: proc"),
        ("disk:/proc/..", "disk-proc-..", "used:"),
        ("interface:lo", "interface-lo", "mtu:"),
        ("kernel_param:kernel.pid_max", "kernel_param-kernel.pid_max", "value:"),
        ("dns:localhost", "dns-localhost", "127.0.0.1"),
        ("command:true", "command-true", "exit: 0"),
        ("command:false", "command-false", "exit: 1"),
        (&format!("port:{port}"), &format!("port-tcp-{port}"), "listening: true"),
        (&format!("tcp:127.0.0.1:{port}"), &format!("tcp-127.0.0.1-{port}"), "address:"),
    ] {
        let case = case();
        let text = added(&case, subject);
        assert!(
            text.starts_with(OURS) && text.contains(name) && text.contains(expected),
            "{subject}\n{text}"
        );
        holds(&case, name);
    }
}

#[test]
fn a_program_that_runs_is_a_check() {
    let case = case();
    let program = std::env::current_exe().expect("this test");
    let name = program.file_name().expect("a name").to_string_lossy();
    let text = added(&case, &format!("process:{name}"));
    assert!(text.contains("running: true"), "{text}");
    holds(&case, "");
}

#[test]
fn a_file_is_told_with_its_mode_and_owner_and_a_link_with_where_it_leads() {
    let case = case().file("secret.conf", "x");
    let path = case.path().join("secret.conf");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("a mode");
    symlink("secret.conf", case.path().join("link")).expect("a link");
    let text = added(&case, "file:secret.conf file:link");
    for said in ["type: file", "mode: \"0600\"", "type: symlink", "linked_to: secret.conf"] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("sha256") && !text.contains("size"), "{text}");
    holds(&case, "file-secret.conf file-link");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("a mode");
    case.run("validate --live file-secret.conf").exit(1).stdout_has("expected mode 0600, found 644");
}

#[test]
fn what_is_not_there_is_told_and_nothing_is_written() {
    let case = case();
    for (subject, said) in [
        ("file:/no/such", "no check of file /no/such: expected the file /no/such, found nothing"),
        ("user:no-such", "no check of user no-such: expected the user no-such, found none"),
        ("package:no-such", "expected package no-such installed, found nothing"),
        ("mount:/no/such", "expected a mount at /no/such, found none"),
        ("interface:no-such", "expected the interface no-such, found none"),
        ("kernel_param:no.such", "expected the kernel parameter no.such, found none"),
        ("process:no-such", "expected a process no-such, found none"),
    ] {
        let told = case.run(&format!("validate --live --add user:root {subject}")).exit(1).take_stderr();
        assert!(told.contains(said), "{told}");
        assert!(told.contains("nothing is written: 1 other check would be right"), "{told}");
        assert_eq!(case.read("maintenance.yaml"), OURS, "{subject}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    case.run(&format!("validate --live --add http://{closed}/")).exit(3).stderr_has("could not be found out");
    case.run(&format!("validate --live --add http://{closed}/ file:/no/such")).exit(1).any_output();
    assert_eq!(case.read("maintenance.yaml"), OURS);
}

#[test]
fn what_is_no_subject_is_an_error_of_the_command_line() {
    let case = case();
    for (arguments, said) in [
        ("--add flie:/etc", "there is no kind of checks `flie`; did you mean `file`?"),
        ("--add promql:up", "what a check of the kind `promql` expects is not on a machine"),
        ("--add file:", "expected a name after the kind: `file:NAME`"),
        ("--add port:0", "expected a whole number from 1 to 65535"),
        ("--add tcp:nothing", "tcp nothing cannot be a check"),
        ("--add user:root --task x", "cannot be used with"),
        ("x --add user:root", "`--live x` asks a check and `--add` writes others"),
    ] {
        case.run(&format!("validate --live {arguments}")).exit(2).stderr_has(said);
    }
    case.run("validate --add user:root").exit(2).stderr_has("--live");
    assert_eq!(case.read("maintenance.yaml"), OURS);
}

#[test]
fn a_check_that_is_there_is_left_alone_and_another_of_its_name_stays() {
    let before = "mainstay: 1\nchecks:\n  # the boss\n  boss: {user: {name: root, uid: 0}}\n  group-root: {file: {path: .}}\n";
    let case = Case::new().plan_file(before);
    case.run("validate --live --add user:root")
        .exit(0)
        .stderr("left alone: user root has its check already, checks.boss\n");
    assert_eq!(case.read("maintenance.yaml"), before);

    let text = added(&case, "user:root group:root group:root");
    assert!(text.starts_with(before), "{text}");
    assert_eq!(&text[before.len()..], "  group-root-2:\n    group: {name: root, gid: 0}\n");
    assert_eq!(added(&case, "user:root group:root"), text, "twice is once");
}

#[test]
fn a_difference_is_shown_and_nothing_is_written() {
    let case = case();
    case.run("validate --live --add group:root --diff")
        .exit(0)
        .stderr("would add: checks.group-root\n")
        .stdout_has("+    group: {name: root, gid: 0}");
    assert_eq!(case.read("maintenance.yaml"), OURS);
}

#[test]
fn a_plan_file_that_is_wrong_is_told_and_nothing_is_asked() {
    let case = Case::new().plan_file("mainstay: 1\ntitel: x\n");
    case.run("validate --live --add command:touch%asked").exit(2).stderr_has("unknown key `titel`");
    assert!(!case.has("asked"));
    Case::new().run("validate --live --add user:root").exit(2).stderr_has("there is no plan file");
}

#[test]
fn any_number_of_additions_at_once_lose_none_that_was_told_as_added() {
    let case = case();
    let subjects = [
        "user:root",
        "group:root",
        "file:/etc",
        "mount:/proc",
        "kernel_param:kernel.pid_max",
        "dns:localhost",
    ];
    let start = |subject| {
        let mut command = case.command(&format!("validate --live --add {subject}"));
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a process")
    };
    let all = subjects.map(|subject| (subject, start(subject)));
    let mut n_added = 0;
    for (subject, child) in all {
        let output = child.wait_with_output().expect("an end");
        let said = String::from_utf8_lossy(&output.stderr);
        let name = subject.replace([':', '/'], "-").replace("--", "-");
        let is_there = case.read("maintenance.yaml").contains(&format!("  {name}:"));
        let is_late = said.contains("it has changed since it was read");
        assert!(
            matches!(
                (output.status.code(), is_late, is_there),
                (Some(0), false, true) | (Some(3), true, false)
            ),
            "{subject}: {said}{}",
            case.read("maintenance.yaml")
        );
        n_added += usize::from(is_there);
    }
    assert!(n_added > 0);
    let report = case.run("validate --format json").json();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0), "{report}");
}
