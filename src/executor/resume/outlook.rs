//! How far a run came, step by step.

use serde::Serialize;

use super::{Interrupted, may_be_repeated};
use crate::executor::engine::past::{Past, Standing};
use crate::model::Phase;
use crate::model::script::{Script, Unit};

/// How far one step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is done, or was left out.
    Done,
    /// It failed.
    Failed,
    /// It was begun, and nobody knows what became of it.
    Interrupted,
    /// It was not begun, or was not done.
    NotStarted,
}

impl State {
    /// Its name for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::NotStarted => "not started",
        }
    }
}

/// One step of the script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Steps, rollback or finally.
    pub phase: Phase,
    /// The target.
    pub target: String,
    /// Its place in the task's list of this phase, from 1.
    pub number: u32,
    /// What people call it.
    pub name: String,
    /// How far it came.
    pub state: State,
    /// What happens to it when the run goes on, when that is not plain.
    pub note: Option<String>,
}

impl Interrupted<'_> {
    /// Every step that the run is made of, in order: the work, the way back once it was begun, and `finally`.
    pub fn items(&self) -> Vec<Item> {
        let script = self.script();
        let past = self.past(&script);
        let goes_back = self.goes_back(&script, &past);
        units(&script, &past).iter().map(|unit| self.item(unit, &past, goes_back)).collect()
    }

    fn item(&self, unit: &Unit, past: &Past, goes_back: bool) -> Item {
        let (state, note) = match past.standing(unit) {
            Standing::Done => (State::Done, None),
            Standing::Failed => (State::Failed, None),
            Standing::NotStarted => (State::NotStarted, None),
            Standing::NotDone => {
                (State::NotStarted, Some("was interrupted, and counts as not done".to_owned()))
            }
            Standing::Again(attempts) => {
                (State::NotStarted, Some(format!("{} failed", crate::counted(attempts as usize, "attempt"))))
            }
            Standing::Interrupted if unit.phase == Phase::Steps && goes_back => {
                (State::Interrupted, Some("the run goes the way back".to_owned()))
            }
            Standing::Interrupted if may_be_repeated(self.task, unit.step) => {
                (State::Interrupted, Some("may be repeated".to_owned()))
            }
            Standing::Interrupted => match &unit.step.done_if {
                Some(check) => (State::Interrupted, Some(format!("done if `{}`", check.in_short()))),
                None => (State::Interrupted, Some("somebody has to say whether it is done".to_owned())),
            },
        };
        let name = unit.step.label();
        Item { phase: unit.phase, target: unit.target.to_owned(), number: unit.place + 1, name, state, note }
    }
}

/// The steps that the run is made of, as far as that is known by now.
pub(super) fn units<'s>(script: &Script<'s>, past: &Past) -> Vec<Unit<'s>> {
    let mut units: Vec<_> = script.parts().flat_map(|part| &part.steps).copied().collect();
    if past.is_going_back() {
        let touched = script.parts().rev().filter(|part| past.touches(part));
        units.extend(touched.flat_map(|part| &part.rollback));
    }
    let touched = script.parts().filter(|part| past.touches(part));
    units.extend(touched.flat_map(|part| &part.finally));
    units
}
