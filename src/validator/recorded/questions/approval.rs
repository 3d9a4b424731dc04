//! Whether those agreed who have to, with keys of their own.

use super::prelude::*;
use crate::model::ApprovalStatement;
use crate::security::approval::Standing;

pub(super) const QUESTIONS: &[OfRun] = &[
    OfRun {
        question: Question {
            code: &codes::NOT_APPROVED,
            name: "approved",
            aspect: Aspect::Process,
            asks: "did enough people agree to this work before it began?",
        },
        ask: approved,
    },
    OfRun {
        question: Question {
            code: &codes::NOT_BY_KEYS,
            name: "approved by keys",
            aspect: Aspect::Security,
            asks: "do the signatures of the approvals verify, by keys of people who may approve, and not of the author?",
        },
        ask: by_keys,
    },
];

fn approved(case: &Case) -> Said {
    let account = case.account;
    let task = match case.task() {
        Ok(task) => task,
        Err(unknown) => return unknown,
    };
    let Some(approval) = &task.approval else { return Said::does_not_arise("the task needs no approval") };
    if account.is_emergency() {
        return Said::does_not_arise("an emergency passes approval; its review comes afterwards");
    }
    let required = approval.required.value;
    let mut evidence = vec![account.started.seq];
    let (mut people, mut against) = (Vec::new(), Vec::new());
    for seq in &account.approvals {
        evidence.push(*seq);
        match about(case, *seq) {
            Ok(said) if people.contains(&said.who) => {}
            Ok(said) => people.push(said.who),
            Err(why) => against.push(Words::new(
                format!("the approval in entry {seq} is not for this work: {why}"),
                [account.started.seq, *seq],
            )),
        }
    }
    if (people.len() as u64) < u64::from(required) {
        let given = people.len();
        let text = format!("it began with {given} of {required} approvals from {}", approval.from.value);
        against.insert(0, Words::new(text, evidence.clone()));
    }
    Said::unless(against, || Words::new(format!("by {}", people.join(", ")), evidence))
}

/// What an approval says, if it is about this work and was there before it began.
fn about(case: &Case, seq: u64) -> Result<ApprovalStatement, String> {
    let (account, history) = (case.account, case.around.history);
    let recorded = history.approvals.get(&seq).ok_or("there is none in the ledger")?;
    if account.started.seq < seq {
        return Err("it was recorded after the start".to_owned());
    }
    let said: ApprovalStatement =
        serde_json::from_str(&recorded.statement).map_err(|_| "it cannot be understood")?;
    if said.ledger != history.origin {
        return Err("it was given for another ledger".to_owned());
    }
    if said.plan != account.plan_digest {
        return Err("it was given for another plan file".to_owned());
    }
    let targets = match &account.occurrence {
        Some(id) => said.occurrences.iter().find(|it| it.id == *id).map(|it| &it.targets),
        None => match said.on_demand.iter().find(|it| it.task == account.task) {
            Some(run) if run.until <= account.started.at => return Err("it had ended".to_owned()),
            run => run.map(|run| &run.targets),
        },
    };
    match targets {
        Some(targets) if *targets == account.targets => {}
        Some(_) => return Err("it is about other targets".to_owned()),
        None => return Err("it is about other work".to_owned()),
    }
    // An approval of a run on demand counts once.
    let mut earlier = history.before(&account.task, account.run).take_while(|it| seq < it.started.seq);
    let between = earlier.find(|it| account.occurrence.is_none() && it.approvals.contains(&seq));
    match between {
        Some(used) => Err(format!("run {} had used it", used.run)),
        None => Ok(said),
    }
}

fn by_keys(case: &Case) -> Said {
    let account = case.account;
    let task = match case.task() {
        Ok(task) => task,
        Err(unknown) => return unknown,
    };
    if task.approval.is_none() {
        return Said::does_not_arise("the task needs no approval");
    }
    if account.is_emergency() {
        return Said::does_not_arise("an emergency passes approval");
    }
    if account.approvals.is_empty() {
        return Said::does_not_arise("there is no approval to verify");
    }
    let evidence = || account.approvals.iter().copied();
    match &case.standing {
        None => Said::unknown("signatures cannot be verified without the plan file's `access`", evidence()),
        Some(Standing { unknown: Some(why), .. }) => Said::unknown(why.clone(), evidence()),
        Some(standing) if standing.is_given() => {
            let keys: Vec<_> = standing.by.iter().map(|by| format!("{} ({})", by.who, by.key)).collect();
            Said::yes(keys.join(", "), evidence())
        }
        Some(standing) => {
            let note = standing.note().map(|note| format!("; {note}")).unwrap_or_default();
            let (given, required) = (standing.given(), standing.required);
            Said::no(format!("{given} of {required} approvals are good{note}"), evidence())
        }
    }
}
