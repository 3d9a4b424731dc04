//! What a certificate says.

use std::fmt::Write as _;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

/// One certificate.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    pub der: CertificateDer<'static>,
    pub subject: String,
    pub issuer: String,
    /// In lower-case hexadecimal digits.
    pub serial: String,
    pub begins: DateTime<Utc>,
    pub ends: DateTime<Utc>,
    /// All names and addresses that it is for.
    pub names: Vec<String>,
    pub key: String,
    /// The name of an algorithm that is broken, if it is signed by one.
    pub broken_signature: Option<&'static str>,
    /// Whether it names itself as its issuer.
    pub is_self_issued: bool,
}

/// Reads the certificates of a file, in PEM or one in DER.
///
/// # Errors
/// Why they cannot be understood.
pub(super) fn of_file(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(|error| format!("not in PEM: {error}"))?;
    if !found.is_empty() {
        return Ok(found);
    }
    match X509Certificate::from_der(bytes) {
        Ok(([], _)) => Ok(vec![CertificateDer::from(bytes.to_vec())]),
        _ => Err("no certificate, neither in PEM nor in DER".to_owned()),
    }
}

/// Source: RFC 8017, A.2.4; RFC 3279, 2.2: algorithms over SHA-1 and MD5.
const BROKEN: [(&str, &str); 4] = [
    ("1.2.840.113549.1.1.5", "RSA with SHA-1"),
    ("1.2.840.113549.1.1.4", "RSA with MD5"),
    ("1.2.840.10045.4.1", "ECDSA with SHA-1"),
    ("1.2.840.10040.4.3", "DSA with SHA-1"),
];

impl Certificate {
    /// # Errors
    /// Why it cannot be understood.
    pub(super) fn parse(der: &CertificateDer<'static>) -> Result<Self, String> {
        let (_, read) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
        let instant = |seconds| DateTime::from_timestamp(seconds, 0).ok_or("a time that is none");
        let validity = read.validity();
        let algorithm = read.signature_algorithm.algorithm.to_id_string();
        Ok(Self {
            subject: read.subject().to_string(),
            issuer: read.issuer().to_string(),
            serial: serial(read.raw_serial()),
            begins: instant(validity.not_before.timestamp())?,
            ends: instant(validity.not_after.timestamp())?,
            names: names(&read),
            key: key(&read),
            broken_signature: BROKEN.iter().find(|(id, _)| *id == algorithm).map(|(_, name)| *name),
            is_self_issued: read.subject().as_raw() == read.issuer().as_raw(),
            der: der.clone(),
        })
    }

    /// What it is called in a message.
    pub(super) fn name(&self) -> &str {
        let first = self.names.first().map_or("a certificate without a name", String::as_str);
        if self.subject.is_empty() { first } else { &self.subject }
    }
}

/// Without the byte that only says that the number is positive.
fn serial(raw: &[u8]) -> String {
    let raw = match raw {
        [0, rest @ ..] if !rest.is_empty() => rest,
        raw => raw,
    };
    raw.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn names(certificate: &X509Certificate) -> Vec<String> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let names = extension.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let shown = names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) | GeneralName::URI(name) | GeneralName::RFC822Name(name) => {
            Some((*name).to_owned())
        }
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(|ip| ip.to_string())
        }
        _ => None,
    });
    shown.collect()
}

/// Source: RFC 8410 for the identifiers of Ed25519 and Ed448; RFC 5480, 2.1.1.1 for those of curves.
fn key(certificate: &X509Certificate) -> String {
    let info = certificate.public_key();
    match (info.algorithm.algorithm.to_id_string().as_str(), info.parsed()) {
        ("1.3.101.112", _) => "Ed25519".to_owned(),
        ("1.3.101.113", _) => "Ed448".to_owned(),
        (_, Ok(PublicKey::RSA(key))) => format!("RSA {}", key.key_size()),
        (_, Ok(PublicKey::EC(point))) => {
            let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
            match curve.map(|curve| curve.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7") => "EC P-256".to_owned(),
                Some("1.3.132.0.34") => "EC P-384".to_owned(),
                Some("1.3.132.0.35") => "EC P-521".to_owned(),
                _ => format!("EC {}", point.key_size()),
            }
        }
        (algorithm, _) => algorithm.to_owned(),
    }
}
