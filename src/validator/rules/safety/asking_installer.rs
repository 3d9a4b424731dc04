//! MS513: installer that asks.

use super::commands::each_call;
use crate::validator::rules::prelude::*;
use crate::validator::work::Call;

pub(super) const RULE: Rule = Rule {
    code: "MS513",
    title: "installer that asks",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Nobody is there to say yes: the program reads an empty input, takes it for a no, and the \
          step fails, or it changes nothing and says so in a line that nobody reads.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [apt-get, install, node-exporter]
    verify: [{tcp: {address: "127.0.0.1:9090"}}]
"#,
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [apt-get, install, --yes, node-exporter]
    verify: [{tcp: {address: "127.0.0.1:9090"}}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    each_call(
        facts,
        |step, call| {
            let option = missing_option(call).filter(|_| !call.has_input())?;
            let message =
                format!("`{}` in task `{}` asks before it begins", call.in_short(), step.task_name.value);
            let span = facts.work().place_of(facts.tree, step, call);
            Some(Fault::new(RULE.code, span, message).help(format!("add `{option}`")))
        },
        faults,
    );
}

/// The option without which a package manager asks.
fn missing_option(call: &Call) -> Option<&'static str> {
    let has_verb = |verbs: &[&str]| call.has(verbs);
    match call.program() {
        "apt-get" | "apt" | "aptitude" => {
            const VERBS: [&str; 9] = [
                "install",
                "upgrade",
                "dist-upgrade",
                "full-upgrade",
                "remove",
                "purge",
                "autoremove",
                "safe-upgrade",
                "autopurge",
            ];
            let is_quiet = call.has(&["-qq"])
                || call.has_option(
                    &['y', 's'],
                    &["--yes", "--assume-yes", "--simulate", "--dry-run", "--assume-no"],
                )
                || call.texts().any(|text| text.contains("Assume-Yes"));
            (has_verb(&VERBS) && !is_quiet).then_some("--yes")
        }
        "yum" | "dnf" | "microdnf" => {
            const VERBS: [&str; 9] = [
                "install",
                "update",
                "upgrade",
                "remove",
                "erase",
                "autoremove",
                "reinstall",
                "downgrade",
                "localinstall",
            ];
            let is_quiet = call.has_option(&['y'], &["--assumeyes", "--assumeno"]);
            (has_verb(&VERBS) && !is_quiet).then_some("-y")
        }
        "zypper" => {
            const VERBS: [&str; 9] =
                ["install", "in", "update", "up", "remove", "rm", "dup", "dist-upgrade", "patch"];
            let is_quiet = call.has_option(&['n', 'y'], &["--non-interactive", "--no-confirm"]);
            (has_verb(&VERBS) && !is_quiet).then_some("--non-interactive")
        }
        "pacman" => {
            let changes = call.texts().any(|text| {
                let is_query = text.contains(['s', 'i', 'l', 'p', 'w']);
                text.starts_with("-R") || (text.starts_with("-S") && !is_query)
            });
            (changes && !call.has(&["--noconfirm"])).then_some("--noconfirm")
        }
        _ => None,
    }
}
