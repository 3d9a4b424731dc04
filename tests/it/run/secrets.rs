//! Secrets: they reach the steps that ask for them, and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{PATIENCE, nap, task};
use crate::support::{Case, wait_until};

const SECRETS: &str = "secrets:
  api: {env: API_TOKEN}
  db: {file: db.password}
  vault: {command: [sh, -c, 'echo a warning >&2; echo va-ult-77']}
";

/// What the secrets are.
const VALUES: [&str; 3] = ["t0ken/with+signs&", "hunter2 \"and\" more", "va-ult-77"];

fn plan(tasks: &str) -> String {
    format!("mainstay: 1\n{SECRETS}tasks:\n{tasks}")
}

fn case(tasks: &str) -> Case {
    let case = Case::new().plan_file(plan(tasks)).file("db.password", format!("{}\n", VALUES[1]));
    mode(&case, 0o600);
    case
}

fn mode(case: &Case, mode: u32) {
    let path = case.path().join("db.password");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

fn run(case: &Case, arguments: &str) -> (Option<i32>, String) {
    let ran = case.command(arguments).env("API_TOKEN", VALUES[0]).output().expect("a process");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    (ran.status.code(), said)
}

/// Every byte that mainstay has written, logs uncompressed.
fn stored(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            bytes.extend(stored(&path));
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            let text = std::process::Command::new("gzip").arg("-dc").arg(&path).output().expect("gzip");
            assert!(text.status.success());
            bytes.extend(text.stdout);
        } else {
            bytes.extend(fs::read(&path).expect("a file"));
        }
    }
    bytes
}

#[track_caller]
fn shows_none(what: &str, bytes: &[u8]) {
    let forms = [
        "t0ken/with",
        "dDBrZW4vd2l0aCtzaWduc",
        "t0ken%2Fwith",
        "t0ken%2fwith",
        "hunter2",
        "aHVudGVyM",
        "h1bnRlcjIg",
        "va-ult-77",
        "dmEtdWx0LTc3",
    ];
    for form in forms {
        let found = bytes.windows(form.len()).position(|window| window == form.as_bytes());
        let around = |at: usize| {
            String::from_utf8_lossy(&bytes[at.saturating_sub(60)..bytes.len().min(at + 60)]).into_owned()
        };
        assert!(found.is_none(), "{form} in {what}: {}", around(found.unwrap_or(0)));
    }
}

/// A task whose steps need all three and whose body is `script`.
fn telling(name: &str, script: &str) -> String {
    let env = "{A: {secret: api}, D: {secret: db}, V: {secret: vault}}";
    task(name, &format!("    steps:\n      - {{name: tell, shell: {script:?}, env: {env}}}\n"))
}

#[test]
fn a_step_gets_its_secrets_and_whatever_it_prints_of_them_is_neither_shown_nor_stored() {
    let script = "printf '%s|%s|%s' \"$A\" \"$D\" \"$V\" >got; env; echo \"Basic $(printf %s \"u:$D\" | base64)\"; \
                  printf '%s' \"$A\" | sed 's,/,%2F,; s,+,%2B,; s,&,%26,'; printf %s \"$A$V\" | base64; \
                  set -x; : \"$D\"; exit 3";
    let case = case(&telling("tell", script));

    let (code, said) = run(&case, "run tell --follow --verbose");

    assert_eq!(code, Some(1), "{said}");
    assert_eq!(case.read("got"), VALUES.join("|"));
    shows_none("what is said", said.as_bytes());
    assert!(said.contains("D=[secret db]") && said.contains("V=[secret vault]"), "{said}");
    shows_none("what is stored", &stored(&case.path().join(".mainstay")));
    for command in ["audit log", "audit export", "report status", "run tell --dry-run", "plan"] {
        let (_, said) = run(&case, command);
        shows_none(command, said.as_bytes());
    }
}

