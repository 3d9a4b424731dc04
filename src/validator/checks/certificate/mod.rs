//! `certificate`: a certificate and the chain with it are valid, and what is served is what is written.
//!
//! Each fault has its own words: expired, expires soon, not yet valid, for another name, signed by a broken algorithm,
//! self-signed, from an unknown authority, an incomplete chain, a signature that is none, another one than on disk.

mod parsed;
mod trust;

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use self::parsed::Certificate;
use super::attributes::Attributes;
use super::{Answer, reading};
use crate::model::{CertificateCheck, Spanned};
use crate::world::World;
use crate::world::host::Host;
use crate::world::tls;

pub fn ask(check: &CertificateCheck, world: &World, host: &Host, timeout: Duration) -> Answer {
    match answer(check, world, host, timeout) {
        Ok(answer) => answer,
        Err(why) => Answer::unknown(why),
    }
}

fn answer(check: &CertificateCheck, world: &World, host: &Host, timeout: Duration) -> Result<Answer, String> {
    let name = server_name(check)?;
    let written = check.file.as_ref().map(|path| of_file(path, world)).transpose()?;
    let served = match (&check.address, &name) {
        (Some(address), Some(name)) => {
            let shown = tls::chain(&address.value, name.clone(), timeout);
            Some(parse(&shown.map_err(|error| crate::in_words(&error))?)?)
        }
        _ => None,
    };
    let chain = served.as_deref().or(written.as_deref()).unwrap_or_default();
    let Some(first) = chain.first() else { return Err("it names neither an address nor a file".to_owned()) };
    let now = world.clock.now();
    let mut found = Attributes::of(summary(first, earliest(chain), now));
    let mut faults: Vec<Answer> = Vec::new();
    if let (Some(served), Some(written)) = (&served, &written) {
        faults.extend(differs(served, written, check.file.as_ref().map_or("", |path| &path.value)));
    }
    faults.extend(of_dates(chain, check, now));
    faults.extend(name.as_ref().and_then(|name| of_name(first, name)));
    let file = check.file.as_ref().filter(|_| served.is_none()).map(|path| path.value.as_str());
    faults.extend(of_signatures(chain, file));
    if faults.is_empty() && check.trusted.unwrap_or(check.address.is_some()) {
        let roots = check.ca.as_ref().map(|path| of_file(path, world)).transpose()?;
        faults.extend(trust::judge(chain, roots.as_deref(), host, now)?);
    }
    for fault in faults {
        found.take(fault);
    }
    found.hold(check.names.as_ref(), "names", || first.names.clone());
    found.hold(check.subject.as_ref(), "subject", || first.subject.clone());
    found.hold(check.issuer.as_ref(), "issuer", || first.issuer.clone());
    found.hold(check.serial.as_ref(), "serial", || first.serial.clone());
    found.hold(check.key.as_ref(), "key", || first.key.clone());
    Ok(found.answer())
}

/// The name that it has to be for.
fn server_name(check: &CertificateCheck) -> Result<Option<ServerName<'static>>, String> {
    let of_address = || {
        let (host, _) = check.address.as_ref()?.value.rsplit_once(':')?;
        Some(host.trim_start_matches('[').trim_end_matches(']').to_owned())
    };
    let written = check.server_name.as_ref().map(|name| name.value.clone()).or_else(of_address);
    let Some(written) = written else { return Ok(None) };
    ServerName::try_from(written.clone())
        .map(Some)
        .map_err(|_| format!("`{written}` cannot be the name of a server"))
}

fn of_file(path: &Spanned<String>, world: &World) -> Result<Vec<Certificate>, String> {
    let path = world.folder.join(&path.value);
    let explain = |why: String| format!("{}: {why}", path.display());
    let bytes = reading::bytes_of(&path)?;
    parse(&parsed::of_file(&bytes).map_err(explain)?).map_err(explain)
}

