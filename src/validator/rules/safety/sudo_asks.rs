//! MS512: sudo that may ask.

use super::commands::each_call;
use crate::validator::rules::prelude::*;
use crate::validator::shell::Word;
use crate::validator::work::is_option;

pub(super) const RULE: Rule = Rule {
    code: "MS512",
    title: "sudo that may ask",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Nobody is there to type a password: without `-n`, sudo asks, gets no answer, and on some \
          systems waits until the step's time is up. With `-n` it fails at once and says why.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [sudo, systemctl, daemon-reload]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [sudo, -n, systemctl, daemon-reload]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    each_call(
        facts,
        |step, call| {
            let words = call.runner("sudo")?;
            let options = words[1..].iter().take_while(|word| word.text.starts_with('-'));
            // A password on its input, or a program that gives it.
            let never_asks = |word: &Word| {
                is_option(&word.text, &['n', 'S', 'A'], &["--non-interactive", "--stdin", "--askpass"])
            };
            if options.into_iter().any(never_asks) {
                return None;
            }
            let message = format!("`sudo` in task `{}` may ask for a password", step.task_name.value);
            let span = facts.work().place(facts.tree, step, call, &words[0]);
            Some(Fault::new(RULE.code, span, message).help("write `sudo -n`"))
        },
        faults,
    );
}
