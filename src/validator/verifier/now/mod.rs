//! What is wrong with the monitoring system as it is now, without anything to hold it against.

mod problems;

use std::collections::{BTreeMap, BTreeSet};

use self::problems::{first_of, notifications, storage, unstored};
use super::Spec;
use super::capture::{self, TIMEOUT};
use super::facts::{Member, Server};
use crate::model::{Finding, Tolerances};
use crate::validator::codes::Code;
use crate::validator::codes::monitoring as codes;
use crate::validator::report::{Item, Outcome};
use crate::world::World;
use crate::world::alertmanager::Alertmanager;
use crate::world::prometheus::{PeerError, Prometheus, RuleGroup, ScrapeTarget, Warning};

/// The questions and their answers, and the findings that tell why some are no success; none without a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Now {
    /// The questions.
    pub items: Vec<Item>,
    /// The findings; the subject of each is the name of its question.
    pub findings: Vec<Finding>,
}

/// Looks at every Prometheus and every Alertmanager of the plan file.
pub fn look(world: &World) -> Now {
    let mut now = Now::default();
    let mut rules = BTreeMap::new();
    for prometheus in world.each_prometheus() {
        match asked(prometheus) {
            Ok(seen) => {
                now.server(&prometheus.url(), &seen);
                rules.insert(prometheus.url(), seen.server.rules.keys().cloned().collect::<BTreeSet<_>>());
            }
            Err(error) => now.no_answer("prometheus", &prometheus.url(), &error),
        }
    }
    now.replicas(&rules);
    let mut members = BTreeMap::new();
    for alertmanager in world.each_alertmanager() {
        match member(alertmanager) {
            Ok(found) => {
                members.insert(alertmanager.url(), found);
            }
            Err(error) => now.no_answer("alertmanager", &alertmanager.url(), &error),
        }
    }
    let n_members = world.each_alertmanager().count();
    for (url, found) in &members {
        now.member(url, found, n_members);
    }
    now.members(&members);
    now
}

/// What one Prometheus says.
struct Seen {
    server: Server,
    targets: Vec<ScrapeTarget>,
    groups: Vec<RuleGroup>,
    alertmanagers: usize,
    /// A target that is up and whose newest sample is too old, with its age in seconds; `None` when it has none at all.
    unstored: Option<(String, Option<f64>)>,
}

fn asked(prometheus: &Prometheus) -> Result<Seen, PeerError> {
    let (targets, groups) = (prometheus.targets(TIMEOUT)?, prometheus.rules(TIMEOUT)?);
    let server = capture::server(prometheus, &Spec::default(), (&targets, &groups), None)?;
    let alertmanagers = prometheus.alertmanagers(TIMEOUT)?.len();
    let unstored = unstored(prometheus, &targets)?;
    Ok(Seen { server, targets, groups, alertmanagers, unstored })
}

fn member(alertmanager: &Alertmanager) -> Result<Member, PeerError> {
    capture::member(alertmanager)
}

impl Now {
    /// What servers warned of while they were asked, whoever asked; nothing without a warning.
    pub fn warned(&mut self, warnings: &[Warning]) {
        let mut by_server: BTreeMap<&str, Vec<(&Code, String)>> = BTreeMap::new();
        for warning in warnings {
            let message = format!("{} warns, asked `{}`: {}", warning.url, warning.asked, warning.text);
            by_server.entry(&warning.url).or_default().push((&codes::WARNS, message));
        }
        for (url, problems) in by_server {
            self.ask(
                &format!("monitoring.warnings {url}"),
                String::new(),
                first_of(problems, &codes::WARNS, "warning"),
            );
        }
    }

    /// One question: yes when there is no problem.
    fn ask(&mut self, name: &str, said: String, problems: Vec<(&Code, String)>) {
        let outcome = if problems.is_empty() { Outcome::Yes } else { Outcome::No };
        let said = problems.first().map_or(said, |(_, first)| match problems.len() {
            1 => first.clone(),
            n => format!("{first}; and {} more", n - 1),
        });
        self.item(name, outcome, said);
        self.findings.extend(problems.into_iter().map(|(code, message)| code.finding(name, message, None)));
    }

    fn item(&mut self, name: &str, outcome: Outcome, said: String) {
        self.items.push(Item { name: name.to_owned(), asks: String::new(), outcome, said, took: None });
    }

    fn no_answer(&mut self, what: &str, url: &str, error: &PeerError) {
        let name = format!("monitoring.{what} {url}");
        let why = crate::in_words(error);
        self.item(&name, Outcome::Unknown, why.clone());
        self.findings.push(codes::NO_ANSWER.finding(&name, why, None));
    }

