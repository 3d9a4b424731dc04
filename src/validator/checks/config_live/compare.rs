//! Compares a configuration as it is written with the same as a server prints it.
//!
//! 1. Every key of the file is in what is served, with the same value; what is empty may be left out.
//! 2. What is served beyond the file is what the server fills in: a value that is no default, or a list that nobody fills
//!    in, is a difference. A key whose default is not known here is taken for one.
//! 3. Lists are compared in order; those of things with a name by their names.
//! 4. `<secret>` equals every value. Durations are equal when they last as long, numbers when they are as large, paths
//!    when they lead to the same place from the file's folder, matchers and ranges when they mean the same.
//!
//! Source: what Prometheus 2.42 and Alertmanager 0.25 print.

mod values;

use std::fmt;
use std::path::Path;

use serde_json::{Map, Value};

use self::values::{by_name, conditions, is_empty, range, scalar, short, short_list, size};
use crate::promql;

/// What differs, and where.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    /// Such as `scrape_configs[node].scrape_interval`.
    pub(super) place: String,
    written: Option<String>,
    served: Option<String>,
}

impl Difference {
    pub(super) fn new(place: &str, written: Option<String>, served: Option<String>) -> Self {
        Self { place: place.to_owned(), written, served }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let place = &self.place;
        match (&self.written, &self.served) {
            (Some(written), Some(served)) => {
                write!(f, "`{place}` is written as {written}, served as {served}")
            }
            (Some(written), None) => write!(f, "`{place}` ({written}) is written and not served"),
            (None, Some(served)) => write!(f, "`{place}` ({served}) is served and not written"),
            (None, None) => write!(f, "`{place}` differs"),
        }
    }
}

/// How a server prints.
pub(super) struct Dialect<'a> {
    /// The folder of the file: relative paths count from there.
    pub(super) folder: &'a Path,
    /// Whether it is Prometheus; else Alertmanager.
    pub(super) is_prometheus: bool,
}

/// Lists that no server fills in, and mappings whose keys are the user's own.
const NEVER_FILLED_IN: [&str; 18] = [
    "alert_relabel_configs",
    "equal",
    "external_labels",
    "group_by",
    "inhibit_rules",
    "labels",
    "match",
    "match_re",
    "matchers",
    "metric_relabel_configs",
    "params",
    "receivers",
    "relabel_configs",
    "routes",
    "rule_files",
    "scrape_configs",
    "time_intervals",
    "mute_time_intervals",
];
/// The same of Alertmanager's routes: what is not written is decided later.
const NEVER_FILLED_IN_ROUTES: [&str; 4] =
    ["group_wait", "group_interval", "repeat_interval", "active_time_intervals"];

/// Mappings in which texts are texts, whatever they look like.
const OF_TEXTS: [&str; 7] =
    ["labels", "external_labels", "annotations", "match", "match_re", "source_match", "target_match"];

/// What a server fills in for a key, wherever it stands.
const DEFAULTS: [(&str, &[&str]); 16] = [
    ("evaluation_interval", &["1m"]),
    ("resolve_timeout", &["5m"]),
    ("honor_timestamps", &["true"]),
    ("honor_labels", &["false"]),
    ("metrics_path", &["/metrics"]),
    ("scheme", &["http"]),
    ("follow_redirects", &["true"]),
    ("enable_http2", &["true"]),
    ("insecure_skip_verify", &["false"]),
    ("separator", &[";"]),
    ("regex", &["(.*)"]),
    ("replacement", &["$1"]),
    ("action", &["replace"]),
    ("continue", &["false"]),
    ("api_version", &["v2", "v1"]),
    ("sample_limit", &["0"]),
];

