//! What validate looks at: files, folders, standard input, and what changed.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{Case, ONE_TASK};

const WRONG: &str = "mainstay: 1\ntitel: x\n";

#[test]
fn the_worst_file_decides_whatever_the_order() {
    let case = Case::new().file("a.yaml", ONE_TASK).file("b.yaml", WRONG).file("c.yaml", "mainstay: 1\n");
    let code = |paths: &str, expected: i32| {
        let reversed: Vec<_> = paths.split(' ').rev().collect();
        for paths in [paths.to_owned(), reversed.join(" ")] {
            case.run(&format!("validate {paths}")).any_output().exit(expected);
        }
    };
    code("a.yaml", 0);
    code("a.yaml c.yaml", 3);
    code("a.yaml b.yaml c.yaml", 1);
    code("a.yaml b.yaml none.yaml", 2);
}

#[test]
fn several_files_are_summed_up_in_the_order_of_their_names() {
    let case = Case::new().file("a.yaml", ONE_TASK).file("b.yaml", WRONG);
    let expected = "\
a.yaml: ok, 1 task
error[MS112]: unknown key `titel`
 --> b.yaml:2:1
  |
2 | titel: x
  | ^^^^^
  |
help: did you mean `title`?

b.yaml: 1 error
3 files: 1 ok, 1 wrong, 1 unreadable
";
    let expected = expected.replace("3 files", "c.yaml: cannot be read\n3 files");
    case.run("validate c.yaml b.yaml a.yaml b.yaml")
        .stdout(&expected)
        .stderr("error: there is no plan file c.yaml\nhelp: name it with -f, or write one: README\n")
        .exit(2);
}

#[test]
fn a_file_that_cannot_be_read_is_in_what_programs_get() {
    let result = Case::new().run("validate none.yaml --format json").exit(2).json();
    assert_eq!(result["verdict"], "unknown");
    assert_eq!(result["findings"][0]["code"], "MS000");
    assert_eq!(result["files"][0]["readable"], false);
}

#[test]
fn a_folder_stands_for_its_plan_files() {
    let case = Case::new()
        .file("estate/berlin/maintenance.yaml", ONE_TASK)
        .file("estate/hamburg.maintenance.yml", ONE_TASK)
        .file("estate/other-name.yaml", ONE_TASK)
        .file("estate/rules.yaml", "groups: []\n")
        .file("estate/notes.md", "mainstay: 1\n")
        .file("estate/.cache/maintenance.yaml", WRONG);
    let expected = "\
estate/berlin/maintenance.yaml: ok, 1 task
estate/hamburg.maintenance.yml: ok, 1 task
estate/other-name.yaml: ok, 1 task
3 files: 3 ok
";
    case.run("validate estate").stdout(expected).exit(0);
    let empty = Case::new().file("docs/index.md", "");
    let none =
        "error: there is no plan file to validate\nhelp: name it; a folder stands for its plan files\n";
    empty.run("validate docs").stderr(none).exit(3);
}

#[test]
fn a_dash_is_standard_input() {
    let case = Case::new();
    let mut child = case.command("validate -").stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(WRONG.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(" --> <stdin>:2:1\n") && text.ends_with("<stdin>: 1 error\n"), "{text}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_filter_hides_findings_and_changes_no_answer() {
    let warns = ONE_TASK.replace("domain: component", "domain: system");
    let case = Case::new().plan_file(warns);
    case.run("validate --fail-on warning --show error").stdout("maintenance.yaml: 1 warning\n").exit(1);
    case.run("validate --fail-on error,warning --show error").any_output().exit(1);
    let result = case.run("validate --fail-on warning --show error --format json").exit(1).json();
    assert_eq!((&result["verdict"], result["findings"].as_array().unwrap().len()), (&"fail".into(), 0));
}

#[test]
fn exit_zero_takes_back_a_no_and_nothing_else() {
    let case = Case::new().file("b.yaml", WRONG).file("c.yaml", "mainstay: 1\n");
    case.run("validate --exit-zero b.yaml").any_output().exit(0);
    case.run("validate --exit-zero c.yaml").any_output().exit(3);
    case.run("validate --exit-zero none.yaml").any_output().exit(2);
}

/// Runs Git in the folder of a case.
fn git(case: &Case, arguments: &[&str]) {
    let identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
    let output = Command::new("git")
        .args(identity)
        .args(arguments)
        .current_dir(case.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A second task, with a fault of its own.
const OLD_FAULT: &str = "\
  old:
    type: routine
    domain: component
    after: nobody
    duration: 5m
    steps: [{run: [ls]}]
";

#[test]
fn only_what_changed_and_what_refers_to_it_is_looked_at_when_asked() {
    let before = format!("{ONE_TASK}{OLD_FAULT}");
    let case = Case::new().file("sub/plan.yaml", &before);
    git(&case, &["init", "-q"]);
    git(&case, &["add", "."]);
    git(&case, &["commit", "-qm", "x"]);

    case.run("validate sub/plan.yaml").any_output().exit(1);
    case.run("validate --changed-since HEAD sub/plan.yaml").stdout("sub/plan.yaml: unchanged\n").exit(0);

    let case = case.file("sub/plan.yaml", before.replace("[rm, old]", "[rm, older]"));
    case.run("validate --changed-since HEAD sub/plan.yaml").stdout("sub/plan.yaml: ok, 1 task\n").exit(0);

    let case = case.file("sub/plan.yaml", before.replace("  weekend-night:", "  weekend-nights:"));
    let found = case.run("validate --changed-since HEAD sub/plan.yaml --format json").exit(1).json();
    let messages: Vec<_> = found["findings"].as_array().unwrap().iter().map(|f| &f["message"]).collect();
    assert_eq!(messages, ["task `tidy` names an unknown window `weekend-night`"]);

    // A file that is new is looked at as a whole.
    let case = case.file("sub/new.yaml", &before);
    case.run("validate --changed-since HEAD sub/new.yaml").any_output().exit(1);
}

#[test]
fn what_git_does_not_know_is_told() {
    let case = Case::new().plan_file(ONE_TASK);
    git(&case, &["init", "-q"]);
    case.run("validate --changed-since nothing").stderr_has("does not know the revision `nothing`").exit(2);
    case.run("validate --changed-since=--output=x").stderr_has("does not know the revision").exit(2);
    case.run("validate --changed-since HEAD -")
        .stderr_has("what comes on standard input has no revision")
        .exit(2);
}
