//! Whether a chain leads to an authority that is trusted.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};

use super::parsed::Certificate;
use crate::validator::checks::Answer;
use crate::world::host::Host;
use crate::world::tls::provider;

/// What is wrong with the trust in `chain`, if anything; `roots` are those of the plan file.
///
/// # Errors
/// Why that cannot be found out.
pub(super) fn judge(
    chain: &[Certificate],
    roots: Option<&[Certificate]>,
    host: &Host,
    now: DateTime<Utc>,
) -> Result<Option<Answer>, String> {
    let roots = match roots {
        Some(roots) => {
            let mut store = RootCertStore::empty();
            for root in roots {
                store.add(root.der.clone()).map_err(|error| format!("{}: {error}", root.name()))?;
            }
            Arc::new(store)
        }
        None => host.roots().map_err(|error| error.to_string())?,
    };
    let Some((first, others)) = chain.split_first() else { return Ok(None) };
    let between: Vec<CertificateDer> = others.iter().map(|one| one.der.clone()).collect();
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let parsed = ParsedCertificate::try_from(&first.der)
        .map_err(|error| format!("{} cannot be verified: {error}", first.name()))?;
    let verified = verify_server_cert_signed_by_trust_anchor(
        &parsed,
        &roots,
        &between,
        UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
        provider().signature_verification_algorithms.all,
    );
    Ok(verified.err().map(|error| Answer::no("a chain to a trusted authority", in_words(chain, &error))))
}

fn in_words(chain: &[Certificate], error: &Error) -> String {
    let Some((first, last)) = chain.first().zip(chain.last()) else { return error.to_string() };
    // A certificate that is its own authority is refused for other reasons as well.
    if first.is_self_issued {
        return format!("self-signed: {} vouches for itself, and is not trusted", first.name());
    }
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) if last.is_self_issued => {
            format!("unknown authority: the chain leads to {}, which is not trusted", last.name())
        }
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            format!(
                "incomplete chain: {}, who issued {}, is neither sent along nor trusted",
                last.issuer,
                last.name()
            )
        }
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            "false signature: one of the chain is not signed by the next one".to_owned()
        }
        other => other.to_string(),
    }
}