    fn server(&mut self, url: &str, seen: &Seen) {
        let name = |what: &str| format!("monitoring.{what} {url}");
        let server = &seen.server;
        let loaded = if server.reload_ok {
            Vec::new()
        } else {
            vec![(&codes::NOT_LOADED, format!("{url} could not load its configuration the last time"))]
        };
        self.ask(&name("configuration"), format!("version {}, loaded", server.version), loaded);
        self.targets(&name("targets"), url, seen);
        self.rules(&name("rules"), url, seen);
        let Some(more) = &server.more else { return };
        self.ask(&name("storage"), "what is scraped is stored".to_owned(), storage(url, seen, more));
        self.ask(
            &name("notifications"),
            format!("to {}", crate::counted(seen.alertmanagers, "Alertmanager")),
            notifications(url, seen, more),
        );
        if let Some(lag) = more.remote_write_lag {
            let is_late = !Tolerances::DEFAULT_REMOTE_WRITE.admits(0.0, lag);
            let unsent = if more.is_remote_write_unsent {
                ": a queue has sent nothing since the server started"
            } else {
                ""
            };
            let message = format!("remote write of {url} lags {lag:.0}s behind{unsent}");
            let problem = (&codes::REMOTE_WRITE_LAGS, message);
            let problems = if is_late { vec![problem] } else { Vec::new() };
            self.ask(&name("remote_write"), format!("{lag:.0}s behind"), problems);
        }
    }

    fn targets(&mut self, name: &str, url: &str, seen: &Seen) {
        if seen.targets.is_empty() {
            let why = format!("{url} has no target: nothing is evaluated");
            self.item(name, Outcome::Unknown, why.clone());
            self.findings.push(codes::NO_TARGET.finding(name, why, None));
            return;
        }
        let bad = seen.targets.iter().filter(|target| target.health != "up");
        let problems = bad.map(|target| {
            let why =
                if target.last_error.is_empty() { String::new() } else { format!(": {}", target.last_error) };
            (&codes::TARGET_DOWN, format!("target {} is {}{why}", capture::name_of(target), target.health))
        });
        let said = format!("{} up", crate::counted(seen.targets.len(), "target"));
        self.ask(name, said, first_of(problems.collect(), &codes::TARGET_DOWN, "target"));
    }

    fn rules(&mut self, name: &str, url: &str, seen: &Seen) {
        let n_rules: usize = seen.groups.iter().map(|group| group.rules.len()).sum();
        if n_rules == 0 {
            self.item(name, Outcome::Skipped, format!("{url} has no rule"));
            return;
        }
        let rules = seen.groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
        let failing = rules.filter(|(_, rule)| rule.health == "err").map(|(group, rule)| {
            (&codes::RULE_FAILS, format!("rule `{}/{}` fails: {}", group.name, rule.name, rule.last_error))
        });
        let mut problems = first_of(failing.collect(), &codes::RULE_FAILS, "rule");
        let groups = seen.server.more.iter().flat_map(|more| &more.groups);
        problems.extend(groups.filter(|(_, group)| 2.0 * group.interval.max(1.0) < group.lag).map(
            |(key, group)| {
                let name = key.rsplit_once(';').map_or(key.as_str(), |(_, name)| name);
                let message = format!(
                    "rule group `{name}` lags {:.0}s behind its interval of {}s",
                    group.lag, group.interval
                );
                (&codes::RULES_LAG, message)
            },
        ));
        self.ask(name, format!("{} well", crate::counted(n_rules, "rule")), problems);
    }

    fn replicas(&mut self, rules: &BTreeMap<String, BTreeSet<String>>) {
        let Some((first, known)) = rules.iter().next() else { return };
        if rules.len() < 2 {
            return;
        }
        let problems = rules.iter().skip(1).filter_map(|(url, has)| {
            let one = known.symmetric_difference(has).next()?;
            let n = known.symmetric_difference(has).count();
            let message =
                format!("{first} and {url} differ in {}, such as `{one}`", crate::counted(n, "rule"));
            Some((&codes::REPLICAS_DIFFER, message))
        });
        let problems = problems.collect();
        self.ask(
            "monitoring.replicas",
            format!("{} have the same rules", crate::counted(rules.len(), "server")),
            problems,
        );
    }

    fn member(&mut self, url: &str, member: &Member, n_members: usize) {
        let mut problems = Vec::new();
        if member.reload_ok == Some(false) {
            problems
                .push((&codes::NOT_LOADED, format!("{url} could not load its configuration the last time")));
        }
        let n = u64::try_from(n_members).unwrap_or(u64::MAX);
        if 1 < n && member.peers < n {
            let message = format!("{url} sees {} of {n} members of its cluster", member.peers);
            problems.push((&codes::CLUSTER, message));
        } else if member.cluster == "settling" {
            problems.push((&codes::CLUSTER, format!("the cluster of {url} has not settled")));
        }
        self.ask(&format!("monitoring.alertmanager {url}"), format!("cluster {}", member.cluster), problems);
    }

    fn members(&mut self, members: &BTreeMap<String, Member>) {
        if members.len() < 2 {
            return;
        }
        let configs: BTreeSet<_> = members.values().map(|member| &member.config_digest).collect();
        let message =
            format!("the {} members of Alertmanager have {} configurations", members.len(), configs.len());
        let problems = if configs.len() == 1 { Vec::new() } else { vec![(&codes::MEMBERS_DIFFER, message)] };
        self.ask("monitoring.members", "all have one configuration".to_owned(), problems);
    }
}
