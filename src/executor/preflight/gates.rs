//! What lets a run start: window and blackouts, the tasks before it, approval, gate, secrets, and what others hold.

use super::{Ahead, Ending, Found, Item, Wanted, assumed, cannot_know, verified, wrong};
use crate::executor::controller::{self, GateAnswer};
use crate::executor::{cover, needs};
use crate::model::{Length, Origin, Phase};
use crate::scheduler::words::why_not;
use crate::security::secrets;
use crate::state::{NewRun, StartError, State, StateError};
use crate::world::process_identity;

/// A look at what is on record; nothing when there is nothing to tell.
type Look<'a> = dyn Fn(Option<&State>) -> Result<Option<Found>, StateError> + 'a;

pub(super) fn look(ahead: &Ahead, wanted: &Wanted) -> Result<Vec<Item>, StateError> {
    let mut items = vec![Item::new(Phase::Gate, "window", window(ahead, wanted))];
    let past = ahead.past;
    let mut ask = |name: &str, look: &Look| {
        let found = match past {
            Ok(state) => look(state)?,
            Err(why) => Some(cannot_know(format!("what is on record cannot be read: {why}"))),
        };
        items.extend(found.map(|found| Item::new(Phase::Gate, name, found)));
        Ok::<_, StateError>(())
    };
    if !wanted.task.after.is_empty() {
        ask("after", &|state| before(ahead, wanted, state).map(Some))?;
    }
    if wanted.task.approval.is_some() {
        ask("approval", &|state| approval(ahead, wanted, state))?;
    }
    let gate = wanted.task.gate.as_ref().map(|gate| match controller::ask_gate(gate, ahead.world) {
        GateAnswer::Open(found) => verified(found),
        GateAnswer::Closed(why) => wrong(Ending::NotNow, why),
        GateAnswer::Unknown(why) if ahead.is_emergency => assumed(controller::open_in_emergency(&why)),
        GateAnswer::Unknown(why) => wrong(Ending::Unknown, why),
    });
    items.extend(gate.map(|found| Item::new(Phase::Gate, "gate", found)));
    items.extend(secrets::of_task(wanted.task).into_iter().map(|name| {
        let found = super::secrets::look(ahead.plan, name, ahead.world);
        Item::new(Phase::Gate, &format!("secret {name}"), found)
    }));
    items.extend(covers(ahead, wanted));
    let found = match past {
        Ok(None) => None,
        Ok(Some(state)) => Some(held(ahead, wanted, state)?),
        Err(why) => Some(cannot_know(format!("what is on record cannot be read: {why}"))),
    };
    items.extend(found.map(|found| Item::new(Phase::Gate, "locks", found)));
    Ok(items)
}

fn window(ahead: &Ahead, wanted: &Wanted) -> Found {
    let length = wanted.task.estimate(wanted.targets.len());
    match controller::admit(ahead.plan, ahead.zone, wanted.task, length, ahead.now) {
        Ok(Ok(None)) => verified("may run at any time"),
        Ok(Ok(Some(span))) => {
            verified(format!("`{}` is open until {}", span.name, ahead.zone.date_and_time(span.end)))
        }
        Ok(Err(because)) if ahead.is_emergency => verified(passed(&why_not(&because, ahead.zone))),
        Ok(Err(because)) => wrong(Ending::NotNow, why_not(&because, ahead.zone)),
        Err(error) => wrong(Ending::Unknown, crate::in_words(&error)),
    }
}

/// For how long it waits between targets that stand in for each other.
fn covers(ahead: &Ahead, wanted: &Wanted) -> Vec<Item> {
    let groups = cover::ahead(ahead.plan, ahead.world, (wanted.task, &wanted.targets));
    let item = |(group, needed): (String, Result<cover::Needed, String>)| {
        let found = match needed {
            Ok(cover::Needed { length, rule }) => {
                let rule =
                    rule.map(|rule| format!(", as far as the rule `{rule}` looks back")).unwrap_or_default();
                verified(format!(
                    "it waits {} between targets of it, until their gap is covered{rule}",
                    Length(length)
                ))
            }
            Err(why) => cannot_know(format!("how long it waits between targets of it: {why}")),
        };
        Item::new(Phase::Gate, &format!("group {group}"), found)
    };
    groups.into_iter().map(item).collect()
}

