//! `mainstay validate --import`: Goss files become checks.

use crate::support::Case;

const CORPUS: [(&str, &str); 13] = [
    ("web.yaml", include_str!("../goss/web.yaml")),
    ("database.yaml", include_str!("../goss/database.yaml")),
    ("hardening.yaml", include_str!("../goss/hardening.yaml")),
    ("container.json", include_str!("../goss/container.json")),
    ("windows.yaml", include_str!("../goss/windows.yaml")),
    ("site/goss.yaml", include_str!("../goss/site/goss.yaml")),
    ("site/base.yaml", include_str!("../goss/site/base.yaml")),
    ("site/apps/prometheus.yaml", include_str!("../goss/site/apps/prometheus.yaml")),
    ("site/apps/zz-alertmanager.yaml", include_str!("../goss/site/apps/zz-alertmanager.yaml")),
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

/// Every line of what hosts of several kinds become, and of what is told of the rest.
#[test]
fn goss_files_of_hosts_of_several_kinds_become_plan_files_that_are_right() {
    let case = corpus();
    for file in
        ["web.yaml", "database.yaml", "hardening.yaml", "container.json", "windows.yaml", "site/goss.yaml"]
    {
        let (checks, told) = imported(&case, &format!("--import {file}"));
        insta::assert_snapshot!(file.replace(['/', '.'], "_"), format!("{checks}---\n{told}"));
        let plan = Case::new().plan_file(format!("mainstay: 1\n{checks}"));
        let report = plan.run("validate --format json").any_output().json();
        let findings = report["findings"].as_array().expect("findings").iter();
        let errors: Vec<_> = findings.filter(|finding| finding["severity"] == "error").collect();
        assert!(errors.is_empty(), "{file}: {errors:?}");
    }
}

/// Each resource says in its `meta` what Goss says of it, by its manual.
#[test]
fn imported_checks_answer_as_goss_does_on_a_live_host() {
    let server = crate::checks::http::server();
    let closed = crate::support::free_address();
    let folder = Case::new().file("text", "first\nsecond\n!bang\n").file("empty", "");
    let here = folder.path();
    std::fs::set_permissions(here.join("text"), std::os::unix::fs::PermissionsExt::from_mode(0o640))
        .expect("a mode");
    std::os::unix::fs::symlink("text", here.join("link")).expect("a link");
    assert!(std::process::Command::new("mkfifo").arg(here.join("pipe")).status().expect("mkfifo").success());
    let (_, closed) = closed.rsplit_once(':').expect("a port");
    let goss = include_str!("../goss/live.yaml")
        .replace("DIR", &here.display().to_string())
        .replace("PORT", &server.port().to_string())
        .replace("CLOSED", closed);

    let case = Case::new().file("goss.yaml", goss);
    let (checks, told) = imported(&case, "--import goss.yaml");
    assert!(told.ends_with(", 0 not carried over\n"), "{told}");
    let expected = verdicts(&checks);
    assert!(expected.len() > 90, "{expected:?}");
    let plan = case.plan_file(format!("mainstay: 1\n{checks}"));
    let report = plan.run("validate --live --format json").exit(1).json();
    let items: Vec<_> = report["items"].as_array().expect("items").iter().collect();
    assert_eq!(items.len(), expected.len());
    let wrong = items.iter().zip(&expected).filter(|(item, (name, verdict))| {
        assert_eq!(item["name"], format!("checks.{name}"));
        item["outcome"] != *verdict
    });
    let wrong: Vec<String> = wrong.map(|(item, (_, verdict))| format!("Goss: {verdict}: {item}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The names of the checks of a plan file and the outcome that the comment above each says.
fn verdicts(checks: &str) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    let mut verdict = None;
    for line in checks.lines() {
        match line.strip_prefix("  # meta.goss: ") {
            Some("pass") => verdict = Some("yes"),
            Some("fail") => verdict = Some("no"),
            _ if line.starts_with("  ") && !line.starts_with("   ") && !line.starts_with("  #") => {
                let name = line.trim().trim_end_matches(':').trim_matches('"').to_owned();
                let verdict = verdict.take().expect("a verdict");
                found.push((name, verdict));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn what_people_say_of_a_resource_stands_above_its_check_also_in_the_plan_file() {
    let goss = "port:\n  tcp:1:\n    title: \"The first\\nport: {\"\n    meta: {a: {b: [x, 'y # z']}, empty: }\n    listening: false\n";
    let case =
        Case::new().file("goss.yaml", goss).plan_file("mainstay: 1\nchecks:\n  mine: {file: {path: a}}\n");
    imported(&case, "--import goss.yaml --into");
    assert_eq!(
        case.read("maintenance.yaml"),
        "mainstay: 1\nchecks:\n  mine: {file: {path: a}}\n  # The first\n  # port: {\n  # meta.a.b[0]: x\n  # meta.a.b[1]: y # z\n  port-tcp-1:\n    port: {port: tcp:1, listening: false}\n"
    );
}

#[test]
fn files_beyond_a_thousand_are_told_with_their_place() {
    let mut case = Case::new().file("goss.yaml", "gossfile:\n  some/*.yaml: {}\n");
    for n in 1000..2003 {
        case = case.file(&format!("some/{n}.yaml"), format!("port: {{\"tcp:{n}\": {{listening: true}}}}\n"));
    }
    let (checks, told) = imported(&case, "--import goss.yaml");
    assert_eq!(checks.matches("listening").count() + checks.matches("    port: {port: tcp:").count(), 999);
    let left_out = "goss.yaml:2:3: not carried over: gossfile `some/*.yaml`: 4 files beyond the 1000 that are read; import them by themselves";
    assert!(told.contains(left_out), "{told}");
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
        .stderr_has("error[MS104]: the Goss file is a template, which only Goss can fill in")
        .stderr_has("--> service.yaml:7:1")
        .stderr_has("help: render it with Goss, and import what that prints: `goss --gossfile goss.yaml --vars vars.yaml render > rendered.yaml`");
    let inside = "command:\n  a: {exec: \"test {{ .Env.HOME }}\", exit-status: 0}\n";
    case.file("inside.yaml", inside).run("validate --import inside.yaml").exit(2).stderr_has("MS104");
    let case = corpus().file("twice.yaml", "user:\n  a: {exists: true}\n  a: {exists: false}\n");
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
