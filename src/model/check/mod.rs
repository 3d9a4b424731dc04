//! Checks: one assertion each about the live system.

mod alerting;
mod certificate;
mod file;
mod host;
mod monitoring;
mod network;
mod storage;
mod value;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Length, Matcher, Span, Spanned, form};

pub use alerting::{AlertPathCheck, AlertRouteCheck, ConfigLiveCheck, RouteTest};
pub use certificate::CertificateCheck;
pub use file::{FileCheck, FileType};
pub use host::{
    CommandCheck, GroupCheck, KernelParamCheck, PackageCheck, PackageManager, ProcessCheck, ServiceCheck,
    UserCheck,
};
pub use monitoring::{PromqlCheck, RestoreCheck, RulesHealthyCheck, TargetUpCheck};
pub use network::{ClientIdentity, DnsCheck, HttpCheck, InterfaceCheck, PortCheck, RecordType, TcpCheck};
pub use storage::{DiskCheck, MountCheck};
pub use value::{PortSpec, Protocol, Sha256, Sha512, Size};

/// One assertion about the live system: exactly one kind, with its expected result.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = form::alternatives(Check::KINDS)))]
pub struct Check {
    /// A file is there, or not, and holds what it should.
    pub file: Option<Box<Spanned<FileCheck>>>,
    /// A program ends as expected.
    pub command: Option<Box<Spanned<CommandCheck>>>,
    /// An HTTP answer is as expected.
    pub http: Option<Box<Spanned<HttpCheck>>>,
    /// A TCP connection can be opened.
    pub tcp: Option<Box<Spanned<TcpCheck>>>,
    /// A query's samples are as expected.
    pub promql: Option<Box<Spanned<PromqlCheck>>>,
    /// Prometheus scrapes a job's targets with success.
    pub target_up: Option<Box<Spanned<TargetUpCheck>>>,
    /// Prometheus evaluates its rules without error.
    pub rules_healthy: Option<Box<Spanned<RulesHealthyCheck>>>,
    /// A name resolves.
    pub dns: Option<Box<Spanned<DnsCheck>>>,
    /// A process runs.
    pub process: Option<Box<Spanned<ProcessCheck>>>,
    /// A local port listens.
    pub port: Option<Box<Spanned<PortCheck>>>,
    /// A service of the init system is enabled and running.
    pub service: Option<Box<Spanned<ServiceCheck>>>,
    /// A package is installed.
    pub package: Option<Box<Spanned<PackageCheck>>>,
    /// A file system is mounted.
    pub mount: Option<Box<Spanned<MountCheck>>>,
    /// A file system has room.
    pub disk: Option<Box<Spanned<DiskCheck>>>,
    /// A user exists.
    pub user: Option<Box<Spanned<UserCheck>>>,
    /// A group of users exists.
    pub group: Option<Box<Spanned<GroupCheck>>>,
    /// A network interface is up.
    pub interface: Option<Box<Spanned<InterfaceCheck>>>,
    /// A kernel parameter has a value.
    pub kernel_param: Option<Box<Spanned<KernelParamCheck>>>,
    /// A certificate is valid for long enough.
    pub certificate: Option<Box<Spanned<CertificateCheck>>>,
    /// Alertmanager routes a label set to a receiver.
    pub alert_route: Option<Box<Spanned<AlertRouteCheck>>>,
    /// A synthetic alert arrives.
    pub alert_path: Option<Box<Spanned<AlertPathCheck>>>,
    /// What is served equals what is written.
    pub config_live: Option<Box<Spanned<ConfigLiveCheck>>>,
    /// A snapshot opened in a scratch instance answers the same queries.
    pub restore: Option<Box<Spanned<RestoreCheck>>>,
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
    dns: Dns(DnsCheck),
    process: Process(ProcessCheck),
    port: Port(PortCheck),
    service: Service(ServiceCheck),
    package: Package(PackageCheck),
    mount: Mount(MountCheck),
    disk: Disk(DiskCheck),
    user: User(UserCheck),
    group: Group(GroupCheck),
    interface: Interface(InterfaceCheck),
    kernel_param: KernelParam(KernelParamCheck),
    certificate: Certificate(CertificateCheck),
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
            CheckKind::File(file) => file.matchers().to_vec(),
            CheckKind::Command(command) => vec![&command.exit, &command.stdout, &command.stderr],
            CheckKind::Http(http) => {
                let of_headers = http.response_headers.iter().map(|(_, matcher)| matcher);
                let others = [&http.status, &http.body, &http.seconds];
                return others.into_iter().flatten().chain(of_headers).collect();
            }
            CheckKind::Promql(promql) => vec![&promql.every, &promql.any, &promql.count],
            CheckKind::Process(process) => vec![&process.count, &process.user],
            CheckKind::Port(port) => vec![&port.ip, &port.process],
            CheckKind::Package(package) => vec![&package.version],
            CheckKind::Mount(mount) => vec![&mount.source, &mount.filesystem, &mount.options],
            CheckKind::Disk(disk) => vec![&disk.used, &disk.free, &disk.inodes_used],
            CheckKind::User(user) => vec![&user.uid, &user.gid, &user.home, &user.shell, &user.groups],
            CheckKind::Group(group) => vec![&group.gid, &group.members],
            CheckKind::Interface(interface) => vec![&interface.addrs, &interface.mtu],
            CheckKind::KernelParam(parameter) => vec![&parameter.value.value],
            CheckKind::Dns(dns) => vec![&dns.answers],
            CheckKind::Certificate(certificate) => certificate.matchers().to_vec(),
            _ => Vec::new(),
        };
        matchers.into_iter().flatten().collect()
    }

    /// The texts of its form that have to say something: keys and values.
    pub fn names(&self) -> Vec<(&'static str, &Spanned<String>)> {
        let Some(kind) = self.kind() else { return Vec::new() };
        match kind {
            CheckKind::File(file) => vec![("path", &file.path)],
            CheckKind::Mount(mount) => vec![("path", &mount.path)],
            CheckKind::Disk(disk) => vec![("path", &disk.path)],
            CheckKind::Process(process) => vec![("name", &process.name)],
            CheckKind::Service(service) => vec![("name", &service.name)],
            CheckKind::Package(package) => vec![("name", &package.name)],
            CheckKind::User(user) => vec![("name", &user.name)],
            CheckKind::Group(group) => vec![("name", &group.name)],
            CheckKind::Interface(interface) => vec![("name", &interface.name)],
            CheckKind::KernelParam(parameter) => vec![("name", &parameter.name)],
            CheckKind::Dns(dns) => vec![("name", &dns.name)],
            CheckKind::Http(http) => {
                let client = http
                    .client
                    .iter()
                    .flat_map(|client| [("certificate", &client.certificate), ("key", &client.key)]);
                http.ca.iter().map(|ca| ("ca", ca)).chain(client).collect()
            }
            CheckKind::Certificate(of) => {
                let keys = [("file", &of.file), ("server_name", &of.server_name), ("ca", &of.ca)];
                keys.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What is said of something of which `exists: false`, or the like, says that it is not there: the place of the
    /// form, that key, and the key that says more.
    pub fn said_of_nothing(&self) -> Vec<(Span, &'static str, &'static str)> {
        let Some(kind) = self.kind() else { return Vec::new() };
        let (span, flag, is_there, more): (_, _, _, Vec<(&'static str, bool)>) = match kind {
            CheckKind::File(file) => (file.span, "exists", file.exists, file.attributes().to_vec()),
            CheckKind::Process(of) => {
                let more = vec![("count", of.count.is_some()), ("user", of.user.is_some())];
                (of.span, "running", of.running, more)
            }
            CheckKind::Port(of) => {
                let more = vec![("ip", of.ip.is_some()), ("process", of.process.is_some())];
                (of.span, "listening", of.listening, more)
            }
            CheckKind::Package(of) => {
                (of.span, "installed", of.installed, vec![("version", of.version.is_some())])
            }
            CheckKind::Mount(of) => {
                let more = [("source", &of.source), ("filesystem", &of.filesystem), ("options", &of.options)];
                (of.span, "exists", of.exists, given(&more))
            }
            CheckKind::User(of) => {
                let numbers = [("uid", &of.uid), ("gid", &of.gid)];
                let texts = [("home", &of.home), ("shell", &of.shell), ("groups", &of.groups)];
                (of.span, "exists", of.exists, [given(&numbers), given(&texts)].concat())
            }
            CheckKind::Group(of) => {
                (of.span, "exists", of.exists, given(&[("gid", &of.gid), ("members", &of.members)]))
            }
            CheckKind::Interface(of) => {
                let more = given(&[("addrs", &of.addrs), ("mtu", &of.mtu)]);
                (of.span, "exists", of.exists, [vec![("up", of.up.is_some())], more].concat())
            }
            CheckKind::Dns(of) => (of.span, "resolves", of.resolves, vec![("answers", of.answers.is_some())]),
            _ => return Vec::new(),
        };
        let said = more.into_iter().filter(|(_, is_said)| *is_said && is_there == Some(false));
        said.map(|(key, _)| (span, flag, key)).collect()
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
            CheckKind::Dns(dns) => &match dns.record {
                Some(record) => format!("{} {}", record.name_and_number().0, dns.name.value),
                None => dns.name.value.clone(),
            },
            CheckKind::Process(process) => &process.name.value,
            CheckKind::Port(port) => &port.port.value.to_string(),
            CheckKind::Service(service) => &service.name.value,
            CheckKind::Package(package) => &package.name.value,
            CheckKind::Mount(mount) => &mount.path.value,
            CheckKind::Disk(disk) => &disk.path.value,
            CheckKind::User(user) => &user.name.value,
            CheckKind::Group(group) => &group.name.value,
            CheckKind::Interface(interface) => &interface.name.value,
            CheckKind::KernelParam(parameter) => &parameter.name.value,
            CheckKind::Certificate(certificate) => {
                certificate.address.as_ref().or(certificate.file.as_ref()).map_or("", |of| of.value.as_str())
            }
            CheckKind::AlertPath(path) => &format!("to {}", path.receiver.value),
            CheckKind::AlertRoute(route) => &route.in_short(),
            CheckKind::ConfigLive(live) => &live.in_short(),
            CheckKind::RulesHealthy(_) => return kind.name().to_owned(),
        };
        format!("{} {what}", kind.name())
    }
}

fn given(keys: &[(&'static str, &Option<Matcher>)]) -> Vec<(&'static str, bool)> {
    keys.iter().map(|(key, matcher)| (*key, matcher.is_some())).collect()
}

/// For the schema: none of `keys` stands beside `flag: false`, of which they could say nothing.
fn of_one_that_is(keys: &[&str], flag: &str) -> Value {
    let rule = json!({"properties": {flag: {"const": true}}});
    keys.iter().map(|key| ((*key).to_owned(), rule.clone())).collect::<serde_json::Map<_, _>>().into()
}
