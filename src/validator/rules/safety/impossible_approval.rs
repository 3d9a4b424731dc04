//! MS504: impossible approval.

use super::approvals::{Approvals, Signatory, Signing, each_approval};
use crate::counted;
use crate::model::{APPROVAL_NAMESPACE, Approval, Spanned};
use crate::validator::rules::prelude::*;
use crate::validator::surroundings::Found;

pub(super) const RULE: Rule = Rule {
    code: "MS504",
    title: "impossible approval",
    severity: Severity::Error,
    standing: Standing::Gate,
    why: "The work waits for a signature that nobody can give, and never starts.",
    before: "\
mainstay: 1
tasks:
  rotate:
    type: routine
    domain: security
    duration: 5m
    steps:
      - run: [rotate-keys]
    approval: {required: 1, from: approver}
access:
  signers: allowed_signers
  roles: {approvers: [ops@example.org, sec@example.org]}
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
    approval: {required: 1, from: approvers}
access:
  signers: allowed_signers
  roles: {approvers: [ops@example.org, sec@example.org]}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let approvals = Approvals::new(facts);
    let mut is_needed = false;
    each_approval(facts, |task, approval| {
        is_needed = true;
        faults.extend(of_task(facts, &approvals, task, approval));
    });
    if is_needed {
        faults.extend(of_file(facts));
    }
}

/// What is wrong with the signers file, whatever stands in it.
fn of_file(facts: &Facts) -> Option<Fault> {
    let signers = facts.plan.access.as_ref()?.signers.as_ref().filter(|signers| stands(*signers))?;
    let why = match facts.around.files.get(&signers.value)? {
        Found::Missing => "is not there".to_owned(),
        Found::NotAFile => "is not a file".to_owned(),
        Found::Unknown(why) => format!("cannot be read: {why}"),
        Found::File { mode, .. } if mode & 0o002 != 0 => "can be written by everybody".to_owned(),
        Found::File { .. } => return None,
    };
    let message = format!("the signers file `{}` {why}, so that no approval can be checked", signers.value);
    Some(Fault::new(RULE.code, signers.span, message).help("see ALLOWED SIGNERS in ssh-keygen(1)"))
}

fn of_task(facts: &Facts, approvals: &Approvals, task: &str, approval: &Approval) -> Option<Fault> {
    let Approval { required, from } = approval;
    let fault = |span, message: String| Some(Fault::new(RULE.code, span, message));
    let Some(members) = approvals.members(&from.value) else {
        if approvals.knows(&from.value) {
            return None;
        }
        let message = format!("task `{task}` waits for `{}`, a role that nobody has", from.value);
        return fault(from.span, message).map(|fault| {
            fault.expected("expected a role from `access.roles`").near(&from.value, approvals.roles())
        });
    };
    let n_members = counted(members.len(), "member");
    if members.len() < required.value as usize {
        let message = format!(
            "task `{task}` waits for {}, and role `{}` has {n_members}",
            counted(required.value as usize, "approval"),
            from.value
        );
        return fault(required.span, message);
    }
    if !approvals.has_signers_key {
        let message = format!("task `{task}` waits for an approval, and `access` names no signers file");
        return fault(from.span, message)
            .map(|fault| fault.help("add `signers:` with the keys that approvals are signed with"));
    }
    let signatories = approvals.signatories(facts, &from.value)?;
    who_cannot(task, required, from, signatories)
}

/// How many members are told why they cannot sign: a role may have hundreds.
const SHOWN: usize = 3;

/// The fault of too few members who can sign.
fn who_cannot(
    task: &str,
    required: &Spanned<u32>,
    from: &Spanned<String>,
    signatories: &[Signatory],
) -> Option<Fault> {
    let can = signatories.iter().filter(|signatory| matches!(signatory.signing, Signing::Can(_))).count();
    if can >= required.value as usize {
        return None;
    }
    let why = |signatory: &Signatory| match &signatory.signing {
        Signing::Can(_) => None,
        Signing::Absent => Some(format!("`{}` is not in it", signatory.name)),
        Signing::Expired => Some(format!("the key of `{}` is not valid now", signatory.name)),
        Signing::ForOthers => Some(format!(
            "the key of `{}` is for other namespaces than `{APPROVAL_NAMESPACE}`",
            signatory.name
        )),
    };
    let mut reasons: Vec<_> = signatories.iter().filter_map(why).collect();
    let left_out = reasons.len().saturating_sub(SHOWN);
    reasons.truncate(SHOWN);
    if left_out > 0 {
        reasons.push(format!("and so on for {left_out} more"));
    }
    let message = format!(
        "task `{task}` waits for {} of role `{}`, and {} of it can sign",
        counted(required.value as usize, "approval"),
        from.value,
        match can {
            0 => "nobody".to_owned(),
            n => counted(n, "member"),
        }
    );
    Some(
        Fault::new(RULE.code, from.span, message)
            .expected(format!("by the signers file: {}", reasons.join(", "))),
    )
}
