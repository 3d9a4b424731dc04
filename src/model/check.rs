//! Checks: one assertion each about the live system.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::named::{Anything, at_least_one};
use super::{DEFAULT_METHOD, Length, List, Matcher, Spanned, Tolerance, form};

/// One assertion about the live system: exactly one kind, with its expected result.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = form::alternatives(&Check::KINDS)))]
pub struct Check {
    /// A file is there, or not, and holds what it should.
    pub file: Option<Spanned<FileCheck>>,
    /// A program ends as expected.
    pub command: Option<Spanned<CommandCheck>>,
    /// An HTTP answer is as expected.
    pub http: Option<Spanned<HttpCheck>>,
    /// A TCP connection can be opened.
    pub tcp: Option<Spanned<TcpCheck>>,
    /// A query's samples are as expected.
    pub promql: Option<Spanned<PromqlCheck>>,
    /// Prometheus scrapes a job's targets with success.
    pub target_up: Option<Spanned<TargetUpCheck>>,
    /// Prometheus evaluates its rules without error.
    pub rules_healthy: Option<Spanned<RulesHealthyCheck>>,
    /// A name resolves.
    pub dns: Option<Spanned<Anything>>,
    /// A process runs.
    pub process: Option<Spanned<Anything>>,
    /// A local port listens.
    pub port: Option<Spanned<Anything>>,
    /// A service of the init system is enabled and running.
    pub service: Option<Spanned<Anything>>,
    /// A package is installed.
    pub package: Option<Spanned<Anything>>,
    /// A file system is mounted.
    pub mount: Option<Spanned<Anything>>,
    /// A file system has room.
    pub disk: Option<Spanned<Anything>>,
    /// A user exists.
    pub user: Option<Spanned<Anything>>,
    /// A group of users exists.
    pub group: Option<Spanned<Anything>>,
    /// A network interface is up.
    pub interface: Option<Spanned<Anything>>,
    /// A kernel parameter has a value.
    pub kernel_param: Option<Spanned<Anything>>,
    /// A certificate is valid for long enough.
    pub certificate: Option<Spanned<Anything>>,
    /// Alertmanager routes a label set to a receiver.
    pub alert_route: Option<Spanned<Anything>>,
    /// A synthetic alert arrives.
    pub alert_path: Option<Spanned<Anything>>,
    /// What is served equals what is written.
    pub config_live: Option<Spanned<Anything>>,
    /// A snapshot opened in a scratch instance answers the same queries.
    pub restore: Option<Spanned<RestoreCheck>>,
    /// The most that it may take; default 10s, and 2m for `restore`.
    #[schemars(with = "Option<form::PositiveLength>")]
    pub timeout: Option<Spanned<Length>>,
}

/// The longest that a check without `timeout` may take.
const DEFAULT_TIMEOUT: Length = Length(chrono::TimeDelta::seconds(10));
/// The same for `restore`, which starts a server.
const DEFAULT_TIMEOUT_OF_RESTORE: Length = Length(chrono::TimeDelta::minutes(2));

impl Check {
    /// The kinds there are.
    pub const KINDS: [&str; 23] = [
        "file",
        "command",
        "http",
        "tcp",
        "promql",
        "target_up",
        "rules_healthy",
        "dns",
        "process",
        "port",
        "service",
        "package",
        "mount",
        "disk",
        "user",
        "group",
        "interface",
        "kernel_param",
        "certificate",
        "alert_route",
        "alert_path",
        "config_live",
        "restore",
    ];

    /// The most that it may take.
    pub fn timeout(&self) -> Length {
        let default = if self.restore.is_some() { DEFAULT_TIMEOUT_OF_RESTORE } else { DEFAULT_TIMEOUT };
        self.timeout.map_or(default, |timeout| timeout.value)
    }

