//! `alertmanager`: what can be asked of the plan file's Alertmanager.

use std::time::Duration;

use chrono::SecondsFormat;
use sha2::{Digest, Sha256};

use super::{Context, Done};
use crate::executor::engine::{Work, silence_tag};
use crate::executor::lease::named::{self, Ended, Made};
use crate::executor::lease::reach::Scope;
use crate::executor::lease::{LeaseError, Purpose, silencing};
use crate::model::{AlertmanagerAction, NamedSilence, silence_tag as tag};
use crate::world::alertmanager::Alertmanager;
use crate::world::prometheus::PeerError;

pub fn carry_out(action: &AlertmanagerAction, context: &Context) -> Done {
    let Some(alertmanager) = &context.world.alertmanager else {
        return Done::failed("the plan file names no Alertmanager (`connections.alertmanager`)");
    };
    match action {
        AlertmanagerAction::Reload => reload(alertmanager, context.timeout),
        AlertmanagerAction::Silence(silence) => make(alertmanager, silence, context.work),
        AlertmanagerAction::Expire(name) => end(alertmanager, &name.0, context.work),
    }
}

fn make(alertmanager: &Alertmanager, silence: &NamedSilence, work: &Work) -> Done {
    let comment = silence.comment.clone().unwrap_or_else(|| work.task.title_or(work.name).to_owned());
    let purpose = Purpose {
        run: work.run,
        tag: tag::named(&silence_tag(work.origin, work.run), &silence.name.0),
        created_by: format!("mainstay ({})", work.who),
        comment: format!("{comment}, run {}", work.run),
        matchers: silencing(&silence.matchers),
        scope: Scope::of(work.plan, work.targets, work.world),
    };
    let until = |time: &chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    match named::make(alertmanager, work.journal, &purpose, silence.length.value.0) {
        Ok(Made::Now { until: end, reach }) => Done::well(format!("silenced until {}; {reach}", until(&end))),
        Ok(Made::Before { until: end }) => Done::well(format!("is silenced already, until {}", until(&end))),
        Err(error) => Done::failed(crate::in_words(&error)),
    }
}

/// That there is nothing to end is well when there was something: a step that is repeated, on another target or in
/// `finally`, finds it done.
fn end(alertmanager: &Alertmanager, name: &str, work: &Work) -> Done {
    let tag = silence_tag(work.origin, work.run);
    let reason = format!("ended by a step of run {}", work.run);
    let ended: Result<_, LeaseError> = named::end(alertmanager, work.journal, &tag, name, &reason);
    match ended {
        Ok(Ended::Now(n)) => Done::well(format!("{} ended", crate::counted(n, "silence"))),
        Ok(Ended::Before) => Done::well(format!("the silence `{name}` was over already")),
        Ok(Ended::Never) => {
            Done::failed(format!("there is no silence `{name}` to end, and none was ever made"))
        }
        Err(error) => Done::failed(crate::in_words(&error)),
    }
}

/// What is loaded, as Alertmanager tells it.
struct Loaded {
    digest: String,
    succeeded: Option<f64>,
    at: Option<f64>,
}

fn loaded(alertmanager: &Alertmanager, timeout: Duration) -> Result<Loaded, PeerError> {
    let names = [
        "alertmanager_config_last_reload_successful",
        "alertmanager_config_last_reload_success_timestamp_seconds",
    ];
    let [succeeded, at] = alertmanager.own_metrics(names, timeout)?;
    let status = alertmanager.status(timeout)?;
    Ok(Loaded { digest: format!("{:x}", Sha256::digest(status.config.original)), succeeded, at })
}

/// A reload is proved by what the server says of itself afterwards.
fn reload(alertmanager: &Alertmanager, timeout: Duration) -> Done {
    let reloaded = || -> Result<Done, PeerError> {
        let before = loaded(alertmanager, timeout)?;
        if let Err(error) = alertmanager.reload(timeout) {
            let why = crate::in_words(&error);
            let stays = match loaded(alertmanager, timeout) {
                Ok(after) if after.digest == before.digest => "; the configuration of before stays in force",
                Ok(_) => "; another configuration than before is in force all the same",
                Err(_) => "; what is in force now is not known",
            };
            return Ok(Done::failed(format!("{why}{stays}")));
        }
        let after = loaded(alertmanager, timeout)?;
        if after.succeeded == Some(0.0) {
            return Ok(Done::failed("Alertmanager says that its configuration was not loaded"));
        }
        if let (Some(was), Some(is)) = (before.at, after.at)
            && is < was
        {
            return Ok(Done::failed(
                "Alertmanager says that its configuration is older than before the reload",
            ));
        }
        let same =
            if after.digest == before.digest { "the same as before" } else { "another one than before" };
        Ok(Done::well(format!("configuration loaded, {same}")))
    };
    reloaded().unwrap_or_else(|error| Done::failed(crate::in_words(&error)))
}
