//! Steps: one action each.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::named::{Anything, at_least_one};
use super::{Check, Length, List, Matcher, Moment, Name, Spanned, form};

/// One thing that is done: exactly one action, and how it is done.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = form::alternatives(&Step::ACTIONS)))]
pub struct Step {
    /// What people call it; default its action in short.
    pub name: Option<String>,
    /// Action: a program with its arguments, without a shell.
    #[schemars(with = "Option<form::Argv>")]
    pub run: Option<Spanned<Vec<String>>>,
    /// Action: text for `/bin/sh -c`.
    #[schemars(with = "Option<form::NonBlank>")]
    pub shell: Option<Spanned<String>>,
    /// Action: one HTTP request.
    pub http: Option<Spanned<HttpAction>>,
    /// Action: wait for a time, or until a check holds.
    pub wait: Option<Spanned<Wait>>,
    /// Action on the plan file's Prometheus.
    pub prometheus: Option<Spanned<PrometheusAction>>,
    /// Action on the plan file's Alertmanager.
    pub alertmanager: Option<Spanned<AlertmanagerAction>>,
    /// Action: an Ansible module or playbook.
    pub ansible: Option<Spanned<Anything>>,
    /// Action: a person confirms.
    pub pause: Option<Spanned<Pause>>,
    /// The most that one attempt may take; default 10m.
    #[schemars(with = "Option<form::PositiveLength>")]
    pub timeout: Option<Spanned<Length>>,
    /// What happens when it fails; default nothing.
    pub retry: Option<Spanned<Retry>>,
    /// Whether it may be repeated after a crash in its middle; default the task's.
    pub idempotent: Option<bool>,
    /// Variables beside the documented clean environment.
    #[serde(default)]
    pub env: BTreeMap<String, EnvValue>,
    /// The folder it runs in, relative to the plan file's; default the plan file's.
    #[schemars(with = "Option<form::NonBlank>")]
    pub cwd: Option<Spanned<String>>,
    /// The user it runs as.
    pub user: Option<Spanned<String>>,
    /// Whether it removes what cannot be made again.
    pub destructive: Option<Spanned<bool>>,
    /// The step is left out when this check does not hold.
    pub only_if: Option<Spanned<Check>>,
    /// Whether a step that was interrupted, and that is not `idempotent`, is done: `run --resume` asks this check.
    pub done_if: Option<Spanned<Check>>,
}

/// The longest that one attempt of a step without `timeout` may take.
const DEFAULT_TIMEOUT: Length = Length(chrono::TimeDelta::minutes(10));

impl Step {
    /// The actions there are.
    pub const ACTIONS: [&str; 8] =
        ["run", "shell", "http", "wait", "prometheus", "alertmanager", "ansible", "pause"];

    /// Its name, or its action in short.
    pub fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.action_in_short())
    }

    /// What it does, in one short line.
    pub fn action_in_short(&self) -> String {
        if let Some(argv) = &self.run {
            return argv.join(" ");
        }
        if let Some(text) = &self.shell {
            return text.lines().next().unwrap_or_default().to_owned();
        }
        if let Some(http) = &self.http {
            return format!("{} {}", http.method.as_deref().unwrap_or(DEFAULT_METHOD), http.url.value);
        }
        if let Some(wait) = &self.wait {
            return match (&wait.duration, &wait.until) {
                (Some(length), _) => format!("wait {}", length.value),
                (None, Some(check)) => format!("wait until {}", check.in_short()),
                (None, None) => "wait".to_owned(),
            };
        }
        if let Some(action) = &self.prometheus {
            return format!("prometheus {}", action.in_short());
        }
        if let Some(action) = &self.alertmanager {
            return format!("alertmanager {}", action.in_short());
        }
        if let Some(pause) = &self.pause {
            return format!("pause: {}", pause.0);
        }
        "ansible".to_owned()
    }

    /// Whether a program that it runs restarts one of `names` through the init system or a container engine, or is
    /// called after that: `systemctl restart prometheus`, `./restart-prometheus`.
    pub fn restarts(&self, names: &[&str]) -> bool {
        let words: Vec<&str> = match (&self.run, &self.shell) {
            (Some(argv), _) => argv.iter().map(String::as_str).collect(),
            (None, Some(text)) => text.split_whitespace().collect(),
            (None, None) => return false,
        };
        let has = |wanted: &[&str]| words.iter().any(|word| wanted.iter().any(|name| word.contains(name)));
        let is_named = |word: &str| word.contains("restart") && names.iter().any(|name| word.contains(name));
        let through = ["systemctl", "service", "docker", "podman"];
        (has(&through) && has(&["restart", "start"]) && has(names)) || words.iter().any(|word| is_named(word))
    }

    /// The most that one attempt may take.
    pub fn timeout(&self) -> Length {
        self.timeout.map_or(DEFAULT_TIMEOUT, |timeout| timeout.value)
    }
}

/// The method of a request that names none.
pub const DEFAULT_METHOD: &str = "GET";

/// One HTTP request; it fails unless the answer's status is as expected.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpAction {
    /// Where to.
    #[schemars(with = "form::Url")]
    pub url: Spanned<String>,
    /// Default GET.
    #[schemars(extend("default" = DEFAULT_METHOD))]
    pub method: Option<String>,
    /// Sent as it is.
    pub body: Option<String>,
    /// Header fields by name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The status that means success; default 200 to 299.
    pub status: Option<Matcher>,
}