fn parse(chain: &[CertificateDer<'static>]) -> Result<Vec<Certificate>, String> {
    let parse =
        |der| Certificate::parse(der).map_err(|why| format!("a certificate that is not understood: {why}"));
    chain.iter().map(parse).collect()
}

/// The certificates whose dates count: not that of a root that is sent along, as whoever trusts it has it already.
fn dated(chain: &[Certificate]) -> impl Iterator<Item = (usize, &Certificate)> {
    chain.iter().enumerate().filter(|(n, one)| *n == 0 || !one.is_self_issued)
}

/// The one that ends first, and its place.
fn earliest(chain: &[Certificate]) -> (usize, &Certificate) {
    dated(chain).min_by_key(|(_, one)| one.ends).unwrap_or((0, &chain[0]))
}

fn which(n: usize, one: &Certificate) -> String {
    if n == 0 { "it".to_owned() } else { format!("the intermediate certificate {}", one.name()) }
}

fn date(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn summary(first: &Certificate, (n, earliest): (usize, &Certificate), now: DateTime<Utc>) -> String {
    let left = crate::text::roughly(earliest.ends - now);
    let until = date(earliest.ends);
    let of_whom = if n == 0 { String::new() } else { format!(" of {}", which(n, earliest)) };
    format!(
        "certificate of {}, serial {}, valid for {left} until {until}{of_whom}",
        first.name(),
        first.serial
    )
}

fn of_dates(chain: &[Certificate], check: &CertificateCheck, now: DateTime<Utc>) -> Option<Answer> {
    let (n, first_to_end) = earliest(chain);
    let (who, end) = (which(n, first_to_end), date(first_to_end.ends));
    let ago = |length| crate::text::roughly(length);
    if first_to_end.ends < now {
        let found = format!("expired: {who} ended at {end}, {} ago", ago(now - first_to_end.ends));
        return Some(Answer::no("a valid certificate", found));
    }
    if let Some((n, one)) = dated(chain).find(|(_, one)| one.begins > now) {
        let (who, start) = (which(n, one), date(one.begins));
        let found = format!("not yet valid: {who} begins at {start}, in {}", ago(one.begins - now));
        return Some(Answer::no("a valid certificate", found));
    }
    let needed = check.valid_for?;
    if first_to_end.ends < now + needed.0 {
        let found = format!("expires soon: {who} ends at {end}, in {}", ago(first_to_end.ends - now));
        return Some(Answer::no(format!("a certificate valid for another {needed}"), found));
    }
    None
}

/// The most names that are told.
const MOST_NAMES: usize = 5;

fn of_name(first: &Certificate, name: &ServerName) -> Option<Answer> {
    let is_for_it = match ParsedCertificate::try_from(&first.der) {
        Ok(certificate) => verify_server_name(&certificate, name).is_ok(),
        // The verifier reads none above 64 KiB.
        Err(_) => first.names.iter().any(|one| one.eq_ignore_ascii_case(&name.to_str())),
    };
    if is_for_it {
        return None;
    }
    let expected = format!("a certificate for {}", name.to_str());
    let shown = first.names.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    let found = match first.names.len() {
        0 => "one for no name at all".to_owned(),
        n if n > MOST_NAMES => format!("wrong name: one for {shown} and {} more", n - MOST_NAMES),
        _ => format!("wrong name: one for {shown}"),
    };
    Some(Answer::no(expected, found))
}

/// A self-signed certificate is left out: nobody checks that signature, because whoever trusts the certificate trusts its
/// key, and whoever does not is not moved by it.
///
/// Source: RFC 5280, 6.1: the trust anchor is no part of the path.
fn of_signatures(chain: &[Certificate], file: Option<&str>) -> Option<Answer> {
    let signed = chain.iter().zip(1..).filter(|(one, _)| !one.is_self_issued);
    let (one, place, algorithm) =
        signed.into_iter().find_map(|(one, n)| Some((one, n, one.broken_signature?)))?;
    let n = chain.len();
    let place = match file {
        Some(file) if n == 1 => file.to_owned(),
        Some(file) => format!("{file}, certificate {place} of {n}"),
        None => format!("certificate {place} of {n} that are served"),
    };
    let found = format!("broken signature: {} ({place}) is signed by {algorithm}", one.name());
    Some(Answer::no("signatures that hold", found))
}

/// What is served instead of what is written.
fn differs(served: &[Certificate], written: &[Certificate], file: &str) -> Option<Answer> {
    let (first, on_disk) = (served.first()?, written.first()?);
    if first.der != on_disk.der {
        let expected =
            format!("the certificate of {file}, serial {} until {}", on_disk.serial, date(on_disk.ends));
        let found = format!("another one is served: serial {} until {}", first.serial, date(first.ends));
        return Some(Answer::no(expected, found));
    }
    // A file may have the certificate without its chain, and a root that nobody has to serve.
    let needed = written.iter().filter(|one| !one.is_self_issued || one.der == on_disk.der);
    let missing = needed.into_iter().find(|one| served.iter().all(|other| other.der != one.der))?;
    let found = format!("{} of it without {}", crate::counted(served.len(), "certificate"), missing.name());
    Some(Answer::no(format!("the chain of {file}"), found))
}
