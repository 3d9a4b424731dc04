//! A real Prometheus, Alertmanager and node_exporter on loopback ports of their own.
//!
//! Everything they write is below one temporary directory:
//! `prometheus/{prometheus.yml, rules/*.yml, targets/node.json, data/}`, `alertmanager/{alertmanager.yml, data/}`,
//! `node/textfile/`, `log/NAME.log`, `run/NAME.pid`, `bin/`. Tests may write their own files beside these.
//!
//! 1. Nothing outlives the test. A guard process (`stack/guard.sh`) holds the other end of a pipe; when the
//!    [`Stack`] is dropped, or the test process ends in any way, `kill -9` included, it kills every process whose
//!    command line names the directory and removes the directory. A `Stack` in a `static` works for this reason.
//! 2. The servers are no children of the test: `stack/ctl.sh` starts them detached, for the test and for
//!    [`Stack::restart_script`] alike, so a server that a mainstay step restarted is like the first one.

use std::collections::hash_map::RandomState;
use std::fmt::Display;
use std::fs;
use std::hash::BuildHasher;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use serde_json::{Value, json};

use super::wait_until;
use super::webhook::Webhook;

/// Prometheus alone needs 5 s after it is ready until it uses its targets; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The running servers; dropping it ends them and removes their directory.
pub struct Stack {
    dir: PathBuf,
    guard: Child,
    webhook: Option<Webhook>,
    components: Vec<Component>,
    /// The configuration of every Alertmanager; `RECEIVER` stands for the webhook sink.
    alertmanager_config: String,
    /// Where the members of the Alertmanager cluster gossip.
    gossip: Vec<String>,
}

/// One server: how it is started, and where it answers.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Node,
    Alertmanager,
    /// Another member of its cluster, counted from 1.
    Member(usize),
    Prometheus,
}

struct Component {
    kind: Kind,
    address: String,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Alertmanager => "alertmanager",
            Self::Member(1) => "alertmanager-2",
            Self::Member(_) => "alertmanager-3",
            Self::Prometheus => "prometheus",
        }
    }

    /// Debian's name for the program, then upstream's.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Node => &["prometheus-node-exporter", "node_exporter"],
            Self::Alertmanager | Self::Member(_) => &["prometheus-alertmanager", "alertmanager"],
            Self::Prometheus => &["prometheus"],
        }
    }

    /// The page that answers 200 as soon as the server works; every other page of node_exporter always does.
    fn ready_page(self) -> &'static str {
        match self {
            Self::Node => "/metrics",
            Self::Alertmanager | Self::Member(_) | Self::Prometheus => "/-/ready",
        }
    }
}

impl Stack {
    /// Starts all three servers and the webhook sink, and waits until every target is up (6 to 8 s).
    #[track_caller]
    pub fn start() -> Self {
        Self::launch(&[Kind::Node, Kind::Alertmanager, Kind::Prometheus])
    }

    /// Starts all of it, with three Alertmanagers that are one cluster; Prometheus tells each of its alerts.
    #[track_caller]
    pub fn with_cluster() -> Self {
        Self::launch(&[Kind::Node, Kind::Alertmanager, Kind::Member(1), Kind::Member(2), Kind::Prometheus])
    }

    /// Starts Alertmanager and the webhook sink (0.3 s).
    #[track_caller]
    pub fn alertmanager_only() -> Self {
        Self::launch(&[Kind::Alertmanager])
    }

    /// Starts one to three Alertmanagers, a cluster when there are several, all with this configuration, in which
    /// `RECEIVER` stands for the webhook sink.
    #[track_caller]
    pub fn alertmanagers(n: usize, config: &str) -> Self {
        let kinds = [Kind::Alertmanager, Kind::Member(1), Kind::Member(2)];
        Self::launch_with(&kinds[..n], config)
    }

    /// Starts two Alertmanagers that tell each other of silences; the other one is called `alertmanager-2`.
    #[track_caller]
    pub fn alertmanager_pair() -> Self {
        Self::launch(&[Kind::Alertmanager, Kind::Member(1)])
    }

