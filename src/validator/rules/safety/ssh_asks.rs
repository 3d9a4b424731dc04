//! MS525: ssh that may ask.

use super::commands::each_call;
use crate::validator::rules::prelude::*;
use crate::validator::work::Call;

pub(super) const RULE: Rule = Rule {
    code: "MS525",
    title: "ssh that may ask",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "Without `BatchMode=yes`, ssh asks for a password or whether a new host key is to be \
          trusted; nobody answers. With it, it fails at once and says why.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [ssh, db-1.example.org, systemctl, daemon-reload]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [ssh, -o, BatchMode=yes, db-1.example.org, systemctl, daemon-reload]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    each_call(
        facts,
        |step, call| {
            if !connects(call) || never_asks(call) {
                return None;
            }
            let message =
                format!("`{}` in task `{}` may ask a question", call.program(), step.task_name.value);
            let span = facts.work().place_of(facts.tree, step, call);
            Some(Fault::new(RULE.code, span, message).help("add `-o BatchMode=yes`"))
        },
        faults,
    );
}

fn connects(call: &Call) -> bool {
    match call.program() {
        "ssh" => call.operands().next().is_some(),
        "scp" => call.operands().any(|word| word.text.contains(':')),
        "rsync" => call
            .texts()
            .any(|text| text == "ssh" || text.starts_with("ssh ") || text.starts_with("--rsh=ssh")),
        _ => false,
    }
}

fn never_asks(call: &Call) -> bool {
    // A configuration file of its own, or the password given by another program.
    let is_configured = call.texts().any(|text| text.starts_with("-F") || text.contains(" -F"));
    let is_batch =
        |text: &str| text.to_ascii_lowercase().contains("batchmode=yes") || text.contains("BatchMode yes");
    let asks_for_version = call.has(&["-V", "-Q", "-G"]) || call.has_option(&['B'], &[]);
    call.texts().any(is_batch) || is_configured || asks_for_version
}
