//! `alertmanager`: what can be asked of the plan file's Alertmanager.

use super::{Context, Done};
use crate::model::AlertmanagerAction;

pub fn carry_out(action: &AlertmanagerAction, context: &Context) -> Done {
    let Some(alertmanager) = &context.world.alertmanager else {
        return Done::failed("the plan file names no Alertmanager (`connections.alertmanager`)");
    };
    match action {
        AlertmanagerAction::Reload => match alertmanager.reload(context.timeout) {
            Ok(()) => Done::well("configuration loaded".to_owned()),
            Err(error) => Done::failed(crate::in_words(&error)),
        },
        AlertmanagerAction::Silence(_) | AlertmanagerAction::Expire(_) => {
            Done::failed("this action is not supported yet")
        }
    }
}
