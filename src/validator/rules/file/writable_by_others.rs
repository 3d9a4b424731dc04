//! MS004: others can write the plan file.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS004",
    title: "others can write the plan file",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Whoever can write the plan file can run commands as the one who runs it. The other commands \
          refuse such a file as root.",
    before: "\
# -rw-rw-rw- maintenance.yaml
",
    after: "\
# -rw-r--r-- maintenance.yaml
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    if let Some(who) = facts.around.writers {
        faults.push(
            Fault::of_file(RULE.code, format!("the plan file can be written by {who}"))
                .help("chmod go-w, and review what was written meanwhile"),
        );
    }
}
