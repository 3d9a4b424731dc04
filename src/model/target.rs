//! What is maintained, and what stands in for what.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Length, Spanned, form};

/// A thing that is maintained: a host, an instance, a URL; reached by one transport.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = transports()))]
pub struct Target {
    /// Steps run on this machine.
    pub local: Option<Spanned<bool>>,
    /// Steps run over OpenSSH on this destination, as `ssh` takes it.
    pub ssh: Option<Spanned<String>>,
    /// Steps run through Ansible on this host or group of its inventory.
    pub ansible: Option<Spanned<String>>,
    /// The group of targets that stand in for this one.
    pub group: Option<Spanned<String>>,
    /// The labels under which monitoring knows the target, such as `instance`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

impl Target {
    /// How a target is reached; `local` counts when it is true.
    pub const TRANSPORTS: [&str; 3] = ["local", "ssh", "ansible"];
}

/// Exactly one transport, of which `local: false` is none.
fn transports() -> Value {
    Target::TRANSPORTS
        .iter()
        .map(|key| match *key {
            "local" => json!({"required": [key], "properties": {"local": {"const": true}}}),
            key => json!({"required": [key]}),
        })
        .collect()
}

/// Targets that stand in for each other, such as an HA pair.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// How many of the group may be in work at once; at least 1.
    #[schemars(with = "form::AtLeastOne")]
    pub max_down: Spanned<u32>,
    /// For how long after work on one of them the others are left alone, until they cover the gap that it left: as
    /// long as the longest range that a rule looks back; default 0.
    #[schemars(extend("default" = "0s"))]
    pub cover: Option<Spanned<Length>>,
}