/// What an emergency passes is not in its way.
fn passed(why: &str) -> String {
    format!("passed, because this is an emergency: {why}")
}

/// The tasks that it comes after: their work has to have succeeded.
fn before(ahead: &Ahead, wanted: &Wanted, state: Option<&State>) -> Result<Found, StateError> {
    let mut with_it = Vec::new();
    for before in wanted.task.after.iter() {
        if ahead.before.contains(&before.value) {
            with_it.push(format!("`{}`", before.value));
            continue;
        }
        let last = state.map(|state| state.last_outcome(&before.value)).transpose()?.flatten();
        if let Some(reason) = controller::unsound_ground(&before.value, last) {
            return Ok(wrong(Ending::NotNow, reason));
        }
    }
    Ok(match with_it.as_slice() {
        [] => verified("nothing that it comes after has failed"),
        names => cannot_know(format!("it waits for {} of the same command", names.join(", "))),
    })
}

fn approval(ahead: &Ahead, wanted: &Wanted, state: Option<&State>) -> Result<Option<Found>, StateError> {
    let Some(standing) = ahead.approvals.standing(state, &wanted.work(), ahead.now)? else { return Ok(None) };
    if standing.is_given() {
        return Ok(Some(verified(standing.in_words())));
    }
    let waits_for = controller::waits_for(ahead.plan, &wanted.work(), &standing);
    Ok(Some(if ahead.is_emergency {
        verified(passed(&waits_for))
    } else {
        wrong(if standing.unknown.is_some() { Ending::Unknown } else { Ending::NotNow }, waits_for)
    }))
}

/// What other runs hold, asked as the start of the run asks it.
fn held(ahead: &Ahead, wanted: &Wanted, state: &State) -> Result<Found, StateError> {
    let (holds, mut limits) = needs::of(ahead.plan, wanted.task, &wanted.targets);
    let work = (wanted.task, wanted.targets.as_slice());
    if let Err(why) = cover::extend(ahead.plan, ahead.world, state, work, &mut limits)?
        && !ahead.is_emergency
    {
        return Ok(wrong(Ending::Unknown, why));
    }
    let new = NewRun {
        task: wanted.name.to_owned(),
        occurrence: wanted.occurrence.cloned(),
        origin: match wanted.occurrence {
            _ if ahead.is_emergency => Origin::Emergency,
            Some(_) => Origin::Due,
            None => Origin::OnDemand,
        },
        due: None,
        plan_digest: ahead.plan_digest.to_owned(),
        targets: wanted.targets.clone(),
        holder: ahead.holder.clone(),
        approvals: Vec::new(),
        definition: None,
        holds,
        justification: None,
        partial: false,
    };
    Ok(match state.would_refuse(&new, &limits)? {
        None => verified("nothing that it needs is held by another run"),
        Some(refusal) => match refusal.held_by() {
            Some(by) if by.is_over => wrong(Ending::NotNow, refusal.to_string()),
            Some(by) if !process_identity::is_alive(&by.holder) => assumed(format!(
                "run {} of `{}` was interrupted and is settled first; then nothing is held",
                by.run, by.task
            )),
            Some(_) if ahead.waits => assumed(format!("{refusal}; it waits for that")),
            Some(_) => wrong(Ending::Held, refusal.to_string()),
            None => wrong(ending_of(&refusal), refusal.to_string()),
        },
    })
}

fn ending_of(refusal: &StartError) -> Ending {
    match refusal {
        StartError::Missed { .. } | StartError::Held { .. } => Ending::Held,
        _ => Ending::NotNow,
    }
}
