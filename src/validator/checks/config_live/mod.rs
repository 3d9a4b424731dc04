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
use super::{Answer, NO_PROMETHEUS, no_answer};
use crate::model::ConfigLiveCheck;
use crate::text::roughly;
use crate::world::alertmanager::Alertmanager;
use crate::world::prometheus::Prometheus;
use crate::world::{World, glob};

/// So many differences are told.
const MOST_TOLD: usize = 10;

pub fn ask(check: &ConfigLiveCheck, world: &World, timeout: Duration) -> Answer {
    match hold(check, world, timeout) {
        Ok(found) => found,
        Err(why) => why,
    }
}

fn hold(check: &ConfigLiveCheck, world: &World, timeout: Duration) -> Result<Answer, Answer> {
    let ignored: Vec<_> = check.ignore.iter().map(|place| place.value.as_str()).collect();
    let (mut served, mut wrong) = (Vec::new(), Vec::new());
    if let Some(path) = &check.prometheus {
        let file = Written::read(&world.folder.join(&path.value))?;
        let mut is_asked = false;
        for prometheus in world.each_prometheus() {
            is_asked = true;
            let found = of_prometheus(&file, prometheus, &ignored, timeout)?;
            served.push(format!("{} and its {}", prometheus.url(), crate::counted(found.n_rules, "rule")));
            wrong.extend(found.wrong.into_iter().map(|what| format!("{}: {what}", prometheus.url())));
        }
        if !is_asked {
            return Err(Answer::unknown(NO_PROMETHEUS));
        }
    }
    if let Some(path) = &check.alertmanager {
        let file = Written::read(&world.folder.join(&path.value))?;
        let mut is_asked = false;
        for member in world.each_alertmanager() {
            is_asked = true;
            let found = of_alertmanager(&file, member, &ignored, timeout)?;
            served.push(member.url());
            wrong.extend(found.into_iter().map(|what| format!("{}: {what}", member.url())));
        }
        if !is_asked {
            return Err(Answer::unknown(NO_ALERTMANAGER));
        }
    }
    if served.is_empty() {
        return Err(Answer::unknown("it names no file"));
    }
    if wrong.is_empty() {
        return Ok(Answer::Yes { found: format!("what is written is served by {}", served.join(", ")) });
    }
    let (told, more) = wrong.split_at(wrong.len().min(MOST_TOLD));
    let more = if more.is_empty() { String::new() } else { format!("; and {} more", more.len()) };
    Ok(Answer::no("what is written to be served", told.join("; ") + &more))
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
        let text = fs::read_to_string(path).map_err(|error| unread(format!("cannot be read: {error}")))?;
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

/// What is wrong with one Prometheus.
struct OfPrometheus {
    n_rules: usize,
    wrong: Vec<String>,
}

fn of_prometheus(
    file: &Written,
    prometheus: &Prometheus,
    ignored: &[&str],
    timeout: Duration,
) -> Result<OfPrometheus, Answer> {
    let unanswered = |error| no_answer(prometheus, &error, timeout);
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
    let compared = rules::compare(&files, &groups).map_err(Answer::unknown)?;
    differences.extend(compared.differences);
    let mut wrong = worded(differences, ignored);
    let newest = files.iter().filter_map(|path| changed(path)).chain(file.changed).max();
    add_staleness(&mut wrong, info.reload_config_success, newest, Some(info.last_config_time));
    Ok(OfPrometheus { n_rules: compared.n_rules, wrong })
}

fn of_alertmanager(
    file: &Written,
    member: &Alertmanager,
    ignored: &[&str],
    timeout: Duration,
) -> Result<Vec<String>, Answer> {
    let unanswered = |error| Answer::unknown(crate::in_words(&error));
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
    Ok(wrong)
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

fn parsed(text: &str, url: &str) -> Result<Value, Answer> {
    serde_yaml::from_str(text).map_err(|error| {
        Answer::unknown(format!("{url} serves a configuration that cannot be read: {error}"))
    })
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
