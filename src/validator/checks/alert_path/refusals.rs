//! What it means when a member does not take the alert.

use super::probe::Probe;
use crate::validator::checks::Answer;
use crate::world::alertmanager::Alertmanager;
use crate::world::prometheus::PeerError;

/// Warnings about the members that did not take it when others did; the answer when none did.
pub(super) fn judge(probe: &Probe, members: &[Alertmanager]) -> Result<Vec<String>, Answer> {
    let mut warnings = Vec::new();
    let mut n_away = 0;
    for (member, answer) in members.iter().zip(&probe.answers) {
        let Err(error) = answer else { continue };
        // Every member would say the same: the alert itself is wrong.
        if let PeerError::Refused { status: 400, message, .. } = error {
            return Err(Answer::no(
                format!("an alert that {} takes", member.url()),
                format!("refused: 400, {message}"),
            ));
        }
        n_away += 1;
        warnings.push(crate::in_words(error));
    }
    let first = probe.answers.iter().find_map(|answer| answer.as_ref().err());
    match first {
        Some(error) if n_away == members.len() => Err(of(error)),
        _ => Ok(warnings
            .into_iter()
            .map(|why| format!("not all of the {} members have the alert: {why}", members.len()))
            .collect()),
    }
}

/// What an Alertmanager that does not answer means.
pub(super) fn of(error: &PeerError) -> Answer {
    let words = crate::in_words(error);
    Answer::unknown(match error {
        PeerError::Refused { status: 401 | 403, .. } => {
            format!("not allowed: {words}; see to the credentials in `connections.alertmanager`")
        }
        PeerError::Refused { status: 429 | 503, .. } => format!("overloaded: {words}"),
        _ => words,
    })
}
