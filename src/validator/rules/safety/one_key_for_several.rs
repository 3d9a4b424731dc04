//! MS506: one key for several approvers.

use std::collections::BTreeSet;

use super::approvals::{Approvals, Signing, each_approval};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS506",
    title: "one key for several approvers",
    severity: Severity::Error,
    standing: Standing::Gate,
    why: "Approvals are counted by key: who holds it could sign for all of its names, so that two \
          approvals with it are one.",
    before: "\
mainstay: 1
tasks:
  rotate:
    type: routine
    domain: security
    duration: 5m
    steps:
      - run: [rotate-keys]
    approval: {required: 2, from: approvers}
access:
  signers: allowed_signers
  roles: {approvers: [ops@example.org, sec@example.org]}
# allowed_signers gives ops@example.org and sec@example.org the same key
",
    after: "\
mainstay: 1
tasks:
  rotate:
    type: routine
    domain: security
    duration: 5m
    steps:
      - run: [rotate-keys]
    approval: {required: 2, from: approvers}
access:
  signers: allowed_signers
  roles: {approvers: [ops@example.org, sec@example.org]}
# allowed_signers gives each of the two a key of their own
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let approvals = Approvals::new(facts);
    each_approval(facts, |task, approval| {
        let Some(signatories) = approvals.signatories(facts, &approval.from.value) else { return };
        let keys = signatories.iter().filter_map(|signatory| match &signatory.signing {
            Signing::Can(keys) => Some(keys),
            Signing::Absent | Signing::Expired | Signing::ForOthers => None,
        });
        let required = approval.required.value as usize;
        let n_people = keys.clone().count();
        let n_keys = keys.flatten().collect::<BTreeSet<_>>().len();
        if n_keys < required && required <= n_people {
            let message = format!(
                "task `{task}` waits for {required} approvals, and the {n_people} members of `{}` who can sign have {}",
                approval.from.value,
                crate::counted(n_keys, "key")
            );
            faults.push(
                Fault::new(RULE.code, approval.required.span, message)
                    .help("give each of them a key of their own"),
            );
        }
    });
}
