//! `dns`: a name resolves.
//!
//! What no server would say is never taken for "no such name": a timeout, a failure of the server and an answer without
//! a record are told apart.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::Answer;
use super::attributes::Attributes;
use crate::model::{DnsCheck, RecordType};
use crate::world::dns::{self, DnsError, Reply};

pub fn ask(check: &DnsCheck, timeout: Duration) -> Answer {
    match resolve(check, timeout) {
        Ok((records, absence)) => held(check, records, &absence),
        Err(why) => Answer::unknown(why),
    }
}

/// The records, and what there is instead when there is none.
///
/// # Errors
/// Why that cannot be found out.
pub(super) fn resolve(check: &DnsCheck, timeout: Duration) -> Result<(Vec<String>, String), String> {
    let deadline = Instant::now() + timeout;
    let servers = match (&check.server, check.record) {
        (None, None) => return of_system(check, timeout),
        (None, Some(_)) => dns::servers().map_err(|error| error.to_string())?,
        (Some(server), _) => match dns::server(&server.value) {
            Some(server) => vec![server],
            None => return Err(format!("`{}` is no address of a server", server.value)),
        },
    };
    let types = check.record.map_or(vec![RecordType::A, RecordType::Aaaa], |record| vec![record]);
    let mut records = Vec::new();
    let mut says_no_such_name = false;
    for record in &types {
        match first_answer(&servers, &check.name.value, *record, deadline) {
            Ok(Reply::Records(found)) => records.extend(found),
            Ok(Reply::NoSuchName) => says_no_such_name = true,
            Err(error) => {
                let (name, _) = record.name_and_number();
                let found =
                    if records.is_empty() { String::new() } else { format!(", A is {}", records.join(", ")) };
                return Err(format!("{name}: {}{found}", crate::in_words(&error)));
            }
        }
    }
    let absence = if says_no_such_name { "no such name (NXDOMAIN)".to_owned() } else { no_record(&types) };
    Ok((records, absence))
}

/// The name is there, and has none of what was asked for.
fn no_record(types: &[RecordType]) -> String {
    let names: Vec<_> = types.iter().map(|record| record.name_and_number().0).collect();
    format!("a name without a record of type {}", names.join(" or "))
}

/// The answer of the first server that has one; each has a fair share of the time that is left.
fn first_answer(
    servers: &[SocketAddr],
    name: &str,
    record: RecordType,
    deadline: Instant,
) -> Result<Reply, DnsError> {
    let mut last = Err(DnsError::NoServer);
    for (n, server) in servers.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(servers.len() - n).unwrap_or(1);
        last = dns::ask(*server, name, record, share);
        if last.is_ok() {
            break;
        }
    }
    last
}

fn held(check: &DnsCheck, records: Vec<String>, absence: &str) -> Answer {
    let name = &check.name.value;
    let shown = records.join(", ");
    match (records.is_empty(), check.resolves.unwrap_or(true)) {
        (true, true) => Answer::no(format!("{name} to resolve"), absence),
        (true, false) => Answer::Yes { found: format!("{name}: {absence}") },
        (false, false) => Answer::no(format!("{name} not to resolve"), shown),
        (false, true) => {
            let mut found = Attributes::default();
            match &check.answers {
                Some(matcher) => found.take(Answer::of(matcher, &format!("{name} is"), records)),
                None => return Answer::Yes { found: format!("{name} is {shown}") },
            }
            found.answer()
        }
    }
}

/// Asks as every program of this machine does: `/etc/hosts`, then whatever it is set up for.
fn of_system(check: &DnsCheck, timeout: Duration) -> Result<(Vec<String>, String), String> {
    let (answered, answer) = mpsc::channel();
    let name = check.name.value.clone();
    let asking = move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        let found = found.map(|all| all.map(|one| one.ip().to_string()).collect::<Vec<_>>());
        // Nobody listens any more to an answer that comes too late.
        let _ = answered.send(found);
    };
    if let Err(error) = thread::Builder::new().spawn(asking) {
        return Err(format!("no thread to ask it in: {error}"));
    }
    match answer.recv_timeout(timeout) {
        Ok(Ok(mut addresses)) => {
            addresses.sort();
            addresses.dedup();
            Ok((addresses, "no address".to_owned()))
        }
        Ok(Err(error)) if is_no_such_name(&error) => {
            Ok((Vec::new(), "no such name, or no address of it".to_owned()))
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {}s", timeout.as_secs_f32())),
    }
}

/// Source: getaddrinfo(3): `EAI_NONAME` and `EAI_NODATA`; std tells them by their words alone, which have no locale.
fn is_no_such_name(error: &io::Error) -> bool {
    let words = error.to_string();
    ["Name or service not known", "No address associated with hostname", "Name does not resolve"]
        .iter()
        .any(|known| words.contains(known))
}

#[cfg(test)]
mod tests;
