//! MS505: self-approval.

use super::approvals::{Approvals, Signing, each_approval};
use crate::security::{is_called, names_of};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS505",
    title: "self-approval",
    severity: Severity::Error,
    standing: Standing::Gate,
    why: "An approval by whoever wrote the plan is no second look: one stolen key, or one wrong \
          idea, is enough. Where there is only one person, a waiver records that.",
    before: "\
mainstay: 1
owner: ops@example.org
tasks:
  rotate:
    type: routine
    domain: security
    duration: 5m
    steps:
      - run: [rotate-keys]
    approval: {required: 1, from: approvers}
access:
  signers: allowed_signers
  roles: {approvers: [ops@example.org]}
",
    after: "\
mainstay: 1
owner: ops@example.org
tasks:
  rotate:
    type: routine
    domain: security
    duration: 5m
    steps:
      - run: [rotate-keys]
    approval: {required: 1, from: approvers}
access:
  signers: allowed_signers
  roles: {approvers: [ops@example.org, sec@example.org]}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let Some(author) = &facts.plan.owner else { return };
    let approvals = Approvals::new(facts);
    each_approval(facts, |task, approval| {
        if !is_alone(facts, &approvals, author, &approval.from.value) {
            return;
        }
        let message = format!(
            "task `{task}` waits for `{}`, of whom only the plan's owner `{author}` can sign",
            approval.from.value
        );
        faults.push(
            Fault::new(RULE.code, approval.from.span, message)
                .help("give the role to somebody else too, with a key of their own"),
        );
    });
}

/// Whether everybody of a role who can sign is the author of the plan, or holds the same key.
fn is_alone(facts: &Facts, approvals: &Approvals, author: &str, role: &str) -> bool {
    let Some(members) = approvals.members(role) else { return false };
    let is_author = |name: &str| is_called(author, name);
    let Some(signatories) = approvals.signatories(facts, role) else {
        return !members.is_empty() && members.iter().all(|name| is_author(name));
    };
    let keys = names_of(author).flat_map(|name| approvals.keys_of(name)).collect::<Vec<_>>();
    let mut can = signatories.iter().filter_map(|signatory| match &signatory.signing {
        Signing::Can(keys) => Some((signatory.name, keys)),
        Signing::Absent | Signing::Expired | Signing::ForOthers => None,
    });
    let is_same =
        |(name, of_name): (&str, &Vec<&str>)| is_author(name) || of_name.iter().all(|key| keys.contains(key));
    can.next().is_some_and(is_same) && can.all(is_same)
}
