//! The silence of a run: before its first step, and gone at its end.

use super::steps::Progress;
use super::{End, Work, silence_tag};
use crate::executor::actions::Done;
use crate::executor::lease::reach::Scope;
use crate::executor::lease::{Lease, LeaseError, Purpose, Terms, silencing};
use crate::model::{Outcome, Phase, SilenceSpec};
use crate::state::StateError;
use crate::world::alertmanager::SilenceMatcher;
use crate::world::cancel::Cancel;

impl Work<'_> {
    pub(super) fn silence(
        &self,
        progress: &Progress,
        spec: &SilenceSpec,
        over: Cancel,
    ) -> Result<Result<Lease<'_>, End>, StateError> {
        let Some(alertmanager) = &self.world.alertmanager else {
            return Ok(Err(self.not_begun("there is no Alertmanager to hold the silence".to_owned())));
        };
        let purpose = Purpose {
            run: self.run,
            tag: silence_tag(self.origin, self.run),
            created_by: format!("mainstay ({})", self.who),
            comment: match self.emergency {
                Some(why) => format!("{}, run {}, emergency: {why}", self.task.title_or(self.name), self.run),
                None => format!("{}, run {}", self.task.title_or(self.name), self.run),
            },
            matchers: silence_matchers(spec),
            scope: Scope::of(self.plan, self.targets, self.world),
        };
        let mut lease = None;
        let mut broken = None;
        let done =
            self.once(progress, Phase::Silence, "silence alerts", &words_of(&purpose.matchers), || {
                match Lease::begin(alertmanager, self.journal, purpose.clone(), Terms::default(), over) {
                    Ok((begun, reach)) => {
                        lease = Some(begun);
                        Done::well(reach.in_words())
                    }
                    Err(LeaseError::State(error)) => {
                        let done = Done::failed(crate::in_words(&error));
                        broken = Some(error);
                        done
                    }
                    Err(error) => Done::failed(crate::in_words(&error)),
                }
            })?;
        match (lease, broken) {
            (_, Some(error)) => Err(error),
            (Some(lease), None) => Ok(Ok(lease)),
            (None, None) => {
                let why = done.message.unwrap_or_default();
                Ok(Err(self.not_begun(format!("alerts could not be silenced: {why}"))))
            }
        }
    }

    /// Ends the silence; returns what is wrong with that, if anything.
    pub(super) fn end_silence(
        &self,
        progress: &Progress,
        lease: &Lease,
        recorded: bool,
    ) -> Result<Option<String>, StateError> {
        if !recorded {
            // Nothing can be recorded any more; the silence still has to go.
            let _ = lease.end("the run could not be recorded any more");
            return Ok(None);
        }
        let done = self.once(progress, Phase::Finally, "end the silence", "expire", || {
            match lease.end("the run ended") {
                Ok(note) => Done::well(note),
                Err(error) => Done::failed(crate::in_words(&error)),
            }
        })?;
        let problem = || {
            format!(
                "the silence could not be ended and ends by itself within 5m: {}",
                done.message.unwrap_or_default()
            )
        };
        Ok((done.outcome != Outcome::Succeeded).then(problem))
    }
}

/// The matchers of a silence; the plan file's reader has refused what is none.
pub(in crate::executor) fn silence_matchers(spec: &SilenceSpec) -> Vec<SilenceMatcher> {
    silencing(&spec.matchers)
}

fn words_of(matchers: &[SilenceMatcher]) -> String {
    matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