    /// The base URLs of all members of the Alertmanager cluster, the first one first.
    pub fn alertmanager_urls(&self) -> Vec<String> {
        let is_member = |c: &&Component| matches!(c.kind, Kind::Alertmanager | Kind::Member(_));
        self.components.iter().filter(is_member).map(|c| format!("http://{}", c.address)).collect()
    }

    /// The configuration file of Alertmanager, of every member.
    pub fn alertmanager_config(&self) -> PathBuf {
        self.dir.join("alertmanager/alertmanager.yml")
    }

    /// Starts Prometheus, which scrapes itself, and waits until that target is up.
    #[track_caller]
    pub fn prometheus_only() -> Self {
        Self::launch(&[Kind::Prometheus])
    }

    /// The base URL of Prometheus, without a slash at its end.
    pub fn prometheus_url(&self) -> String {
        self.url(Kind::Prometheus)
    }

    /// The base URL of Alertmanager, without a slash at its end.
    pub fn alertmanager_url(&self) -> String {
        self.url(Kind::Alertmanager)
    }

    /// The base URL of node_exporter, without a slash at its end.
    pub fn node_url(&self) -> String {
        self.url(Kind::Node)
    }

    /// The directory that the stack owns; it is gone when the stack is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the rule files are; what is added is used after a reload.
    pub fn rules_dir(&self) -> PathBuf {
        self.dir.join("prometheus/rules")
    }

    /// The time-series database.
    pub fn prometheus_data(&self) -> PathBuf {
        self.dir.join("prometheus/data")
    }

    /// Puts samples of the past, in OpenMetrics, into the database; Prometheus is stopped meanwhile.
    pub fn backfill(&self, samples: &str) {
        let file = self.dir.join("past.om");
        fs::write(&file, samples).expect("a file");
        self.stop("prometheus");
        let made = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .args([&file, &self.prometheus_data()])
            .output()
            .expect("promtool, which comes with Prometheus");
        assert!(made.status.success(), "{made:?}");
        self.start_component("prometheus");
    }

    /// The configuration file of Prometheus.
    pub fn prometheus_config(&self) -> PathBuf {
        self.dir.join("prometheus/prometheus.yml")
    }

    /// What an instant query finds; panics when Prometheus does not answer it.
    #[track_caller]
    pub fn query(&self, promql: &str) -> Value {
        self.try_query(promql).unwrap_or_else(|| panic!("no answer to the query {promql}"))
    }

    /// What an instant query finds, or nothing while Prometheus is away or not ready.
    pub fn try_query(&self, promql: &str) -> Option<Value> {
        let url = format!("{}/api/v1/query", self.prometheus_url());
        let mut answer = http_client().post(url).send_form([("query", promql)]).ok()?;
        let mut answer: Value = answer.body_mut().read_json().ok()?;
        (answer["status"] == "success").then(|| answer["data"]["result"].take())
    }

    /// All silences that Alertmanager knows, expired ones too.
    #[track_caller]
    pub fn silences(&self) -> Vec<Value> {
        list(self.get_json(&format!("{}/api/v2/silences", self.alertmanager_url())))
    }

    /// The alerts that Alertmanager holds now, silenced ones too.
    #[track_caller]
    pub fn alerts(&self) -> Vec<Value> {
        list(self.get_json(&format!("{}/api/v2/alerts", self.alertmanager_url())))
    }

    /// The notifications that reached the webhook sink, oldest first.
    pub fn notifications(&self) -> Vec<Value> {
        self.webhook.as_ref().expect("the webhook sink comes with Alertmanager").bodies()
    }

    /// Fetches a JSON document; panics when there is none.
    #[allow(clippy::unused_self, reason = "reads better at the call, and needs no import")]
    #[track_caller]
    pub fn get_json(&self, url: &str) -> Value {
        let answer = http_client().get(url).call().and_then(|mut answer| answer.body_mut().read_json());
        answer.unwrap_or_else(|error| panic!("GET {url}: {error}"))
    }

