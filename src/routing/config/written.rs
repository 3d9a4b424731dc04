//! The forms in which a configuration is written, as far as routing is concerned.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::routing::Integration;
use crate::routing::interval::Written;

#[derive(Deserialize)]
pub(super) struct WrittenConfig {
    pub(super) route: Option<WrittenRoute>,
    #[serde(default)]
    pub(super) receivers: Vec<WrittenReceiver>,
    #[serde(default)]
    pub(super) inhibit_rules: Vec<WrittenInhibition>,
    #[serde(default)]
    pub(super) time_intervals: Vec<WrittenIntervals>,
    #[serde(default)]
    pub(super) mute_time_intervals: Vec<WrittenIntervals>,
}

#[derive(Deserialize)]
pub(super) struct WrittenRoute {
    pub(super) receiver: Option<String>,
    pub(super) group_by: Option<Vec<String>>,
    #[serde(default, rename = "match")]
    pub(super) equal: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) match_re: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) matchers: Vec<String>,
    #[serde(default, rename = "continue")]
    pub(super) continues: bool,
    #[serde(default)]
    pub(super) routes: Vec<WrittenRoute>,
    pub(super) group_wait: Option<String>,
    pub(super) group_interval: Option<String>,
    #[serde(default)]
    pub(super) mute_time_intervals: Vec<String>,
    #[serde(default)]
    pub(super) active_time_intervals: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct WrittenInhibition {
    #[serde(default)]
    pub(super) source_match: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) source_match_re: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) source_matchers: Vec<String>,
    #[serde(default)]
    pub(super) target_match: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) target_match_re: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) target_matchers: Vec<String>,
    #[serde(default)]
    pub(super) equal: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct WrittenIntervals {
    pub(super) name: String,
    #[serde(default)]
    pub(super) time_intervals: Vec<Written>,
}

pub(super) struct WrittenReceiver {
    pub(super) name: String,
    pub(super) integrations: Vec<Integration>,
}

#[derive(Deserialize)]
pub(super) struct WrittenIntegration {
    pub(super) send_resolved: Option<bool>,
    pub(super) url: Option<String>,
}

impl<'de> Deserialize<'de> for WrittenReceiver {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = WrittenReceiver;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a receiver")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WrittenReceiver, A::Error> {
                let mut receiver = WrittenReceiver { name: String::new(), integrations: Vec::new() };
                while let Some(key) = map.next_key::<String>()? {
                    if key == "name" {
                        receiver.name = map.next_value()?;
                    } else if let Some(kind) = key.strip_suffix("_configs") {
                        let written: Option<Vec<WrittenIntegration>> = map.next_value()?;
                        let of_kind = |one: WrittenIntegration| Integration {
                            kind: kind.to_owned(),
                            send_resolved: one.send_resolved.unwrap_or_else(|| sends_resolved(kind)),
                            url: one.url.filter(|url| kind == "webhook" && url.contains("://")),
                        };
                        receiver.integrations.extend(written.into_iter().flatten().map(of_kind));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(receiver)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// Whether an integration tells the end of an alert by default.
///
/// Source: Alertmanager's manual, `send_resolved` of each.
fn sends_resolved(kind: &str) -> bool {
    !matches!(kind, "email" | "slack" | "wechat")
}
