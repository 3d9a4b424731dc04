//! The surroundings: clock, files, processes, HTTP, the APIs of monitoring systems. Everything here may block
//! or fail; nothing here decides.

pub mod alertmanager;
pub mod cancel;
pub mod clock;
pub mod dns;
pub mod files;
pub mod git;
pub mod glob;
pub mod host;
pub mod http;
pub mod kernel_file;
pub mod life_sign;
pub mod mailbox;
pub mod output;
pub mod person;
pub mod process;
pub mod process_identity;
mod process_table;
pub mod prometheus;
pub mod scratch;
pub mod secret_env;
pub mod signals;
pub mod ssh;
pub mod stragglers;
pub mod tls;
pub mod tsdb;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use self::alertmanager::Alertmanager;
use self::clock::Clock;
use self::http::Client;
use self::output::Outputs;
use self::person::Person;
use self::prometheus::{Prometheus, Warnings};
use crate::calendar::Zone;
use crate::model::{Connections, Spanned};

/// What work and checks reach out to.
#[derive(Debug, Clone)]
pub struct World {
    /// The clock.
    pub clock: Clock,
    /// HTTP.
    pub client: Client,
    /// The plan file's Prometheus.
    pub prometheus: Option<Prometheus>,
    /// The others that scrape the same.
    pub replicas: Vec<Prometheus>,
    /// The plan file's Alertmanager.
    pub alertmanager: Option<Alertmanager>,
    /// The other members of its cluster.
    pub members: Vec<Alertmanager>,
    /// The time zone of the plan file: moments without an offset are meant there.
    pub zone: Zone,
    /// The plan file's folder: steps run here, and paths count from here.
    pub folder: PathBuf,
    /// Where what steps print goes to, and what is hidden from it.
    pub outputs: Outputs,
    /// Who can be asked to confirm something; `None` where nobody watches.
    pub person: Option<Arc<dyn Person>>,
}

impl World {
    /// The surroundings that `connections` names; nothing is contacted yet.
    pub fn new(connections: &Connections, plan_file: &Path, clock: Clock) -> Self {
        let client = Client::new();
        let folder =
            plan_file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let prometheus = |url: &Spanned<String>| Prometheus::new(url, &client);
        let alertmanager = |url: &Spanned<String>| Alertmanager::new(url, &client);
        let replicas = connections.prometheus.iter().flat_map(|to| to.replicas.iter());
        let members = connections.alertmanager.iter().flat_map(|to| to.members.iter());
        Self {
            prometheus: connections.prometheus.as_ref().map(|to| prometheus(&to.url)),
            replicas: replicas.map(prometheus).collect(),
            alertmanager: connections.alertmanager.as_ref().map(|to| alertmanager(&to.url)),
            members: members.map(alertmanager).collect(),
            zone: Zone::utc(),
            folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
            clock,
            client,
            outputs: Outputs::default(),
            person: None,
        }
    }

    /// The same for a plan file of this time zone.
    #[must_use]
    pub fn in_zone(self, zone: Zone) -> Self {
        Self { zone, ..self }
    }

    /// The same, in which `warnings` hears what every Prometheus warns of.
    #[must_use]
    pub fn heard_by(self, warnings: &Warnings) -> Self {
        let heard = |prometheus: &Prometheus| prometheus.heard_by(warnings);
        let replicas = self.replicas.iter().map(heard).collect();
        Self { prometheus: self.prometheus.as_ref().map(heard), replicas, ..self }
    }

    /// Every Prometheus of the plan file, the one that is asked first before the others.
    pub fn each_prometheus(&self) -> impl Iterator<Item = &Prometheus> {
        self.prometheus.iter().chain(&self.replicas)
    }

    /// Every member of the plan file's Alertmanager cluster, the one that holds the silences before the others.
    pub fn each_alertmanager(&self) -> impl Iterator<Item = &Alertmanager> {
        self.alertmanager.iter().chain(&self.members)
    }
}

/// Asks each of several servers the same at once, and returns their answers in the order of the servers: one that hangs
/// takes no time from the others. Every question has its own timeout.
pub fn ask_at_once<S: Sync, A: Send>(servers: &[S], question: impl Fn(&S) -> A + Sync) -> Vec<A> {
    thread::scope(|scope| {
        let asked: Vec<_> = servers.iter().map(|server| scope.spawn(|| question(server))).collect();
        let answer = |one: thread::ScopedJoinHandle<'_, A>| {
            one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        asked.into_iter().map(answer).collect()
    })
}
