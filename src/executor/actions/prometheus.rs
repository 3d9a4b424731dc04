//! `prometheus`: what can be asked of the plan file's Prometheus.

mod reload;
mod storage;

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::{Context, Done};
use crate::model::PrometheusAction;
use crate::world::prometheus::PeerError;

pub use self::reload::config_fault;
pub use self::storage::space_needed;

/// What one question beside the action itself may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Carries out `action` once.
pub(super) fn carry_out(action: &PrometheusAction, context: &Context) -> Done {
    let Some(prometheus) = &context.world.prometheus else {
        return Done::failed("the plan file names no Prometheus (`connections.prometheus`)");
    };
    let done = match action {
        PrometheusAction::Snapshot => Ok(storage::snapshot(prometheus, context)),
        PrometheusAction::Reload => reload::reload(prometheus, context),
        PrometheusAction::CleanTombstones => Ok(storage::clean_tombstones(prometheus, context)),
        PrometheusAction::DeleteSeries(series) => storage::delete_series(prometheus, series, context),
    };
    done.unwrap_or_else(|error| Done::failed(crate::in_words(&error)))
}

/// How often a request to stop is looked for.
const LOOK: Duration = Duration::from_millis(100);

/// Waits for an answer that may take as long as the step; `None` when the step is stopped meanwhile. Prometheus
/// cannot be stopped by it, and goes on.
fn unless_stopped<T: Send + 'static>(
    context: &Context,
    ask: impl FnOnce() -> Result<T, PeerError> + Send + 'static,
) -> Option<Result<T, PeerError>> {
    let (answered, answers) = mpsc::channel();
    let asking = thread::spawn(move || {
        // Nobody listens any more to an answer that comes too late.
        let _ = answered.send(ask());
    });
    loop {
        match answers.recv_timeout(LOOK) {
            Ok(answer) => {
                // It has nothing left to do but to end.
                let _ = asking.join();
                return Some(answer);
            }
            Err(RecvTimeoutError::Timeout) if !context.cancel.is_fired() => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        }
    }
}
