//! `config_live`: what Prometheus and Alertmanager serve is what stands in their files.
//!
//! A server writes its configuration anew: defaults are filled in, secrets hidden, durations and paths worded otherwise.
//! So the two are compared by what they mean; see [`compare`].

mod compare;
mod rules;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use self::compare::{Dialect, Difference};
use super::alert_path::NO_ALERTMANAGER;
use super::{Answer, NO_PROMETHEUS, no_answer, reading};
use crate::model::ConfigLiveCheck;
use crate::text::roughly;
use crate::world::alertmanager::Alertmanager;
use crate::world::prometheus::Prometheus;
use crate::world::{World, ask_at_once, glob};

/// So many differences are told.
const MOST_TOLD: usize = 10;
/// A server that hangs has no answer to the first question; of one that gets slow every question has a part of the time.
const PARTS: u32 = 2;

pub fn ask(check: &ConfigLiveCheck, world: &World, timeout: Duration) -> Answer {
    match hold(check, world, timeout) {
        Ok(found) => found,
        Err(why) => why,
    }
}

/// What was found on all servers.
#[derive(Default)]
struct Found {
    /// The servers that answered, in words.
    served: Vec<String>,
    /// What differs.
    wrong: Vec<String>,
    /// Why a server did not answer.
    unknown: Vec<String>,
}

impl Found {
    /// Takes in what one server answered, which is called by its URL.
    fn add(&mut self, url: &str, answer: Result<OfServer, String>) {
        match answer {
            Ok(found) => {
                self.served.push(found.served);
                self.wrong.extend(found.wrong.into_iter().map(|what| format!("{url}: {what}")));
            }
            Err(why) => self.unknown.push(why),
        }
    }
}

/// What is wrong with one server.
struct OfServer {
    /// The server, and how much of it was compared.
    served: String,
    wrong: Vec<String>,
}

fn hold(check: &ConfigLiveCheck, world: &World, timeout: Duration) -> Result<Answer, Answer> {
    let ignored: Vec<_> = check.ignore.iter().map(|place| place.value.as_str()).collect();
    let mut found = Found::default();
    if let Some(path) = &check.prometheus {
        let file = Written::read(&world.folder.join(&path.value))?;
        if world.prometheus.is_none() {
            return Err(Answer::unknown(NO_PROMETHEUS));
        }
        let servers: Vec<_> = world.each_prometheus().collect();
        let answers = ask_at_once(&servers, |server| of_prometheus(&file, server, &ignored, timeout / PARTS));
        for (server, answer) in servers.into_iter().zip(answers) {
            found.add(&server.url(), answer);
        }
    }
    if let Some(path) = &check.alertmanager {
        let file = Written::read(&world.folder.join(&path.value))?;
        if world.alertmanager.is_none() {
            return Err(Answer::unknown(NO_ALERTMANAGER));
        }
        let members: Vec<_> = world.each_alertmanager().collect();
        let answers =
            ask_at_once(&members, |member| of_alertmanager(&file, member, &ignored, timeout / PARTS));
        for (member, answer) in members.into_iter().zip(answers) {
            found.add(&member.url(), answer);
        }
    }
    let Found { served, wrong, unknown } = found;
    if !wrong.is_empty() {
        let (told, more) = wrong.split_at(wrong.len().min(MOST_TOLD));
        let more = if more.is_empty() { String::new() } else { format!("; and {} more", more.len()) };
        return Ok(Answer::no("what is written to be served", told.join("; ") + &more));
    }
    if !unknown.is_empty() {
        return Err(Answer::unknown(unknown.join("; ")));
    }
    if served.is_empty() {
        return Err(Answer::unknown("it names no file"));
    }
    Ok(Answer::Yes { found: format!("what is written is served by {}", served.join(", ")) })
}

/// A configuration file.
struct Written {
    path: PathBuf,
    content: Value,
    changed: Option<DateTime<Utc>>,
}