    /// Sends a JSON document and returns the answer; panics when it is refused.
    #[allow(clippy::unused_self, reason = "reads better at the call, and needs no import")]
    #[track_caller]
    pub fn post_json(&self, url: &str, body: &Value) -> Value {
        let answer =
            http_client().post(url).send_json(body).and_then(|mut answer| answer.body_mut().read_json());
        answer.unwrap_or_else(|error| panic!("POST {url}: {error}"))
    }

    /// Stops a server with SIGTERM and waits until it is gone.
    #[track_caller]
    pub fn stop(&self, name: &str) {
        if let Err(problem) = self.control("stop", name) {
            panic!("{problem}");
        }
    }

    /// Starts a stopped server again, at its former address, and waits until it answers.
    #[track_caller]
    pub fn start_component(&self, name: &str) {
        let component = self.components.iter().find(|component| component.kind.name() == name);
        let component = component.unwrap_or_else(|| panic!("there is no server `{name}` in this stack"));
        if let Err(problem) = self.start_and_wait(component) {
            panic!("{problem}");
        }
    }

    /// The process of a server that runs.
    pub fn pid(&self, name: &str) -> u32 {
        let file = self.dir.join("run").join(name).with_extension("pid");
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        text.trim().parse().expect("a pid file holds a number")
    }

    /// A script for a step of mainstay: it ends the server with SIGTERM, waits until the process is gone, and
    /// starts a new one, detached. Like `systemctl restart` it does not wait until the new one is ready.
    pub fn restart_script(&self, name: &str) -> PathBuf {
        let script = self.dir.join("bin").join(format!("restart-{name}"));
        let ctl = quoted(self.dir.join("bin/ctl").display());
        write_script(&script, &format!("#!/bin/sh\nexec {ctl} restart {name}\n"));
        script
    }

    #[track_caller]
    fn url(&self, kind: Kind) -> String {
        let component = self.components.iter().find(|component| component.kind == kind);
        let component =
            component.unwrap_or_else(|| panic!("there is no server `{}` in this stack", kind.name()));
        format!("http://{}", component.address)
    }

    /// Another process may take a port between its choice and its use: then the whole stack moves.
    #[track_caller]
    fn launch(kinds: &[Kind]) -> Self {
        Self::launch_with(kinds, include_str!("stack/alertmanager.yml"))
    }

    #[track_caller]
    fn launch_with(kinds: &[Kind], alertmanager_config: &str) -> Self {
        for attempt in 1.. {
            match Self::try_launch(kinds, alertmanager_config) {
                Ok(stack) => return stack,
                Err(problem) if attempt < 4 && problem.contains("address already in use") => {}
                Err(problem) => panic!("{problem}"),
            }
        }
        unreachable!("the last attempt returns or panics")
    }

    fn try_launch(kinds: &[Kind], alertmanager_config: &str) -> Result<Self, String> {
        let stack = Self::lay_out(kinds, alertmanager_config);
        for component in &stack.components {
            stack.start_and_wait(component)?;
        }
        if kinds.contains(&Kind::Prometheus) {
            stack.wait_for_targets();
        }
        Ok(stack)
    }

    /// Makes the directory with all configuration, and the guard that removes it.
    fn lay_out(kinds: &[Kind], alertmanager_config: &str) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("mainstay-stack-")
            .tempdir()
            .expect("a temporary directory")
            .keep();
        for below in ["bin", "log", "run"] {
            fs::create_dir(dir.join(below)).expect("an empty directory takes subdirectories");
        }
        let dir_line = format!("#!/bin/sh\ndir={}\n", quoted(dir.display()));
        write_script(&dir.join("bin/ctl"), &(dir_line.clone() + include_str!("stack/ctl.sh")));
        write_script(&dir.join("bin/guard"), &(dir_line + include_str!("stack/guard.sh")));

