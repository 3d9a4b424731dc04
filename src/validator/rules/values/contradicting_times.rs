//! MS305: times that contradict.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS305",
    title: "times that contradict",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Together the two times make sure that nothing happens as meant: a cutoff as long as its \
          window lets nothing start.",
    before: r#"mainstay: 1
windows:
  night: {cron: "0 2 * * *", duration: 30m, cutoff: 30m}
"#,
    after: r#"mainstay: 1
windows:
  night: {cron: "0 2 * * *", duration: 4h, cutoff: 30m}
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    blackouts(facts, faults);
    lengths(facts, faults);
}

/// Blackouts that end before they begin.
fn blackouts(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, blackout) in facts.plan.blackouts.iter() {
        let (from, to) = (&blackout.from, &blackout.to);
        if stands(from) && stands(to) && facts.zone.resolve(&to.value) <= facts.zone.resolve(&from.value) {
            faults.push(
                Fault::new(RULE.code, to.span, format!("blackout `{}` ends before it begins", name.value))
                    .expected("expected a time after `from`")
                    .related(from.span, "it begins here"),
            );
        }
    }
}

/// Lengths that have to be shorter than others.
fn lengths(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, window) in facts.plan.windows.iter() {
        if let Some(cutoff) = window.cutoff
            && stands(&window.duration)
            && cutoff.value >= window.duration.value
        {
            let message = format!("nothing can ever start in window `{}`", name.value);
            faults.push(
                Fault::new(RULE.code, cutoff.span, message)
                    .expected(format!("expected less than the duration, {}", window.duration.value))
                    .related(window.duration.span, "the duration is set here"),
            );
        }
    }
    for (name, task) in facts.plan.tasks.iter() {
        let Some(schedule) = &task.schedule else { continue };
        if let (Some(every), Some(tolerance)) = (schedule.every, schedule.tolerance)
            && tolerance.value >= every.value
        {
            let message = format!("task `{}` would be due again as soon as it ended", name.value);
            faults.push(
                Fault::new(RULE.code, tolerance.span, message)
                    .expected(format!("expected less than `every`, {}", every.value))
                    .related(every.span, "the interval is set here"),
            );
        }
        if let (Some(within), None) = (schedule.within, &schedule.when) {
            faults.push(
                Fault::new(RULE.code, within.span, "`within` says nothing without `when`").help("remove it"),
            );
        }
    }
}
