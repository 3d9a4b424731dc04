//! Checks: one assertion each about the live system.

mod alerting;
mod host;
mod monitoring;
mod network;

use schemars::JsonSchema;
use serde::Deserialize;

use super::named::Anything;
use super::{Length, Matcher, Spanned, form};

pub use alerting::{AlertPathCheck, AlertRouteCheck, ConfigLiveCheck, RouteTest};
pub use host::{CommandCheck, FileCheck};
pub use monitoring::{PromqlCheck, RestoreCheck, RulesHealthyCheck, TargetUpCheck};
pub use network::{HttpCheck, TcpCheck};

/// One assertion about the live system: exactly one kind, with its expected result.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = form::alternatives(Check::KINDS)))]
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
    pub alert_route: Option<Spanned<AlertRouteCheck>>,
    /// A synthetic alert arrives.
    pub alert_path: Option<Spanned<AlertPathCheck>>,
    /// What is served equals what is written.
    pub config_live: Option<Spanned<ConfigLiveCheck>>,
    /// A snapshot opened in a scratch instance answers the same queries.
    pub restore: Option<Spanned<RestoreCheck>>,
    /// The most that it may take; default 10s, 2m for `restore`, and 10m for `alert_path`.
    #[schemars(with = "Option<form::PositiveLength>")]
    pub timeout: Option<Spanned<Length>>,
    /// For how long it is asked again until it holds; default not at all.
    pub retry: Option<Spanned<AskAgain>>,
}

/// Asking a check again until it holds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskAgain {
    /// The most that all of it may take, from when it is first asked.
    #[serde(rename = "for")]
    #[schemars(with = "form::PositiveLength")]
    pub patience: Spanned<Length>,
    /// The time between an answer and the next question; default 2s.
    #[schemars(with = "Option<form::PositiveLength>", extend("default" = "2s"))]
    pub every: Option<Spanned<Length>>,
}

impl AskAgain {
    /// The time between an answer and the next question.
    pub fn every(&self) -> Length {
        self.every.map_or(Length::seconds(2), |every| every.value)
    }
}

/// Makes, of one list, what knows a check's kinds: the enumeration, the names and the look-ups.
macro_rules! kinds {
    ($($key:ident: $kind:ident($form:ty),)*) => {
        /// What a check asserts, by its kind.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub enum CheckKind<'a> {
            $(#[doc = concat!("`", stringify!($key), "`.")] $kind(&'a Spanned<$form>),)*
        }

        impl Check {
            /// The kinds there are.
            pub const KINDS: &[&str] = &[$(stringify!($key)),*];

            /// The kinds that there are, and whether it is of each: of one, as `validate` sees to.
            pub fn kinds(&self) -> Vec<(&'static str, bool)> {
                vec![$((stringify!($key), self.$key.is_some())),*]
            }

            /// What it asserts; `None` of a check that names no kind, which `validate` refuses.
            pub fn kind(&self) -> Option<CheckKind<'_>> {
                $(if let Some(form) = &self.$key {
                    return Some(CheckKind::$kind(form));
                })*
                None
            }
        }

        impl CheckKind<'_> {
            /// Its name in the plan file.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($key),)*
                }
            }
        }
    };
}

kinds! {
    file: File(FileCheck),
    command: Command(CommandCheck),
    http: Http(HttpCheck),
    tcp: Tcp(TcpCheck),
    promql: Promql(PromqlCheck),
    target_up: TargetUp(TargetUpCheck),
    rules_healthy: RulesHealthy(RulesHealthyCheck),
    dns: Dns(Anything),
    process: Process(Anything),
    port: Port(Anything),
    service: Service(Anything),
    package: Package(Anything),
    mount: Mount(Anything),
    disk: Disk(Anything),
    user: User(Anything),
    group: Group(Anything),
    interface: Interface(Anything),
    kernel_param: KernelParam(Anything),
    certificate: Certificate(Anything),
    alert_route: AlertRoute(AlertRouteCheck),
    alert_path: AlertPath(AlertPathCheck),
    config_live: ConfigLive(ConfigLiveCheck),
    restore: Restore(RestoreCheck),
}

/// The longest that a check without `timeout` may take.
const DEFAULT_TIMEOUT: Length = Length(chrono::TimeDelta::seconds(10));
/// The same for `restore`, which starts a server.
const DEFAULT_TIMEOUT_OF_RESTORE: Length = Length(chrono::TimeDelta::minutes(2));
/// The same for `alert_path`: by default Alertmanager waits 30 seconds and then five minutes before it speaks of a group
/// of alerts, and of its end.
const DEFAULT_TIMEOUT_OF_ALERT_PATH: Length = Length(chrono::TimeDelta::minutes(10));

impl Check {
    /// The most that asking it once may take.
    pub fn timeout(&self) -> Length {
        let default = match self.kind() {
            Some(CheckKind::Restore(_)) => DEFAULT_TIMEOUT_OF_RESTORE,
            Some(CheckKind::AlertPath(_)) => DEFAULT_TIMEOUT_OF_ALERT_PATH,
            _ => DEFAULT_TIMEOUT,
        };
        self.timeout.map_or(default, |timeout| timeout.value)
    }

    /// The most that it may take with all that it is asked again.
    pub fn patience(&self) -> Length {
        self.retry.as_ref().map_or_else(|| self.timeout(), |again| again.patience.value)
    }

    /// The matchers that what it finds is held against.
    pub fn matchers(&self) -> Vec<&Matcher> {
        let Some(kind) = self.kind() else { return Vec::new() };
        let matchers = match kind {
            CheckKind::Command(command) => vec![&command.exit, &command.stdout],
            CheckKind::Http(http) => vec![&http.status, &http.body],
            CheckKind::Promql(promql) => vec![&promql.every, &promql.any, &promql.count],
            _ => Vec::new(),
        };
        matchers.into_iter().flatten().collect()
    }

    /// What it asks, in one short line.
    pub fn in_short(&self) -> String {
        let Some(kind) = self.kind() else { return "check".to_owned() };
        let what = match kind {
            CheckKind::File(file) => &file.path.value,
            CheckKind::Command(command) => &command.run.join(" "),
            CheckKind::Http(http) => &http.url.value,
            CheckKind::Tcp(tcp) => &tcp.address.value,
            CheckKind::Promql(promql) => &promql.query.value,
            CheckKind::TargetUp(target) => &target.job,
            CheckKind::Restore(restore) => restore.snapshot(),
            CheckKind::AlertPath(path) => &format!("to {}", path.receiver.value),
            CheckKind::AlertRoute(route) => &route.in_short(),
            CheckKind::ConfigLive(live) => &live.in_short(),
            _ => return kind.name().to_owned(),
        };
        format!("{} {what}", kind.name())
    }
}