impl Written {
    fn read(path: &Path) -> Result<Self, Answer> {
        let unread = |why: String| Answer::unknown(format!("{}: {why}", path.display()));
        let text = reading::text_of(path).map_err(Answer::unknown)?;
        let content = serde_yaml::from_str(&text)
            .map_err(|error| unread(error.to_string().lines().next().unwrap_or_default().to_owned()))?;
        Ok(Self { content, changed: changed(path), path: path.to_owned() })
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }
}

fn changed(path: &Path) -> Option<DateTime<Utc>> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok().map(DateTime::from)
}

fn of_prometheus(
    file: &Written,
    prometheus: &Prometheus,
    ignored: &[&str],
    timeout: Duration,
) -> Result<OfServer, String> {
    let unanswered = |error| why_not(no_answer(prometheus, &error, timeout));
    let info = prometheus.runtime_info(timeout).map_err(unanswered)?;
    let config = prometheus.config(timeout).map_err(unanswered)?;
    let groups = prometheus.rules(timeout).map_err(unanswered)?;
    let served = parsed(&config, &prometheus.url())?;
    let dialect = Dialect { folder: file.folder(), is_prometheus: true };
    let mut differences = dialect.compare(&file.content, &served);
    let mut files = Vec::new();
    for pattern in file.content["rule_files"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        files.extend(glob::files(&file.folder().join(pattern)));
    }
    let compared = rules::compare(&files, &groups)?;
    differences.extend(compared.differences);
    let mut wrong = worded(differences, ignored);
    let newest = files.iter().filter_map(|path| changed(path)).chain(file.changed).max();
    add_staleness(&mut wrong, info.reload_config_success, newest, Some(info.last_config_time));
    let rules = crate::counted(compared.n_rules, "rule");
    Ok(OfServer { served: format!("{} with {rules}", prometheus.url()), wrong })
}

fn of_alertmanager(
    file: &Written,
    member: &Alertmanager,
    ignored: &[&str],
    timeout: Duration,
) -> Result<OfServer, String> {
    let unanswered = |error| crate::in_words(&error);
    let status = member.status(timeout).map_err(unanswered)?;
    let names = [
        "alertmanager_config_last_reload_successful",
        "alertmanager_config_last_reload_success_timestamp_seconds",
    ];
    let [success, loaded] = member.own_metrics(names, timeout).map_err(unanswered)?;
    let served = parsed(&status.config.original, &member.url())?;
    let dialect = Dialect { folder: file.folder(), is_prometheus: false };
    let mut wrong = worded(dialect.compare(&file.content, &served), ignored);
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds of our time")]
    let loaded = loaded.and_then(|seconds| DateTime::from_timestamp(seconds as i64, 0));
    add_staleness(&mut wrong, success != Some(0.0), file.changed, loaded);
    Ok(OfServer { served: member.url(), wrong })
}

/// Why there is no answer, without the words around it.
fn why_not(answer: Answer) -> String {
    match answer {
        Answer::Unknown { why } => why,
        answer => answer.in_words(),
    }
}

/// A reload that failed is wrong of itself; a file that is newer than the last load explains what differs.
fn add_staleness(
    wrong: &mut Vec<String>,
    is_loaded: bool,
    changed: Option<DateTime<Utc>>,
    loaded: Option<DateTime<Utc>>,
) {
    if !is_loaded {
        wrong.insert(0, "its last reload failed, so that it may serve a part of what is written".to_owned());
    }
    if let (Some(changed), Some(loaded), false) = (changed, loaded, wrong.is_empty())
        && loaded < changed
    {
        wrong.push(format!("the files were changed {} after it last loaded them", roughly(changed - loaded)));
    }
}

fn parsed(text: &str, url: &str) -> Result<Value, String> {
    serde_yaml::from_str(text)
        .map_err(|error| format!("{url} serves a configuration that cannot be read: {error}"))
}

fn worded(differences: Vec<Difference>, ignored: &[&str]) -> Vec<String> {
    let is_ignored = |difference: &Difference| {
        ignored.iter().any(|place| {
            difference
                .place
                .strip_prefix(place)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    };
    differences
        .into_iter()
        .filter(|difference| !is_ignored(difference))
        .map(|difference| difference.to_string())
        .collect()
}
