//! Checks of certificates.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{Length, Matcher, Spanned, form};

/// A certificate and the chain with it are valid: in date, of this name, trusted, and what the file on disk says.
///
/// With `address` it is what is served there, with `file` what is written there, and with both the two have to be the
/// same, as they are not after a renewal that no server has read yet.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = form::alternatives(&["address", "file"])))]
pub struct CertificateCheck {
    /// `HOST:PORT` of a TLS server.
    #[schemars(with = "Option<form::Address>")]
    pub address: Option<Spanned<String>>,
    /// A PEM or DER file, relative to the plan file's folder.
    #[schemars(with = "Option<form::NonBlank>")]
    pub file: Option<Spanned<String>>,
    /// The name that it has to be for; default the host of `address`, and none for a file alone.
    #[schemars(with = "Option<form::NonBlank>")]
    pub server_name: Option<Spanned<String>>,
    /// For at least so long every certificate of the chain has to be valid; default 0s.
    #[schemars(extend("default" = "0s"))]
    pub valid_for: Option<Length>,
    /// Whether its chain has to lead to a trusted authority; default true for what is served, false for a file alone.
    pub trusted: Option<bool>,
    /// The authorities that are trusted, in a PEM file; default those that the machine trusts.
    #[schemars(with = "Option<form::NonBlank>")]
    pub ca: Option<Spanned<String>>,
    /// All names that it is for.
    pub names: Option<Matcher>,
    /// Whom it is of, as a distinguished name.
    pub subject: Option<Matcher>,
    /// Who issued it, as a distinguished name.
    pub issuer: Option<Matcher>,
    /// Its serial number in hexadecimal digits, in lower case, without colons.
    pub serial: Option<Matcher>,
    /// Its key: `RSA 2048`, `EC P-256`, `Ed25519`.
    pub key: Option<Matcher>,
}

impl CertificateCheck {
    /// The matchers that what it finds is held against.
    pub(super) fn matchers(&self) -> [&Option<Matcher>; 5] {
        [&self.names, &self.subject, &self.issuer, &self.serial, &self.key]
    }
}