impl Dialect<'_> {
    /// What differs.
    pub(super) fn compare(&self, written: &Value, served: &Value) -> Vec<Difference> {
        let mut found = Vec::new();
        self.values("", "", written, served, &mut found);
        if self.is_prometheus {
            scrape_times(written, served, &mut found);
        }
        found
    }

    fn values(&self, place: &str, key: &str, written: &Value, served: &Value, found: &mut Vec<Difference>) {
        match (written, served) {
            (Value::Object(written), Value::Object(served)) => self.maps(place, key, written, served, found),
            (Value::Array(written), Value::Array(served)) => self.lists(place, key, written, served, found),
            (written, served) if is_empty(written) && is_empty(served) => {}
            (written, served) if self.are_same(key, written, served) => {}
            (written, served) => {
                found.push(Difference::new(place, Some(short(written)), Some(short(served))));
            }
        }
    }

    fn maps(
        &self,
        place: &str,
        key: &str,
        written: &Map<String, Value>,
        served: &Map<String, Value>,
        found: &mut Vec<Difference>,
    ) {
        let below = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
        // Header fields are spelled anew.
        let get = |name: &str| match key {
            "headers" => {
                served.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
            }
            _ => served.get(name),
        };
        let is_text = OF_TEXTS.contains(&key);
        for (name, value) in written {
            match get(name) {
                Some(other) if is_text => {
                    if scalar(value) != scalar(other) {
                        found.push(Difference::new(&below(name), Some(short(value)), Some(short(other))));
                    }
                }
                Some(other) => self.values(&below(name), name, value, other, found),
                // The old words for it are printed in the new ones.
                None if name.starts_with("bearer_token") && served.contains_key("authorization") => {}
                None if is_empty(value) => {}
                None => found.push(Difference::new(&below(name), Some(short(value)), None)),
            }
        }
        for (name, value) in served {
            let is_written = written
                .keys()
                .any(|other| other == name || (key == "headers" && other.eq_ignore_ascii_case(name)));
            if !is_written && !is_empty(value) && !self.is_filled_in(place, key, name, value) {
                found.push(Difference::new(&below(name), None, Some(short(value))));
            }
        }
    }

    /// Whether the server may have added this to what is written.
    fn is_filled_in(&self, place: &str, key: &str, name: &str, value: &Value) -> bool {
        if NEVER_FILLED_IN.contains(&name) || (self.is_prometheus && name == "remote_write") {
            return false;
        }
        if OF_TEXTS.contains(&key) || key == "params" {
            return false;
        }
        let is_route = !self.is_prometheus && (place == "route" || place.contains("routes["));
        if is_route && NEVER_FILLED_IN_ROUTES.contains(&name) {
            return false;
        }
        if matches!(value, Value::Array(_)) && name.ends_with("_configs") {
            return false;
        }
        // Compared with their own rule.
        if self.is_prometheus && matches!(name, "scrape_interval" | "scrape_timeout") {
            return true;
        }
        match DEFAULTS.iter().find(|(known, _)| *known == name) {
            Some((_, defaults)) if self.is_prometheus || name != "scheme" => defaults
                .iter()
                .any(|default| self.are_same(name, &Value::String((*default).to_owned()), value)),
            _ => true,
        }
    }

    fn lists(
        &self,
        place: &str,
        key: &str,
        written: &[Value],
        served: &[Value],
        found: &mut Vec<Difference>,
    ) {
        if key.ends_with("matchers") {
            if conditions(written).is_none_or(|written| conditions(served) != Some(written)) {
                let (written, served) = (short_list(written), short_list(served));
                found.push(Difference::new(place, Some(written), Some(served)));
            }
            return;
        }
        if let (Some(written), Some(served)) = (by_name(written), by_name(served)) {
            for (name, value) in &written {
                let place = format!("{place}[{name}]");
                match served.iter().find(|(other, _)| other == name) {
                    Some((_, other)) => self.values(&place, key, value, other, found),
                    None => found.push(Difference::new(&place, Some(short(value)), None)),
                }
            }
            for (name, value) in served {
                if !written.iter().any(|(other, _)| *other == name) {
                    found.push(Difference::new(&format!("{place}[{name}]"), None, Some(short(value))));
                }
            }
            return;
        }
        for at in 0..written.len().max(served.len()) {
            let place = format!("{place}[{at}]");
            match (written.get(at), served.get(at)) {
                (Some(value), Some(other)) => self.values(&place, key, value, other, found),
                (value, other) => {
                    found.push(Difference::new(&place, value.map(short), other.map(short)));
                }
            }
        }
    }

    /// Whether two values that are no mappings or lists mean the same.
    fn are_same(&self, key: &str, written: &Value, served: &Value) -> bool {
        let (Some(written), Some(served)) = (scalar(written), scalar(served)) else { return false };
        if written == served || served == "<secret>" {
            return true;
        }
        let number = |text: &str| text.parse::<f64>().ok();
        if let (Some(a), Some(b)) = (number(&written), number(&served)) {
            return a.total_cmp(&b).is_eq();
        }
        if let (Ok(a), Ok(b)) = (promql::length(&written), promql::length(&served)) {
            return a == b;
        }
        if let (Some(a), Some(b)) = (size(&written), size(&served)) {
            return a == b;
        }
        match key {
            "rule_files" | "files" | "templates" | "scrape_config_files" => {
                self.is_same_path(&written, &served)
            }
            key if key.ends_with("_file") => self.is_same_path(&written, &served),
            "weekdays" | "months" | "years" | "days_of_month" => range(&written) == range(&served),
            "action" => written.eq_ignore_ascii_case(&served),
            key if key == "url" || key.ends_with("_url") => {
                written.trim_end_matches('/') == served.trim_end_matches('/')
            }
            _ => false,
        }
    }

    fn is_same_path(&self, written: &str, served: &str) -> bool {
        let clean = |path: &str| self.folder.join(path).components().collect::<std::path::PathBuf>();
        clean(written) == clean(served)
    }
}

/// The times of each scrape job, which come from `global` when the job has none.
fn scrape_times(written: &Value, served: &Value, found: &mut Vec<Difference>) {
    let global =
        |name: &str, default: &str| scalar(&written["global"][name]).unwrap_or_else(|| default.to_owned());
    let (interval, timeout) = (global("scrape_interval", "1m"), global("scrape_timeout", "10s"));
    let mut check = |place: String, expected: &str, served: &Value| {
        let Some(text) = scalar(served) else { return };
        if promql::length(expected) != promql::length(&text) {
            found.push(Difference::new(&place, Some(format!("{expected}, by default")), Some(text)));
        }
    };
    if written["global"]["scrape_interval"].is_null() {
        check("global.scrape_interval".to_owned(), &interval, &served["global"]["scrape_interval"]);
    }
    let jobs = |config: &Value| config["scrape_configs"].as_array().cloned().unwrap_or_default();
    let of_served = jobs(served);
    for job in jobs(written) {
        let Some(name) = job["job_name"].as_str() else { continue };
        let Some(other) = of_served.iter().find(|other| other["job_name"] == job["job_name"]) else {
            continue;
        };
        let own = scalar(&job["scrape_interval"]);
        let place = |key: &str| format!("scrape_configs[{name}].{key}");
        if own.is_none() {
            check(place("scrape_interval"), &interval, &other["scrape_interval"]);
        }
        if job["scrape_timeout"].is_null() {
            // Never longer than the interval.
            let interval = own.as_deref().unwrap_or(&interval);
            let is_longer =
                matches!((promql::length(interval), promql::length(&timeout)), (Ok(a), Ok(b)) if a < b);
            check(
                place("scrape_timeout"),
                if is_longer { interval } else { &timeout },
                &other["scrape_timeout"],
            );
        }
    }
}

#[cfg(test)]
mod tests;
