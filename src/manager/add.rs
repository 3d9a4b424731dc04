//! Checks that are made of what the live host shows.

use super::{ImportError, Manager, NewCheck};
use crate::model::{Finding, MAX_NAME_LENGTH, PlanFile};
use crate::security::secrets::Secrets;
use crate::validator::checks::scaffold::{self, Subject};
use crate::validator::checks::{self, Answer};
use crate::validator::rules::Use;
use crate::world::World;
use crate::world::cancel::Cancel;

/// What was seen of the subjects that checks are to be made of.
#[derive(Debug, Default)]
pub struct Looked {
    /// The checks that can be written, by their names.
    pub checks: Vec<NewCheck>,
    /// The subjects that the plan file has a check of already, each with its name.
    pub known: Vec<(String, String)>,
    /// The subjects of which there can be no check.
    pub failures: Vec<Failure>,
}

/// Why there can be no check of a subject.
#[derive(Debug)]
pub struct Failure {
    /// The subject in one short line.
    pub subject: String,
    /// What a check of it would answer.
    pub answer: Answer,
}

impl Looked {
    /// Whether one of the subjects is not there, or not as it should be; others could perhaps not be found out.
    pub fn is_no(&self) -> bool {
        self.failures.iter().any(|failure| matches!(failure.answer, Answer::No { .. }))
    }
}

impl Manager {
    /// Looks at this machine, and makes a check of each subject that the plan file has none of yet. Nothing is written.
    ///
    /// # Errors
    /// [`ImportError`] when the plan file cannot be read or is wrong, or would be with one of the checks.
    pub fn look_at(&self, subjects: &[Subject], cancel: &Cancel) -> Result<Looked, ImportError> {
        let mut checked = self.plan_file()?;
        let is_wrong = checked.is_useless(Use::Plan);
        let Some(plan) = checked.plan.take().filter(|_| !is_wrong) else {
            let findings: Vec<Finding> = checked.stopping(Use::Plan).cloned().collect();
            return Err(ImportError::Form { source_text: Box::new(checked.source), findings });
        };
        let world = World::new(&plan.connections, &self.file, self.clock());
        Secrets::new(&plan, &world).hide_what_is_at_hand();
        let mut looked = Looked::default();
        let mut seen: Vec<&Subject> = Vec::new();
        for subject in subjects {
            if cancel.is_fired() {
                break;
            }
            if seen.contains(&subject) {
                continue;
            }
            seen.push(subject);
            match known(&plan, subject) {
                Some(name) => looked.known.push((subject.in_short(), name)),
                None => self.look_at_one(subject, &plan, &world, cancel, &mut looked)?,
            }
        }
        Ok(looked)
    }

    fn look_at_one(
        &self,
        subject: &Subject,
        plan: &PlanFile,
        world: &World,
        cancel: &Cancel,
        looked: &mut Looked,
    ) -> Result<(), ImportError> {
        let name = free_name(&subject.check_name(), plan, looked);
        let refused = |why| ImportError::Refused { subject: subject.in_short(), why };
        let alone = self.read_back(&name, &subject.form(&[])).map_err(refused)?;
        let failure = |answer| Failure { subject: subject.in_short(), answer };
        let value = match scaffold::look(subject, &alone, world, cancel) {
            Ok(value) => value,
            Err(answer) => {
                looked.failures.push(failure(answer));
                return Ok(());
            }
        };
        let check = self.read_back(&name, &value).map_err(refused)?;
        // What is written has to hold: the machine may change while it is looked at.
        if !subject.acts() {
            let answer = checks::ask_once(&check, world, cancel);
            if !answer.is_yes() {
                looked.failures.push(failure(answer));
                return Ok(());
            }
        }
        looked.checks.push(NewCheck { name, value, comments: Vec::new() });
        Ok(())
    }
}

/// The name of the check that the plan file has of a subject.
fn known(plan: &PlanFile, subject: &Subject) -> Option<String> {
    let known = plan.checks.iter().find(|(_, check)| subject.is_of(&check.value));
    known.map(|(name, _)| name.value.clone())
}

/// A name that no check has.
fn free_name(name: &str, plan: &PlanFile, looked: &Looked) -> String {
    let is_free = |name: &String| {
        plan.checks.get(name).is_none() && looked.checks.iter().all(|other| other.name != *name)
    };
    let numbered = (2..).map(|n: u32| {
        let end = format!("-{n}");
        let kept = name.len().min(MAX_NAME_LENGTH - end.len());
        format!("{}{end}", &name[..kept])
    });
    std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_else(|| name.to_owned())
}
