//! MS511: download that is run unseen.

use crate::validator::rules::prelude::*;
use crate::validator::shell::{ExpansionKind, Link};
use crate::validator::work::{Call, StepWork, is_shell};

pub(super) const RULE: Rule = Rule {
    code: "MS511",
    title: "download that is run unseen",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "What the other side serves at that moment runs here, with the rights of the step: nobody \
          has read it, no checksum holds it, and a connection that breaks in the middle runs half \
          of it.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: curl -fsS https://example.org/install.sh | sh
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: |
          curl -fsS -o install.sh https://example.org/install.sh
          sha256sum --check install.sh.sha256 && sh install.sh
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for step in &facts.work().steps {
        for (index, call) in step.calls.iter().enumerate() {
            if is_fed(step, index) || substitutes(call) {
                let message = format!(
                    "task `{}` runs what it downloads, unseen, with `{}`",
                    step.task_name.value,
                    call.program()
                );
                let span = facts.work().place_of(facts.tree, step, call);
                faults.push(
                    Fault::new(RULE.code, span, message)
                        .help("download to a file, check its digest or signature, then run it"),
                );
            }
        }
    }
}

fn downloads(call: &Call) -> bool {
    matches!(call.program(), "curl" | "wget" | "fetch")
}

fn interprets(call: &Call) -> bool {
    is_shell(call.program()) || matches!(call.program(), "python" | "python3" | "perl" | "ruby" | "node")
}

/// Whether what a pipe brings from a download is run.
fn is_fed(step: &StepWork, index: usize) -> bool {
    let call = &step.calls[index];
    // `sh -s -- --flag` reads its input; `sh script` and `sh -c text` do not.
    let reads_input =
        call.has(&["-s", "-"]) || call.texts().all(|text| matches!(text, "-x" | "-e" | "-ex" | "-eu"));
    if call.before() != Link::Pipe || !interprets(call) || !reads_input {
        return false;
    }
    let earlier = step.calls[..index].iter().rev().take_while(|call| call.after() == Link::Pipe);
    earlier.into_iter().any(downloads)
}

/// Whether a download stands in the text that is run: `sh -c "$(curl ...)"`, `bash <(curl ...)`.
fn substitutes(call: &Call) -> bool {
    if !(interprets(call) || matches!(call.program(), "eval" | "source" | ".")) {
        return false;
    }
    let mut commands = call.args().iter().flat_map(|word| {
        let commands = word.expansions.iter().filter(|expansion| expansion.kind == ExpansionKind::Command);
        commands.map(|expansion| &word.text[expansion.range.clone()])
    });
    commands.any(|text| {
        let inner = text.trim_start_matches(['$', '<', '(', '`', ' ']);
        inner.starts_with("curl ") || inner.starts_with("wget ")
    })
}
