//! MS519: program that wants a person.

use super::commands::each_call;
use crate::validator::rules::prelude::*;
use crate::validator::work::Call;

pub(super) const RULE: Rule = Rule {
    code: "MS519",
    title: "program that wants a person",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Nobody is there to answer it: its input is empty and it has no terminal. It fails at \
          once, or waits until the step's time is up.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [crontab, -e]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [crontab, crontab.txt]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    each_call(
        facts,
        |step, call| {
            if call.has_input() || !is_interactive(call) {
                return None;
            }
            let message = format!(
                "`{}` in task `{}` wants a person at a terminal",
                call.program(),
                step.task_name.value
            );
            let span = facts.work().place_of(facts.tree, step, call);
            Some(Fault::new(RULE.code, span, message).help("use a form of it that asks nothing, or `pause`"))
        },
        faults,
    );
}

/// Only what is certain: a program that has another use with other options is none.
fn is_interactive(call: &Call) -> bool {
    let has_help = call.has(&["--help", "--version", "-h", "-V"]);
    let is_it = match call.program() {
        "nano" | "emacs" | "htop" | "vipw" | "vigr" | "iotop" => !call.has(&["--batch", "-batch", "-b"]),
        "vi" | "vim" | "nvim" => {
            !call.texts().any(|text| text.starts_with("-e") || text == "-c" || text == "-s")
        }
        "less" | "more" => !call.args().is_empty(),
        "top" => !call.has_option(&['b'], &["--batch"]),
        "visudo" => !call.has_option(&['c'], &["--check"]),
        "crontab" => call.has(&["-e"]),
        "systemctl" => call.has(&["edit"]) && !call.has(&["--stdin"]),
        "read" => call.has(&["-p"]),
        "passwd" => !call.texts().any(|text| text.starts_with('-')),
        "mysql" | "mariadb" => !call
            .texts()
            .any(|text| text.starts_with("-e") || text.starts_with("--execute") || text.starts_with("-Be")),
        "psql" => {
            let is_batch = |text: &str| {
                ["-c", "-f", "-l", "--command", "--file", "--list"]
                    .iter()
                    .any(|option| text.starts_with(option))
            };
            !call.texts().any(is_batch) && !call.has_option(&['c', 'f', 'l'], &[])
        }
        _ => false,
    };
    is_it && !has_help
}
