//! The script of a run: everything that it may do, in order, known before it begins.
//!
//! A plain function of the task and its targets, so that a run that is resumed reads the same script again: phase,
//! target and place name one step of it for ever.

use super::{Check, Phase, Spanned, Step, Task};

/// One step of the plan file on one target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit<'a> {
    /// Steps, rollback or finally.
    pub phase: Phase,
    /// The target.
    pub target: &'a str,
    /// Its place in the task's list of this phase, from 0.
    pub place: u32,
    /// What is done.
    pub step: &'a Step,
}

/// What is done on one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<'a> {
    /// The target.
    pub target: &'a str,
    /// The work, in order.
    pub steps: Vec<Unit<'a>>,
    /// The way back, in order.
    pub rollback: Vec<Unit<'a>>,
    /// What comes at the end in any case, in order.
    pub finally: Vec<Unit<'a>>,
}

/// Targets that are in work together.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch<'a> {
    /// What is done on each of them, in order.
    pub parts: Vec<Part<'a>>,
}

/// A check of the plan file that belongs to no single target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked<'a> {
    /// Preconditions or verify.
    pub phase: Phase,
    /// Its place in the task's list of this phase, from 0.
    pub place: u32,
    /// What has to hold.
    pub check: &'a Check,
}

/// Everything that a run may do: preconditions, the batches one after the other, verification. The way back covers
/// the targets that were touched, the last one first; `finally` covers them in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Script<'a> {
    /// What has to hold before anything is touched.
    pub preconditions: Vec<Asked<'a>>,
    /// The batches, in order.
    pub batches: Vec<Batch<'a>>,
    /// What has to hold after the work.
    pub verify: Vec<Asked<'a>>,
}

impl<'a> Script<'a> {
    /// What is done on each target, in order.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &Part<'a>> {
        self.batches.iter().flat_map(|batch| &batch.parts)
    }
}

/// Compiles the script of a run of `task` on `targets`.
pub fn compile<'a>(task: &'a Task, targets: &'a [String]) -> Script<'a> {
    let part = |target: &'a String| Part {
        target,
        steps: units(Phase::Steps, target, &task.steps),
        rollback: units(Phase::Rollback, target, &task.rollback),
        finally: units(Phase::Finally, target, &task.finally),
    };
    Script {
        preconditions: asked(Phase::Preconditions, &task.preconditions),
        batches: task
            .batches(targets)
            .map(|batch| Batch { parts: batch.iter().map(part).collect() })
            .collect(),
        verify: asked(Phase::Verify, &task.verify),
    }
}

fn units<'a>(phase: Phase, target: &'a str, steps: &'a [Spanned<Step>]) -> Vec<Unit<'a>> {
    (0..).zip(steps).map(|(place, step)| Unit { phase, target, place, step }).collect()
}

fn asked(phase: Phase, checks: &[Spanned<Check>]) -> Vec<Asked<'_>> {
    (0..).zip(checks).map(|(place, check)| Asked { phase, place, check }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_every_step_by_phase_target_and_place_in_the_order_of_the_batches() {
        let text = "\
mainstay: 1
targets: {a: {local: true}, b: {local: true}, c: {local: true}, d: {local: true}}
tasks:
  roll:
    type: routine
    domain: component
    duration: 1m
    targets: [all]
    rollout: {canary: 1, serial: 2}
    steps: [{run: [one]}, {run: [two]}]
    verify: [{file: {path: x}}, {file: {path: y}}]
    rollback: [{run: [back]}]
    finally: [{run: [tidy]}]
";
        let text = crate::planfile::Text::new("maintenance.yaml", text.as_bytes().to_vec());
        let plan = text.read().into_plan().unwrap();
        let targets = ["a", "b", "c", "d"].map(str::to_owned);
        let script = compile(plan.tasks.get("roll").unwrap(), &targets);

        let batches: Vec<Vec<_>> =
            script.batches.iter().map(|batch| batch.parts.iter().map(|part| part.target).collect()).collect();
        assert_eq!(batches, [vec!["a"], vec!["b", "c"], vec!["d"]]);
        let told = |units: &[Unit]| -> Vec<String> {
            units.iter().map(|u| format!("{} {} {} {}", u.phase, u.target, u.place, u.step.label())).collect()
        };
        let c = script.parts().find(|part| part.target == "c").unwrap();
        assert_eq!(told(&c.steps), ["steps c 0 one", "steps c 1 two"]);
        assert_eq!(told(&c.rollback), ["rollback c 0 back"]);
        assert_eq!(told(&c.finally), ["finally c 0 tidy"]);
        let places: Vec<_> = script.verify.iter().map(|asked| asked.place).collect();
        assert_eq!((places, script.preconditions.len()), (vec![0, 1], 0));
    }
}
