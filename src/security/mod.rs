//! Security: who may agree to work, and the proof that they did; and the secrets that work needs.
//!
//! 1. Whether a signature is good is decided by `ssh-keygen`, which an auditor has too; no private key is ever read
//!    here.
//! 2. What cannot be verified does not count.

pub mod approval;
pub mod secrets;
pub mod signers;

/// What somebody is called who is written as `Name <mail>`: all of it, and the mail address.
pub fn names_of(person: &str) -> impl Iterator<Item = &str> {
    let mail = person.split_once('<').and_then(|(_, rest)| rest.split('>').next());
    std::iter::once(person.trim()).chain(mail)
}

/// Whether somebody who is written as `Name <mail>` goes by `name`.
pub fn is_called(person: &str, name: &str) -> bool {
    names_of(person).any(|own| own.eq_ignore_ascii_case(name))
}
