//! Which key signs, and how its passphrase is asked for.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::approvals::{NOW, at_now, estate, published, without_entry};
use crate::support::{Agent, Case, make_key, make_protected_key};

#[test]
fn the_key_is_the_one_that_is_named_or_one_of_the_home_or_of_the_agent() {
    let approved = |case: &Case, variables: &[(&str, &Path)], options: &str| {
        let case = case.run_with(variables, &format!("--now {NOW} plan --approve {options}"));
        without_entry(&case.exit(0).take_text())
    };
    let by_sec = "approved 1 occurrence as sec@example.org\n";

    let case = published(estate(1));
    assert_eq!(approved(&case, &[("MAINSTAY_KEY", Path::new("sec"))], ""), by_sec);

    // The first of the home that the signers file knows.
    let case = published(estate(1)).file(".ssh/nothing", "");
    fs::rename(case.path().join("sec"), case.path().join(".ssh/id_rsa")).expect("a move");
    fs::rename(case.path().join("sec.pub"), case.path().join(".ssh/id_rsa.pub")).expect("a move");
    make_key(&case, ".ssh/id_ed25519");
    assert_eq!(approved(&case, &[("HOME", case.path())], ""), by_sec);

    // A private key that only the agent holds, found by itself, and named by its public key.
    for options in ["", "--key sec.pub"] {
        let case = published(estate(1));
        let agent = Agent::start();
        agent.hold(&case.path().join("sec"));
        fs::remove_file(case.path().join("sec")).expect("it was there");
        assert_eq!(approved(&case, &[("SSH_AUTH_SOCK", &agent.socket())], options), by_sec, "{options}");
    }
}

#[test]
fn a_passphrase_that_nobody_can_type_is_not_waited_for() {
    let case = published(estate(1));
    let key = make_protected_key(&case, "safe", "open sesame");
    let case = case.file("allowed_signers", format!("ops@example.org {key}\n"));
    let mut ran = at_now(&case, "plan --approve --key safe").exit(3);
    let error = ran.take_stderr();
    assert!(
        error
            .contains("error: the approval was not signed\n  caused by: `ssh-keygen -Y sign` says: Load key"),
        "{error}"
    );
    assert!(
        error.ends_with("help: run it on a terminal, or give the key to an agent first: `ssh-add KEY`\n"),
        "{error}"
    );
    // The public key says which key is meant; who holds it is another question.
    fs::rename(case.path().join("safe"), case.path().join("elsewhere")).expect("a move");
    let error = at_now(&case, "plan --approve --key safe.pub").exit(3).take_stderr();
    fs::rename(case.path().join("elsewhere"), case.path().join("safe")).expect("a move");
    assert!(error.ends_with("help: give the key to the agent: `ssh-add KEY`\n"), "{error}");
    // Nothing stands beside it that says which key it is.
    fs::remove_file(case.path().join("safe.pub")).expect("it was there");
    let error = at_now(&case, "plan --approve --key safe").exit(2).take_stderr();
    assert!(
        error.ends_with("help: put its public key beside it: `ssh-keygen -y -f safe > safe.pub`\n"),
        "{error}"
    );
}

#[test]
fn a_person_at_a_terminal_is_asked_for_the_passphrase() {
    let case = published(estate(1));
    let key = make_protected_key(&case, "safe", "open sesame");
    let case = case.file("allowed_signers", format!("ops@example.org {key}\n"));
    let type_in = |passphrase: &str| {
        let command = format!("{} --now {NOW} plan --approve --key safe", env!("CARGO_BIN_EXE_mainstay"));
        let mut terminal = Command::new("script");
        terminal.args(["-qec", &command, "/dev/null"]).current_dir(case.path());
        terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut terminal = terminal.spawn().expect("script has to be there");
        let (mut keyboard, mut screen) =
            (terminal.stdin.take().expect("stdin"), terminal.stdout.take().expect("stdout"));
        let (mut shown, mut some) = (Vec::new(), [0; 1024]);
        // What is typed before the question is not heard.
        let mut is_typed = false;
        while let n @ 1.. = screen.read(&mut some).expect("a screen") {
            shown.extend_from_slice(&some[..n]);
            if !is_typed && String::from_utf8_lossy(&shown).contains("passphrase") {
                writeln!(keyboard, "{passphrase}").expect("a keyboard");
                is_typed = true;
            }
        }
        let code = terminal.wait().expect("an end").code();
        (code, String::from_utf8_lossy(&shown).replace('\r', ""))
    };
    let (code, shown) = type_in("let me in");
    assert_eq!(code, Some(3), "{shown}");
    assert!(shown.contains("`ssh-keygen -Y sign` failed; it says above why"), "{shown}");
    let (code, shown) = type_in("open sesame");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("approved 1 occurrence as ops@example.org: entry "), "{shown}");
}

#[test]
fn without_ssh_keygen_nothing_is_approved() {
    let case = published(estate(1));
    let error = case
        .run_with(&[("PATH", case.path())], &format!("--now {NOW} plan --approve --key ops"))
        .exit(3)
        .take_stderr();
    assert!(error.contains("caused by: program `ssh-keygen` is not in PATH"), "{error}");
}