    /// The kinds that there are, and whether it is of each: of one, as `validate` sees to.
    pub fn kinds(&self) -> [(&'static str, bool); 23] {
        [
            ("file", self.file.is_some()),
            ("command", self.command.is_some()),
            ("http", self.http.is_some()),
            ("tcp", self.tcp.is_some()),
            ("promql", self.promql.is_some()),
            ("target_up", self.target_up.is_some()),
            ("rules_healthy", self.rules_healthy.is_some()),
            ("dns", self.dns.is_some()),
            ("process", self.process.is_some()),
            ("port", self.port.is_some()),
            ("service", self.service.is_some()),
            ("package", self.package.is_some()),
            ("mount", self.mount.is_some()),
            ("disk", self.disk.is_some()),
            ("user", self.user.is_some()),
            ("group", self.group.is_some()),
            ("interface", self.interface.is_some()),
            ("kernel_param", self.kernel_param.is_some()),
            ("certificate", self.certificate.is_some()),
            ("alert_route", self.alert_route.is_some()),
            ("alert_path", self.alert_path.is_some()),
            ("config_live", self.config_live.is_some()),
            ("restore", self.restore.is_some()),
        ]
    }

    /// What it asks, in one short line.
    pub fn in_short(&self) -> String {
        if let Some(file) = &self.file {
            return format!("file {}", file.path.value);
        }
        if let Some(command) = &self.command {
            return format!("command {}", command.run.join(" "));
        }
        if let Some(http) = &self.http {
            return format!("http {}", http.url.value);
        }
        if let Some(tcp) = &self.tcp {
            return format!("tcp {}", tcp.address.value);
        }
        if let Some(promql) = &self.promql {
            return format!("promql {}", promql.query.value);
        }
        if let Some(target) = &self.target_up {
            return format!("target_up {}", target.job);
        }
        if self.rules_healthy.is_some() {
            return "rules_healthy".to_owned();
        }
        if let Some(restore) = &self.restore {
            return format!("restore {}", restore.snapshot());
        }
        "check".to_owned()
    }
}

/// A file is there, or not, and holds what it should.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependencies" = {"contains": {"properties": {"exists": {"const": true}}}}))]
pub struct FileCheck {
    /// Relative to the plan file's folder.
    #[schemars(with = "form::NonBlank")]
    pub path: Spanned<String>,
    /// Default true.
    #[schemars(extend("default" = true))]
    pub exists: Option<bool>,
    /// Text that it holds; read up to 16 MiB.
    pub contains: Option<String>,
}

/// A program ends as expected.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandCheck {
    /// The program and its arguments.
    #[schemars(with = "form::Argv")]
    pub run: Spanned<Vec<String>>,
    /// The exit code; default 0.
    #[schemars(extend("default" = 0))]
    pub exit: Option<Matcher>,
    /// What it prints, without trailing blank space.
    pub stdout: Option<Matcher>,
}

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

/// A query's samples are as expected. No sample at all is unknown, never a yes, unless `count` speaks of it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = form::alternatives(&["every", "any", "count"])))]
pub struct PromqlCheck {
    /// An instant query.
    #[schemars(with = "form::NonBlank")]
    pub query: Spanned<String>,
    /// Every sample's value matches.
    pub every: Option<Matcher>,
    /// At least one sample's value matches.
    pub any: Option<Matcher>,
    /// The number of samples matches.
    pub count: Option<Matcher>,
}

/// Prometheus scrapes a job's targets with success, all of them, and there is at least one.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetUpCheck {
    /// The value of the label `job`.
    pub job: String,
    /// Only the target with this value of the label `instance`.
    pub instance: Option<String>,
}

/// Prometheus evaluates its rules without error, and there is at least one.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesHealthyCheck {
    /// Only this rule group.
    pub group: Option<String>,
}

/// A snapshot opened in a scratch Prometheus of its own answers the same range queries as the server does.
///
/// The scratch server needs the program `prometheus` on this machine, scrapes nothing and is gone afterwards.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreCheck {
    /// A snapshot below the server's own data, by name, or the path of a copy, which has a `/`; default `latest`.
    #[schemars(extend("default" = RestoreCheck::LATEST))]
    pub snapshot: Option<Spanned<String>>,
    /// What both are asked, over an hour inside the snapshot; default how many targets of each job are up, and how
    /// many samples their scrapes have.
    #[serde(default, deserialize_with = "at_least_one")]
    #[schemars(length(min = 1))]
    pub queries: List<Spanned<String>>,
    /// By how much a value may differ; default 0.
    pub within: Option<Spanned<Tolerance>>,
}

impl RestoreCheck {
    /// The newest snapshot below the server's data.
    pub const LATEST: &str = "latest";
    /// What is asked when the plan file says nothing.
    pub const DEFAULT_QUERIES: [&str; 2] = ["sum by (job) (up)", "sum by (job) (scrape_samples_scraped)"];

    /// The snapshot.
    pub fn snapshot(&self) -> &str {
        self.snapshot.as_ref().map_or(Self::LATEST, |snapshot| &snapshot.value)
    }

    /// The queries.
    pub fn queries(&self) -> Vec<&str> {
        if self.queries.is_empty() {
            return Self::DEFAULT_QUERIES.to_vec();
        }
        self.queries.iter().map(|query| query.value.as_str()).collect()
    }
}
