//! Checks: one assertion each about the live system.

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

use super::named::Anything;
use super::{Length, Matcher, Spanned, form};

pub use certificate::CertificateCheck;
pub use file::{FileCheck, FileType};
pub use host::{
    CommandCheck, GroupCheck, KernelParamCheck, PackageCheck, PackageManager, ProcessCheck, ServiceCheck,
    UserCheck,
};
pub use monitoring::{PromqlCheck, RestoreCheck, RulesHealthyCheck, TargetUpCheck};
pub use network::{DnsCheck, HttpCheck, InterfaceCheck, PortCheck, RecordType, TcpCheck};
pub use storage::{DiskCheck, MountCheck};
pub use value::{PortSpec, Protocol, Sha256, Sha512, Size};

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
    pub dns: Option<Spanned<DnsCheck>>,
    /// A process runs.
    pub process: Option<Spanned<ProcessCheck>>,
    /// A local port listens.
    pub port: Option<Spanned<PortCheck>>,
    /// A service of the init system is enabled and running.
    pub service: Option<Spanned<ServiceCheck>>,
    /// A package is installed.
    pub package: Option<Spanned<PackageCheck>>,
    /// A file system is mounted.
    pub mount: Option<Spanned<MountCheck>>,
    /// A file system has room.
    pub disk: Option<Spanned<DiskCheck>>,
    /// A user exists.
    pub user: Option<Spanned<UserCheck>>,
    /// A group of users exists.
    pub group: Option<Spanned<GroupCheck>>,
    /// A network interface is up.
    pub interface: Option<Spanned<InterfaceCheck>>,
    /// A kernel parameter has a value.
    pub kernel_param: Option<Spanned<KernelParamCheck>>,
    /// A certificate is valid for long enough.
    pub certificate: Option<Spanned<CertificateCheck>>,
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
    alert_route: AlertRoute(Anything),
    alert_path: AlertPath(Anything),
    config_live: ConfigLive(Anything),
    restore: Restore(RestoreCheck),
}

/// The longest that a check without `timeout` may take.
const DEFAULT_TIMEOUT: Length = Length(chrono::TimeDelta::seconds(10));
/// The same for `restore`, which starts a server.
const DEFAULT_TIMEOUT_OF_RESTORE: Length = Length(chrono::TimeDelta::minutes(2));

impl Check {
    /// The most that it may take.
    pub fn timeout(&self) -> Length {
        let default = if self.restore.is_some() { DEFAULT_TIMEOUT_OF_RESTORE } else { DEFAULT_TIMEOUT };
        self.timeout.map_or(default, |timeout| timeout.value)
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
            _ => return kind.name().to_owned(),
        };
        format!("{} {what}", kind.name())
    }
}

/// For the schema: none of `keys` stands beside `flag: false`, of which they could say nothing.
fn of_one_that_is(keys: &[&str], flag: &str) -> Value {
    let rule = json!({"properties": {flag: {"const": true}}});
    keys.iter().map(|key| ((*key).to_owned(), rule.clone())).collect::<serde_json::Map<_, _>>().into()
}