        let guard = start_guard(&dir);
        let webhook = kinds.contains(&Kind::Alertmanager).then(Webhook::start);
        let components = kinds.iter().map(|&kind| Component { kind, address: free_address() }).collect();
        let members = kinds.iter().filter(|kind| matches!(kind, Kind::Alertmanager | Kind::Member(_)));
        let gossip = members.map(|_| free_address()).collect();
        let alertmanager_config = alertmanager_config.to_owned();
        let stack = Self { dir, guard, webhook, components, alertmanager_config, gossip };
        for component in &stack.components {
            stack.configure(component);
        }
        stack
    }

    /// Writes the configuration of a server, and the script that is exactly its command line.
    fn configure(&self, component: &Component) {
        let options = match component.kind {
            Kind::Node => self.configure_node(),
            Kind::Alertmanager => self.configure_alertmanager(0),
            Kind::Member(number) => self.configure_alertmanager(number),
            Kind::Prometheus => self.configure_prometheus(),
        };
        let mut script = format!("#!/bin/sh\nexec {}", quoted(program(component.kind).display()));
        for option in options.into_iter().chain([format!("--web.listen-address={}", component.address)]) {
            script += " \\\n  ";
            script += &quoted(option);
        }
        script += "\n";
        write_script(&self.dir.join("bin").join(component.kind.name()), &script);
    }

    /// Few collectors: what they read differs from machine to machine, and they cost a scrape its time.
    fn configure_node(&self) -> Vec<String> {
        let textfiles = self.dir.join("node/textfile");
        fs::create_dir_all(&textfiles).expect("the stack's directory is writable");
        let collectors = ["cpu", "loadavg", "meminfo", "textfile", "time", "uname"];
        let mut options = vec!["--collector.disable-defaults".to_owned()];
        options.extend(collectors.map(|collector| format!("--collector.{collector}")));
        options.push(format!("--collector.textfile.directory={}", textfiles.display()));
        options
    }

    fn configure_alertmanager(&self, number: usize) -> Vec<String> {
        let receiver = self.webhook.as_ref().expect("the webhook sink comes with Alertmanager").url();
        let config = self.alertmanager_config.replace("RECEIVER", &receiver);
        let config = self.write("alertmanager/alertmanager.yml", &config);
        let data = if number == 0 { "data".to_owned() } else { format!("data-{}", number + 1) };
        let mut options = vec![
            format!("--config.file={}", config.display()),
            format!("--storage.path={}", self.dir.join("alertmanager").join(data).display()),
        ];
        if self.gossip.len() == 1 {
            options.push("--cluster.listen-address=".to_owned());
        } else {
            options.push(format!("--cluster.listen-address={}", self.gossip[number]));
            let others = self.gossip.iter().enumerate().filter(|(other, _)| *other != number);
            options.extend(others.map(|(_, address)| format!("--cluster.peer={address}")));
            // A test does not wait 15 s for the second member's turn.
            options.push("--cluster.peer-timeout=3s".to_owned());
            let often = [
                "pushpull-interval=1s",
                "gossip-interval=50ms",
                "reconnect-interval=500ms",
                "settle-timeout=1s",
            ];
            options.extend(often.map(|often| format!("--cluster.{often}")));
        }
        options
    }

    fn configure_prometheus(&self) -> Vec<String> {
        let address = |kind| self.components.iter().find(|c| c.kind == kind).map(|c| c.address.as_str());
        self.write("prometheus/targets/node.json", &targets_file(address(Kind::Node)));
        self.write("prometheus/rules/alerts.yml", include_str!("stack/alerts.yml"));
        self.write("prometheus/rules/recorded.yml", include_str!("stack/recorded.yml"));
        let members =
            self.components.iter().filter(|c| matches!(c.kind, Kind::Alertmanager | Kind::Member(_)));
        let alertmanagers: Vec<_> = members.map(|member| format!("'{}'", member.address)).collect();
        let alertmanagers = format!("[{}]", alertmanagers.join(", "));
        let config = include_str!("stack/prometheus.yml")
            .replace("ALERTMANAGERS", &alertmanagers)
            .replace("SELF", address(Kind::Prometheus).expect("it is Prometheus that is configured"));
        let config = self.write("prometheus/prometheus.yml", &config);
        vec![
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", self.prometheus_data().display()),
            "--web.enable-lifecycle".to_owned(),
            "--web.enable-admin-api".to_owned(),
            "--rules.alert.resend-delay=5s".to_owned(),
        ]
    }

    fn write(&self, below: &str, text: &str) -> PathBuf {
        let path = self.dir.join(below);
        let parent = path.parent().expect("a path below the directory");
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .expect("the stack's directory is writable");
        path
    }

    fn start_and_wait(&self, component: &Component) -> Result<(), String> {
        let name = component.kind.name();
        self.control("start", name)?;
        let page = format!("http://{}{}", component.address, component.kind.ready_page());
        let begun = Instant::now();
        while http_client().get(&page).call().is_err() {
            if let Err(problem) = self.control("check", name) {
                let machine = free_memory();
                return Err(format!("{name} ended right after its start ({machine}): {problem}"));
            }
            if PATIENCE < begun.elapsed() {
                return Err(format!("{name} does not answer on {page}:\n{}", self.log_tail(name)));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn control(&self, action: &str, name: &str) -> Result<(), String> {
        let output =
            Command::new(self.dir.join("bin/ctl")).args([action, name]).stdin(Stdio::null()).output();
        let output = output.expect("the script that was just written runs");
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let log = match self.log_tail(name) {
            log if log.is_empty() => "(its log is empty)".to_owned(),
            log => log,
        };
        Err(format!("could not {action} {name}: {}\n{log}", said.trim_end()))
    }

    fn wait_for_targets(&self) {
        let n_targets = self
            .components
            .iter()
            .filter(|component| matches!(component.kind, Kind::Node | Kind::Prometheus))
            .count();
        let all_up = json!(n_targets.to_string());
        wait_until(&format!("{n_targets} targets are up"), PATIENCE, || {
            self.try_query("sum(up)").is_some_and(|found| found[0]["value"][1] == all_up)
        });
    }

    fn log_tail(&self, name: &str) -> String {
        let log =
            fs::read_to_string(self.dir.join("log").join(name).with_extension("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if thread::panicking() {
            for component in &self.components {
                let name = component.kind.name();
                eprintln!("--- the end of {name}'s log\n{}", self.log_tail(name));
            }
        }
        // Closing the pipe is what the guard waits for.
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Starts the process that cleans up. It has a session of its own, so that Ctrl-C ends the test and not the guard.
fn start_guard(dir: &Path) -> Child {
    Command::new("setsid")
        .arg(dir.join("bin/guard"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("setsid, of util-linux, is installed")
}

/// A loopback address that nobody listens on.
///
/// The port lies below those that outgoing connections get: a server that is stopped for a while finds its
/// port free when it comes back.
pub fn free_address() -> String {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first_outgoing = range.split_whitespace().next().and_then(|port| port.parse().ok()).unwrap_or(32768);
    let ports = if first_outgoing < 14000 { 20000..60000 } else { 12000..first_outgoing };
    let n_ports = u64::from(ports.end - ports.start);
    loop {
        let random = RandomState::new().hash_one(());
        let port = ports.start + u16::try_from(random % n_ports).expect("fewer than 65,536 ports");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return format!("127.0.0.1:{port}");
        }
    }
}

fn program(kind: Kind) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = kind.programs().iter().find_map(|name| {
        env::split_paths(&path).map(|dir| dir.join(name)).find(|candidate| candidate.is_file())
    });
    found.unwrap_or_else(|| panic!("`{}` is not installed; `.ci/setup` installs it", kind.programs()[0]))
}

/// What the kernel says of the memory that is left: a server that it had to kill leaves no word in its log.
fn free_memory() -> String {
    let all = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = all.lines().find(|line| line.starts_with("MemAvailable"));
    line.unwrap_or("memory unknown").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Targets of the job `node`; the file is read again whenever it changes.
fn targets_file(node: Option<&str>) -> String {
    let targets: Vec<&str> = node.into_iter().collect();
    format!("{}\n", json!([{ "targets": targets }]))
}

fn http_client() -> ureq::Agent {
    ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build().into()
}

fn list(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(items) => items,
        other => panic!("expected a list, got {other}"),
    }
}

/// One word for a shell.
fn quoted(text: impl Display) -> String {
    format!("'{}'", text.to_string().replace('\'', r"'\''"))
}

fn write_script(path: &Path, text: &str) {
    fs::write(path, text).expect("the stack's directory is writable");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
}
