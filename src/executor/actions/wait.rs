//! `wait`: for a time, or until a check holds.

use super::{Context, Done};
use crate::model::Wait;
use crate::validator::checks;

pub fn carry_out(wait: &Wait, context: &Context) -> Done {
    if let Some(length) = wait.duration {
        let patience = length.to_std().min(context.timeout);
        if context.cancel.wait(patience) {
            return Done::interrupted("stopped waiting");
        }
        return if length.to_std() <= context.timeout {
            Done::well(None)
        } else {
            Done::failed(format!("its timeout ended before {} were over", length.value))
        };
    }
    let Some(check) = &wait.until else { return Done::failed("nothing to wait for") };
    let answer = checks::wait_for(check, context.world, context.timeout, context.cancel);
    if answer.is_yes() {
        Done::well(answer.in_words())
    } else if context.cancel.is_fired() {
        Done::interrupted("stopped waiting")
    } else {
        Done::failed(format!(
            "did not come to hold within {}s: {}",
            context.timeout.as_secs(),
            answer.in_words()
        ))
    }
}
