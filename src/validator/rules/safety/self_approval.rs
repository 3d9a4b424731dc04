//! MS505: self-approval.

use super::approvals::{Approvals, Standing, each_approval};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS505",
    title: "self-approval",
    severity: Severity::Error,
    is_waivable: true,
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
    let Some(owner) = &facts.plan.owner else { return };
    let approvals = Approvals::new(facts);
    each_approval(facts, |task, approval| {
        let Some(members) = approvals.members(&approval.from.value) else { return };
        let is_owner = |name: &str| names_same(owner, name);
        let is_alone = match approvals.signatories(facts, &approval.from.value) {
            None => !members.is_empty() && members.iter().all(|name| is_owner(name)),
            Some(signatories) => {
                let owned = approvals.keys_of(owner).into_iter().chain(
                    signatories.iter().filter(|signatory| is_owner(signatory.name)).flat_map(|signatory| {
                        match &signatory.standing {
                            Standing::Can(keys) => keys.clone(),
                            Standing::Absent | Standing::Expired => Vec::new(),
                        }
                    }),
                );
                let owned: Vec<_> = owned.collect();
                let mut can = signatories.iter().filter_map(|signatory| match &signatory.standing {
                    Standing::Can(keys) => Some((signatory.name, keys)),
                    Standing::Absent | Standing::Expired => None,
                });
                let is_same = |(name, keys): (&str, &Vec<&str>)| {
                    is_owner(name) || keys.iter().all(|key| owned.contains(key))
                };
                let first = can.next();
                first.is_some_and(is_same) && can.all(is_same)
            }
        };
        if is_alone {
            let message = format!(
                "task `{task}` waits for `{}`, of whom only the plan's owner `{owner}` can sign",
                approval.from.value
            );
            faults.push(
                Fault::new(RULE.code, approval.from.span, message)
                    .help("give the role to somebody else too, with a key of their own"),
            );
        }
    });
}

/// Whether `owner`, as `Name <mail>` or one of the two, is this member of a role.
fn names_same(owner: &str, member: &str) -> bool {
    let mail = owner.split_once('<').and_then(|(_, rest)| rest.split('>').next());
    owner.trim().eq_ignore_ascii_case(member) || mail.is_some_and(|mail| mail.eq_ignore_ascii_case(member))
}
