//! Checks that are made of what this machine shows: a subject is named, and the check says what was found.
//!
//! 1. Only what stays as it is, is said: no digest, no size, no number of a process.
//! 2. What is not there, or cannot be found out, is no check: it is the answer that a check of it would have.
//! 3. Nothing here writes.

mod host;
mod network;
mod subject;

use super::{Answer, ask};
use crate::model::{Check, CheckKind, Value};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::host::{Host, Unreadable};

pub use subject::Subject;

/// What was found: the keys of a check beside the one that names its subject.
type Attributes = Vec<(&'static str, Value)>;

/// The form of the check of `subject`, with what was found; `check` is the one that names the subject alone.
///
/// # Errors
/// The answer of a check, a no or an unknown: it is not there, or that cannot be found out.
pub fn look(subject: &Subject, check: &Check, world: &World, cancel: &Cancel) -> Result<Value, Answer> {
    let found = found(check, world, cancel);
    let found = found.map_err(|answer| answer.without_secrets(&world.outputs.redactor))?;
    Ok(subject.form(&found))
}

fn found(check: &Check, world: &World, cancel: &Cancel) -> Result<Attributes, Answer> {
    let timeout = check.timeout().to_std();
    let on = Host::for_round(std::iter::once(check));
    match check.kind() {
        // These are asked once for all that there is to know, as it costs most.
        Some(CheckKind::Command(_)) => return network::command(&ask(check, world, cancel)),
        Some(CheckKind::Http(http)) => return network::http(http, world, timeout),
        Some(CheckKind::Dns(dns)) => return network::dns(dns, timeout),
        Some(CheckKind::Service(service)) => return host::service(service, &on),
        _ => {}
    }
    let answer = ask(check, world, cancel);
    if !answer.is_yes() {
        return Err(answer);
    }
    let found = match check.kind() {
        Some(CheckKind::File(file)) => host::file(file, world, &on),
        Some(CheckKind::Disk(disk)) => host::disk(disk, world),
        Some(CheckKind::Mount(mount)) => host::mount(mount, &on),
        Some(CheckKind::Package(package)) => host::package(package, &on),
        Some(CheckKind::User(user)) => host::user(user, &on),
        Some(CheckKind::Group(group)) => host::group(group, &on),
        Some(CheckKind::KernelParam(parameter)) => host::kernel_param(parameter),
        Some(CheckKind::Interface(interface)) => network::interface(interface),
        Some(CheckKind::Process(_)) => Ok(vec![("running", true.into())]),
        Some(CheckKind::Port(_)) => Ok(vec![("listening", true.into())]),
        _ => Ok(Vec::new()),
    };
    found.map_err(unknown)
}

/// A number bare, everything else as text.
fn scalar(text: &impl ToString) -> Value {
    let text = text.to_string();
    let is_number = text.parse::<i64>().is_ok_and(|number| number.to_string() == text);
    if is_number { Value::Bare(text) } else { Value::Text(text) }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn unknown(why: Unreadable) -> Answer {
    Answer::unknown(why.to_string())
}
