//! `prometheus`: what can be asked of the plan file's Prometheus.

use super::{Context, Done};
use crate::model::PrometheusAction;
use crate::world::prometheus::{PeerError, Prometheus};

pub fn carry_out(action: &PrometheusAction, context: &Context) -> Done {
    let Some(prometheus) = &context.world.prometheus else {
        return Done::failed("the plan file names no Prometheus (`connections.prometheus`)");
    };
    let done = match action {
        PrometheusAction::Snapshot => snapshot(prometheus, context),
        PrometheusAction::Reload => reload(prometheus, context),
        PrometheusAction::CleanTombstones | PrometheusAction::DeleteSeries(_) => {
            return Done::failed("this action is not supported yet");
        }
    };
    done.unwrap_or_else(|error| Done::failed(crate::in_words(&error)))
}

fn snapshot(prometheus: &Prometheus, context: &Context) -> Result<Done, PeerError> {
    let name = prometheus.snapshot(context.timeout)?;
    Ok(Done::well(format!("snapshot {name}, in the folder `snapshots` of its data")))
}

/// A reload is proved by what the server says of itself afterwards: the endpoint alone has been known to
/// report nothing, and a failed reload may have been applied in part.
fn reload(prometheus: &Prometheus, context: &Context) -> Result<Done, PeerError> {
    let before = prometheus.runtime_info(context.timeout)?;
    prometheus.reload(context.timeout)?;
    let after = prometheus.runtime_info(context.timeout)?;
    if !after.reload_config_success {
        return Ok(Done::failed("Prometheus says that its configuration was not loaded"));
    }
    if after.last_config_time < before.last_config_time {
        return Ok(Done::failed("Prometheus says that its configuration is older than before the reload"));
    }
    Ok(Done::well(format!("configuration loaded at {}", after.last_config_time.format("%H:%M:%SZ"))))
}
