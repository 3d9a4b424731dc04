//! Checks of what answers on a network, and of this host's part in it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::PortSpec;
use crate::model::{DEFAULT_METHOD, Matcher, Named, Spanned, form};

/// An HTTP answer is as expected.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpCheck {
    /// Where to.
    #[schemars(with = "form::Url")]
    pub url: Spanned<String>,
    /// Default GET.
    #[schemars(extend("default" = DEFAULT_METHOD))]
    pub method: Option<String>,
    /// Header fields by name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How many redirections are followed, up to 10; default 10. With 0 the redirection itself is the answer.
    /// To another host or port no header field is sent that says who asks, `Authorization` and `Cookie` among them.
    #[schemars(extend("default" = 10), with = "Option<form::Redirects>")]
    pub redirects: Option<Spanned<u32>>,
    /// The certificates that are trusted, in a PEM file; default those that the machine trusts.
    #[schemars(with = "Option<form::NonBlank>")]
    pub ca: Option<Spanned<String>>,
    /// Whom the client shows itself as.
    pub client: Option<ClientIdentity>,
    /// The status; default 200.
    #[schemars(extend("default" = 200))]
    pub status: Option<Matcher>,
    /// Header fields of the answer by name; several of one name are joined by `, `.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Matcher>")]
    pub response_headers: Named<Matcher>,
    /// The body; read up to 10 MiB.
    pub body: Option<Matcher>,
    /// How long the whole answer took, in seconds.
    pub seconds: Option<Matcher>,
}

/// Whom a client shows itself as.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientIdentity {
    /// Its certificate, with its chain, in a PEM file.
    #[schemars(with = "form::NonBlank")]
    pub certificate: Spanned<String>,
    /// The key, in a PEM file.
    #[schemars(with = "form::NonBlank")]
    pub key: Spanned<String>,
}

/// A TCP connection can be opened.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TcpCheck {
    /// `HOST:PORT`.
    #[schemars(with = "form::Address")]
    pub address: Spanned<String>,
}

/// A port of this host listens.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependencies" = super::of_one_that_is(&["ip", "process"], "listening")))]
pub struct PortCheck {
    /// `9090`, `tcp:9090`, `tcp6:9090`, `udp:53`, `udp6:53`.
    pub port: Spanned<PortSpec>,
    /// Default true.
    #[schemars(extend("default" = true))]
    pub listening: Option<bool>,
    /// The addresses that it listens on.
    pub ip: Option<Matcher>,
    /// The names of the programs that listen.
    pub process: Option<Matcher>,
}

/// A network interface is there and up.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependencies" = super::of_one_that_is(&["up", "addrs", "mtu"], "exists")))]
pub struct InterfaceCheck {
    /// Its name.
    #[schemars(with = "form::NonBlank")]
    pub name: Spanned<String>,
    /// Default true.
    #[schemars(extend("default" = true))]
    pub exists: Option<bool>,
    /// Whether it is switched on and has a carrier; default: not asked.
    pub up: Option<bool>,
    /// Its addresses with the length of their prefix, `10.0.0.5/24`.
    pub addrs: Option<Matcher>,
    /// The largest packet, in bytes.
    pub mtu: Option<Matcher>,
}

/// A name resolves. A server that does not answer, or cannot, is unknown; `no such name` is an answer.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependencies" = super::of_one_that_is(&["answers"], "resolves")))]
pub struct DnsCheck {
    /// The name; for `PTR` also an IP address.
    #[schemars(with = "form::NonBlank")]
    pub name: Spanned<String>,
    /// The type of record; default the addresses, A and AAAA.
    #[serde(rename = "type")]
    pub record: Option<RecordType>,
    /// Whom to ask, `IP` or `IP:PORT`; default what the machine is set up to ask.
    pub server: Option<Spanned<String>>,
    /// Default true.
    #[schemars(extend("default" = true))]
    pub resolves: Option<bool>,
    /// The records as `dig +short` shows them, such as `192.0.2.1` or `10 mail.example.org.`.
    pub answers: Option<Matcher>,
}

/// A type of DNS record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(extend("type" = "string"))]
pub enum RecordType {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// Who may issue certificates.
    Caa,
    /// Another name.
    Cname,
    /// Who takes mail.
    Mx,
    /// The name servers of a zone.
    Ns,
    /// The name of an address.
    Ptr,
    /// Where a service is.
    Srv,
    /// The fingerprint of a host key.
    Sshfp,
    /// Text.
    Txt,
}

impl RecordType {
    /// Its name and number.
    ///
    /// Source: IANA, DNS parameters, resource record types.
    pub fn name_and_number(self) -> (&'static str, u16) {
        match self {
            Self::A => ("A", 1),
            Self::Ns => ("NS", 2),
            Self::Cname => ("CNAME", 5),
            Self::Ptr => ("PTR", 12),
            Self::Mx => ("MX", 15),
            Self::Txt => ("TXT", 16),
            Self::Aaaa => ("AAAA", 28),
            Self::Srv => ("SRV", 33),
            Self::Sshfp => ("SSHFP", 44),
            Self::Caa => ("CAA", 257),
        }
    }
}