#[test]
fn a_secret_is_hidden_in_the_log_wherever_reads_and_blocks_end() {
    // Around 2 MiB in which the secret stands at every distance from the edges of 64 KiB.
    let script = "i=0; while [ $i -lt 60 ]; do head -c 32749 /dev/zero | tr '\\0' x; printf '%s' \"$D\"; i=$((i+1)); done";
    let case = case(&telling("tell", script));

    let (code, said) = run(&case, "run tell --follow");

    assert_eq!(code, Some(0), "{said}");
    let stored = stored(&case.path().join(".mainstay/logs"));
    shows_none("the log", &stored);
    let n_hidden = String::from_utf8_lossy(&stored).matches("x[secret db]").count();
    assert_eq!(n_hidden, 60);
}

#[test]
fn a_secret_is_hidden_in_the_output_of_steps_and_checks_that_do_not_use_it() {
    let rest = "    preconditions: [{command: {run: [cat, db.password], stdout: something else}}]\n    steps: [{run: [\"true\"]}]\n";
    let steps = "    steps: [{shell: 'cat db.password; exit 1'}]\n";
    let case = case(&[task("check", rest), task("print", steps)].concat());

    let (code, said) = run(&case, "run check");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("expected output `something else`, found `[secret db]`"), "{said}");
    let (code, said) = run(&case, "run print");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("| [secret db]"), "{said}");
    shows_none("what is stored", &stored(&case.path().join(".mainstay")));
}

#[test]
fn without_a_secret_that_it_needs_a_run_touches_nothing_and_is_done_when_it_is_there() {
    let case = case(&telling("tell", "touch done"));
    let refused = |why: &str, arguments: &str| {
        let (code, said) = run(&case, arguments);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains(&format!("`tell` was not started: could not be found out: {why}")), "{said}");
    };

    mode(&case, 0o640);
    let (code, said) = run(&case, "run tell");
    assert!(code == Some(2) && said.contains("others can use it"), "{said}");
    fs::remove_file(case.path().join("db.password")).expect("it is there");
    refused("secret `db`: cannot read ", "run --due");
    let (code, said) = run(&case, "run tell --dry-run");
    assert!(code == Some(3) && said.contains("secret db: secret `db`: cannot read "), "{code:?} {said}");
    let without = case.run("run tell").exit(3).take_text();
    assert!(without.contains("secret `api`: the environment variable `API_TOKEN` is not set"), "{without}");
    assert!(!case.has("done"));

    let case = case.file("db.password", VALUES[1]);
    mode(&case, 0o400);
    let (code, said) = run(&case, "run tell --dry-run");
    assert_eq!(code, Some(0), "{said}");
    for line in [
        "verified     secret api: the variable `API_TOKEN` is set",
        "verified     secret db: db.password can be read",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert!(
        said.contains("cannot know  secret vault: from ") && said.contains("which a dry run does not run"),
        "{said}"
    );
    let (code, said) = run(&case, "run --due");
    assert!(code == Some(0) && case.has("done"), "{said}");
}

#[test]
fn a_secret_is_read_anew_for_each_run() {
    let case = case(&telling("tell", "printf %s \"$D\" >got; printf %s \"$D\"; exit 1"));
    run(&case, "run tell");
    fs::write(case.path().join("db.password"), "changed-since").expect("it can be written");

    let (_, said) = run(&case, "run tell");

    assert_eq!(case.read("got"), "changed-since");
    assert!(said.contains("| [secret db]"), "{said}");
}

#[test]
fn case_46_a_run_that_goes_on_reads_its_secrets_anew() {
    let script =
        format!("touch began; test -e go || {}; printf %s \"$D\" >got; printf %s \"$D\"; exit 1", nap(8));
    let step = format!("{{shell: {script:?}, idempotent: true, env: {{D: {{secret: db}}}}}}");
    let case = case(&task("work", &format!("    steps:\n      - {step}\n")));
    let mut child = case.command("run work").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    child.kill().expect("kill -9");
    child.wait().expect("an end");
    fs::remove_file(case.path().join("db.password")).expect("it is there");
    let case = case.file("go", "");

    let (code, said) = run(&case, "run --resume");
    assert!(code == Some(3) && said.contains("secret `db`: cannot read "), "{code:?} {said}");
    let case = case.file("db.password", "changed-since");
    mode(&case, 0o600);
    let (_, said) = run(&case, "run --resume");

    assert_eq!(case.read("got"), "changed-since", "{said}");
    assert!(said.contains("| [secret db]"), "{said}");
}
