//! `mainstay validate --import`: Goss files become checks.

use crate::support::Case;

const CORPUS: [(&str, &str); 4] = [
    ("debian12.yaml", include_str!("../goss/debian12.yaml")),
    ("file.yaml", include_str!("../goss/file.yaml")),
    ("service.yaml", include_str!("../goss/service.yaml")),
    ("matchers.yaml", include_str!("../goss/matchers.yaml")),
];

fn corpus() -> Case {
    CORPUS.iter().fold(Case::new(), |case, (name, text)| case.file(name, text))
}

/// The standard output and standard error of an import.
fn imported(case: &Case, arguments: &str) -> (String, String) {
    let mut ran = case.run(&format!("validate {arguments}")).exit(0);
    (ran.take_stdout(), ran.take_stderr())
}

#[test]
fn a_goss_file_of_a_real_host_becomes_a_plan_file_that_is_right() {
    let case = corpus();
    let (checks, told) = imported(&case, "--import debian12.yaml");
    let plan = Case::new().plan_file(format!("mainstay: 1\n{checks}"));
    let report = plan.run("validate --format json").json();
    let errors = report["findings"].as_array().expect("findings").iter();
    let errors: Vec<_> = errors.filter(|finding| finding["severity"] == "error").collect();
    assert!(errors.is_empty(), "{errors:?}\n{checks}");
    for said in [
        "file-etc-passwd:\n    file:\n      path: /etc/passwd\n      type: file\n      mode: \"0644\"\n",
        "package-apache2:\n    package: {name: apache2, version: 2.4.59-1~deb12u1}\n",
        "process-foobar:\n    process: {name: foobar, running: false}\n",
        "redirects: 0",
        "exit: 127",
    ] {
        assert!(checks.contains(said), "{said}\n{checks}");
    }
    for left_out in [
        "debian12.yaml:23:3: not carried over: addr `tcp://httpbin:22`: that an address cannot be reached",
        "addr `udp://8.8.8.8:53`: only TCP is connected to",
        "mount `/dev`: `vfs-opts`",
        "http `https://www.apple.com`: `proxy` cannot be said here",
    ] {
        assert!(told.contains(left_out), "{left_out}\n{told}");
    }
}

#[test]
fn each_matcher_has_its_counterpart_and_what_has_none_is_told() {
    let case = corpus().file("more/a.yaml", "port: {'tcp:9090': {listening: true}}\n");
    let (checks, told) = imported(&case, "--import matchers.yaml");
    for said in [
        "has_prefix: prometheus",
        "contains: version",
        "matches: version \\d+",
        "has_suffix: beta",
        "semver: \">=2.40.0\"",
        "len: 3",
        "has: {contains: deprecated}",
        "$.data.version",
        "$.data.tags[0]",
        "$.data.list[*].name",
        "exactly:",
        "has_all:",
        "for: 48s",
        "every: 2s",
        "disk-:",
        "port-tcp-9090:",
    ] {
        assert!(checks.contains(said) || said == "disk-:" && checks.contains("disk:"), "{said}\n{checks}");
    }
    for left_out in [
        "there is no matcher for XML",
        "the gjson path `a|@reverse` is more than names and numbers",
        "command `skipped`: it is skipped",
        "1 resource of `matching`: they say nothing of the live system",
        "gossfile `gone.yaml`: there is no such file",
    ] {
        assert!(told.contains(left_out), "{left_out}\n{told}");
    }
}

#[test]
fn a_template_and_a_file_that_is_wrong_are_refused() {
    let case = corpus().file("twice.yaml", "user:\n  a: {exists: true}\n  a: {exists: false}\n");
    case.run("validate --import service.yaml")
        .exit(2)
        .stderr_has("error[MS104]: the Goss file is a template");
    case.run("validate --import twice.yaml").exit(2).stderr_has("error[MS102]");
    case.run("validate --import no.yaml").exit(2).stderr_has("no.yaml");
    case.file("empty.yaml", "user: {}\n")
        .run("validate --import empty.yaml")
        .exit(3)
        .stderr_has("nothing to carry over");
}

#[test]
fn checks_are_written_into_the_plan_file_once_and_comments_stay() {
    let before = "mainstay: 1  # ours\nchecks:\n  # the first one\n  mine: {file: {path: a}}\n";
    let case = corpus().plan_file(before);
    let (diff, _) = imported(&case, "--import file.yaml --into --diff");
    assert!(diff.contains("+  file-integration-tests-goss-testdata-static-file.txt:"), "{diff}");
    assert_eq!(case.read("maintenance.yaml"), before, "--diff changes nothing");

    imported(&case, "--import file.yaml --into");
    let after = case.read("maintenance.yaml");
    assert!(after.starts_with(before) && after.len() > before.len(), "{after}");
    let (_, told) = imported(&case, "--import file.yaml --into");
    assert!(told.contains("is there already"), "{told}");
    assert_eq!(case.read("maintenance.yaml"), after);
}
