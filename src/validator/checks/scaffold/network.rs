//! What answers: programs, web servers, name servers and interfaces.

use std::time::Duration;

use super::super::{Answer, dns as names, http as web, interface as interfaces};
use super::{Attributes, scalar};
use crate::model::{DnsCheck, HttpCheck, InterfaceCheck, Value};
use crate::world::World;
use crate::world::host::Unreadable;

/// The code that it ended with, whichever; `answer` is that of a check that expects 0.
pub(super) fn command(answer: &Answer) -> Result<Attributes, Answer> {
    match answer {
        Answer::Yes { .. } => Ok(vec![("exit", scalar(&0))]),
        Answer::No { found, .. } => Ok(vec![("exit", scalar(&found))]),
        Answer::Unknown { .. } => Err(answer.clone()),
    }
}

/// The status, whichever: that a page is forbidden can be what is wanted.
pub(super) fn http(check: &HttpCheck, world: &World, timeout: Duration) -> Result<Attributes, Answer> {
    let (read, _) = web::read(check, world, timeout).map_err(Answer::unknown)?;
    if let Some(answer) = web::too_many_redirections(check, &read) {
        return Err(answer);
    }
    Ok(vec![("status", scalar(&read.status))])
}

/// The addresses.
pub(super) fn dns(check: &DnsCheck, timeout: Duration) -> Result<Attributes, Answer> {
    let (records, absence) = names::resolve(check, timeout).map_err(Answer::unknown)?;
    if records.is_empty() {
        return Err(Answer::no(format!("{} to resolve", check.name.value), absence));
    }
    Ok(vec![("answers", Value::List(records.into_iter().map(Value::from).collect()))])
}

/// Whether it is up, and its largest packet; its addresses come and go.
pub(super) fn interface(check: &InterfaceCheck) -> Result<Attributes, Unreadable> {
    let (is_up, mtu) = interfaces::up_and_mtu(&check.name.value)?;
    Ok(vec![("up", is_up.into()), ("mtu", scalar(&mtu))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_a_command_is_what_it_ended_with() {
        let ended = |found: &str| command(&Answer::no("exit code 0", found));
        assert_eq!(ended("3"), Ok(vec![("exit", Value::Bare("3".to_owned()))]));
        assert!(command(&Answer::unknown("killed")).is_err());
    }
}
