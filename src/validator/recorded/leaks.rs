//! Secrets in what is on record of a run, and in its logs.

use std::io::{self, Read};

use super::account::{Account, Attempt};
use super::case::Leak;
use crate::validator::secrets::in_output;
use crate::world::output::log::{LogError, Logs};
use crate::world::output::redactor::Redactor;

/// So much of a log is looked at together; what begins in one piece may end in the next.
const PIECE: usize = 256 * 1024;
/// So much of a piece is looked at again with the next one.
const OVERLAP: usize = 8 * 1024;

/// What was found, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Found {
    /// The secrets.
    pub leaks: Vec<Leak>,
    /// What could not be looked at, and why.
    pub not_looked_at: Vec<String>,
}

/// Looks for secrets that `redactor` knows, and for what looks like one.
pub fn look(account: &Account, logs: &Logs, redactor: &Redactor) -> Found {
    let mut found = Found::default();
    let start = account.started.seq;
    if let Some(text) = &account.justification {
        found.look(text.as_bytes(), ("the justification", start), redactor);
    }
    for (mark, _, reason) in &account.ends {
        if let Some(reason) = reason {
            found.look(reason.as_bytes(), ("the reason of its end", mark.seq), redactor);
        }
    }
    if let Some((mark, reason)) = &account.abandoned {
        found.look(reason.as_bytes(), ("the reason for giving it up", mark.seq), redactor);
    }
    for attempt in &account.attempts {
        of_attempt(attempt, logs, redactor, &mut found);
    }
    found
}

fn of_attempt(attempt: &Attempt, logs: &Logs, redactor: &Redactor, found: &mut Found) {
    let name = format!("the action of step {}", attempt.ordinal);
    found.look(attempt.action.as_bytes(), (&name, attempt.intended.seq), redactor);
    let Some(ended) = &attempt.ended else { return };
    let seq = ended.mark.seq;
    if let Some(message) = &ended.message {
        found.look(message.as_bytes(), (&format!("the message of step {}", attempt.ordinal), seq), redactor);
    }
    let Some(output) = &ended.output else { return };
    let place = format!("the output of step {}", attempt.ordinal);
    for text in [&output.head, &output.tail] {
        found.look(text.as_bytes(), (&place, seq), redactor);
    }
    let Some(log) = &output.log else { return };
    match logs.open(log) {
        Ok(reader) => {
            if let Err(error) = found.look_through(reader, (&format!("the log {}", log.name), seq), redactor)
            {
                found.not_looked_at.push(format!("the log {}: {error}", log.name));
            }
        }
        Err(LogError::Removed { .. }) => {
            found.not_looked_at.push(format!("the log {}, which was removed to make room", log.name));
        }
        Err(error) => found.not_looked_at.push(crate::in_words(&error)),
    }
}

impl Found {
    fn look(&mut self, bytes: &[u8], (place, seq): (&str, u64), redactor: &Redactor) {
        let mut add = |what: String, is_known| {
            let leak = Leak { what, place: place.to_owned(), seq, is_known };
            if !self.leaks.contains(&leak) {
                self.leaks.push(leak);
            }
        };
        if let Some(name) = redactor.found_in(bytes) {
            add(format!("the secret `{name}`"), true);
        }
        for what in in_output(&String::from_utf8_lossy(bytes)) {
            add(what, false);
        }
    }

    fn look_through(
        &mut self,
        mut reader: impl Read,
        place: (&str, u64),
        redactor: &Redactor,
    ) -> io::Result<()> {
        let overlap = OVERLAP.max(redactor.longest());
        let (mut piece, mut n_kept) = (vec![0; PIECE + overlap], 0);
        loop {
            let n_read = reader.read(&mut piece[n_kept..])?;
            let end = n_kept + n_read;
            if n_read > 0 && end < piece.len() {
                n_kept = end;
                continue;
            }
            self.look(&piece[..end], place, redactor);
            if n_read == 0 {
                return Ok(());
            }
            piece.copy_within(end - overlap..end, 0);
            n_kept = overlap;
        }
    }
}