/// Waiting: `2m`, or `{until: CHECK}`, as long as the step's `timeout` allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    /// For this long.
    pub duration: Option<Spanned<Length>>,
    /// Until this holds.
    pub until: Option<Box<Check>>,
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Wait;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a length of time such as 2m, or `until:` with a check")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Wait, E> {
                let length: Length = text.parse().map_err(E::custom)?;
                Ok(Wait { duration: Some(length.into()), until: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Wait, A::Error> {
                let Until { until } = Until::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Wait { duration: None, until: Some(Box::new(until)) })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Waiting until a check holds.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Until {
    /// The check that ends the waiting.
    until: Check,
}

impl JsonSchema for Wait {
    fn schema_name() -> Cow<'static, str> {
        "Wait".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (length, until) = (generator.subschema_for::<Length>(), generator.subschema_for::<Until>());
        json_schema!({
            "description": "Waiting: `2m`, or `{until: CHECK}`, as long as the step's `timeout` allows.",
            "anyOf": [length, until]
        })
    }
}

/// What can be asked of Prometheus.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(extend("type" = ["string", "object"]))]
pub enum PrometheusAction {
    /// A TSDB snapshot through the admin API, when its disk has room for it.
    Snapshot,
    /// Load configuration and rules again, and prove that they are loaded.
    Reload,
    /// Free the space of deleted series, when the disk has room for the blocks that are written anew.
    CleanTombstones,
    /// Delete series, or what they hold of a time.
    DeleteSeries(SeriesToDelete),
}

/// Series, and the time whose samples are deleted.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesToDelete {
    /// Series selectors, such as `old_metric{job="node"}`: a series goes when one of them selects it.
    #[serde(rename = "match", deserialize_with = "at_least_one")]
    #[schemars(length(min = 1))]
    pub selectors: List<Spanned<String>>,
    /// The first moment; default the beginning of all data.
    pub start: Option<Spanned<Moment>>,
    /// The last moment; default the moment at which the step runs, so that what is scraped later stays.
    pub end: Option<Spanned<Moment>>,
}

impl PrometheusAction {
    /// The action's name in the plan file.
    pub fn in_short(&self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Reload => "reload",
            Self::CleanTombstones => "clean_tombstones",
            Self::DeleteSeries(_) => "delete_series",
        }
    }
}

/// What can be asked of Alertmanager.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(extend("type" = ["string", "object"]))]
pub enum AlertmanagerAction {
    /// Load the configuration again, and prove that it is loaded.
    Reload,
    /// Silence alerts for a time of its own, which may be longer than the run.
    Silence(NamedSilence),
    /// End the silence that a step of this plan file made under this name, in this run or an earlier one.
    Expire(Spanned<Name>),
}

/// A silence that lasts until a step ends it, `for` so long at most.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedSilence {
    /// Names it for `expire`.
    pub name: Spanned<Name>,
    /// Alertmanager matchers, all of which must hold: `job="prometheus"`, `instance=~"host1|host2"`. Where all
    /// targets of the task have labels, an alert that fires now and whose labels are those of none of them refuses
    /// it.
    #[serde(deserialize_with = "at_least_one")]
    #[schemars(length(min = 1))]
    pub matchers: List<Spanned<String>>,
    /// The most that it lasts.
    #[serde(rename = "for")]
    #[schemars(with = "form::PositiveLength")]
    pub length: Spanned<Length>,
    /// What people read in Alertmanager; default the task's title.
    pub comment: Option<String>,
}

impl AlertmanagerAction {
    /// The action's name in the plan file.
    pub fn in_short(&self) -> &'static str {
        match self {
            Self::Reload => "reload",
            Self::Silence(_) => "silence",
            Self::Expire(_) => "expire",
        }
    }
}

/// What a person is asked to confirm.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Pause(pub String);

/// What happens when a step fails.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all; at least 1.
    #[schemars(with = "form::AtLeastOne")]
    pub attempts: Spanned<u32>,
    /// Waiting time before the second attempt, doubled before each later one; default 0.
    #[schemars(extend("default" = "0s"))]
    pub backoff: Option<Spanned<Length>>,
}

/// The value of a variable: text, or `{secret: NAME}`.
#[derive(Debug, Clone, PartialEq)]
pub enum EnvValue {
    /// As it is.
    Text(String),
    /// The value of a secret.
    Secret(Spanned<String>),
}

impl<'de> Deserialize<'de> for EnvValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = EnvValue;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("text, or `{secret: NAME}`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<EnvValue, E> {
                Ok(EnvValue::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EnvValue, A::Error> {
                let SecretRef { secret } =
                    SecretRef::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(EnvValue::Secret(secret))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// The value of a secret.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SecretRef {
    /// A name from `secrets:`.
    secret: Spanned<String>,
}

impl JsonSchema for EnvValue {
    fn schema_name() -> Cow<'static, str> {
        "EnvValue".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (text, secret) = (generator.subschema_for::<String>(), generator.subschema_for::<SecretRef>());
        json_schema!({
            "description": "The value of a variable: text, or `{secret: NAME}`.",
            "anyOf": [text, secret]
        })
    }
}
