//! Checks of what answers on a network.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{DEFAULT_METHOD, Matcher, Spanned, form};

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
    /// The status; default 200.
    #[schemars(extend("default" = 200))]
    pub status: Option<Matcher>,
    /// The body; read up to 1 MiB.
    pub body: Option<Matcher>,
}

/// A TCP connection can be opened.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TcpCheck {
    /// `HOST:PORT`.
    #[schemars(with = "form::Address")]
    pub address: Spanned<String>,
}
