//! A reload, proved by comparing what is loaded before and after.
//!
//! 1. Where the configuration file and `promtool` are on this machine, the file is checked first: a reload that
//!    fails half-way leaves a mixture of old and new in force, and a restart after it does not succeed at all.
//! 2. An answer of 200 proves nothing: the server has to say that it loaded, and when.
//! 3. A reload that failed says what of it is in force all the same: Prometheus takes over the scrape configuration
//!    before it finds out that a rule file is broken.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::TIMEOUT;
use crate::executor::actions::{Context, Done};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::output::Capture;
use crate::world::process::{self, Job};
use crate::world::prometheus::{PeerError, Prometheus};
use crate::world::tsdb::{beside, is_here};

/// What is loaded, as Prometheus tells it.
struct Loaded {
    /// The configuration that was read last: it is shown also when it was applied in part only.
    digest: String,
    /// Each rule: its file, group, name and query.
    rules: BTreeSet<[String; 4]>,
    is_sound: bool,
    /// When it was last loaded with success; by the metric, which knows fractions of a second, if there is one.
    at: DateTime<Utc>,
    seconds: Option<f64>,
}

/// The metric that says when a configuration was last loaded.
const LOADED_AT: &str = "prometheus_config_last_reload_success_timestamp_seconds";

fn loaded(prometheus: &Prometheus, timeout: Duration) -> Result<Loaded, PeerError> {
    let runtime = prometheus.runtime_info(timeout)?;
    let groups = prometheus.rules(timeout)?;
    let rules = groups.into_iter().flat_map(|group| {
        let (name, file) = (group.name, group.file);
        group.rules.into_iter().map(move |rule| [file.clone(), name.clone(), rule.name, rule.query])
    });
    Ok(Loaded {
        digest: format!("{:x}", Sha256::digest(prometheus.config(timeout)?)),
        rules: rules.collect(),
        is_sound: runtime.reload_config_success,
        at: runtime.last_config_time,
        // Behind a proxy there may be no such page.
        seconds: prometheus.own_metrics([LOADED_AT], timeout).map(|[at]| at).unwrap_or_default(),
    })
}

pub(super) fn reload(prometheus: &Prometheus, context: &Context) -> Result<Done, PeerError> {
    let before = loaded(prometheus, context.timeout)?;
    let mut notes = Vec::new();
    match check_file(prometheus, context.world, &context.tag, context.timeout, context.cancel) {
        Ok(Checked::Good) => {}
        Ok(Checked::Unknown(why)) => notes.push(format!("not checked beforehand: {why}")),
        Err(fault) => return Ok(Done::failed(format!("not reloaded: {fault}"))),
    }
    if context.cancel.is_fired() {
        return Ok(Done::interrupted("stopped before the reload"));
    }
    if !before.is_sound {
        notes.push("the reload before this one had failed".to_owned());
    }
    if let Err(error) = prometheus.reload(context.timeout) {
        let why = crate::in_words(&error);
        let in_force = loaded(prometheus, TIMEOUT).map_or_else(
            |_| "what is in force now is not known".to_owned(),
            |after| in_force(&before, &after),
        );
        return Ok(Done::failed(format!("{why}; {in_force}")));
    }
    let after = loaded(prometheus, context.timeout)?;
    if !after.is_sound {
        let in_force = in_force(&before, &after);
        return Ok(Done::failed(format!(
            "Prometheus says that its configuration was not loaded; {in_force}"
        )));
    }
    let is_later = match (before.seconds, after.seconds) {
        (Some(before), Some(after)) => before < after,
        // Whole seconds: two reloads within one cannot be told apart.
        _ => before.at <= after.at,
    };
    if !is_later {
        let at = after.at.format("%H:%M:%SZ");
        return Ok(Done::failed(format!(
            "Prometheus loaded its configuration last at {at}, before the reload"
        )));
    }
    notes.insert(0, format!("configuration loaded at {}", after.at.format("%H:%M:%SZ")));
    notes.insert(1, changes(&before, &after));
    Ok(Done::well(notes.join("; ")))
}

/// What a reload that failed has changed all the same.
fn in_force(before: &Loaded, after: &Loaded) -> String {
    match (before.digest == after.digest, before.rules == after.rules) {
        (true, true) => "the configuration of before stays in force".to_owned(),
        (false, true) => {
            "it was applied in part: the new configuration is scraped by, with the rules of before; \
                          a restart would fail now"
                .to_owned()
        }
        (_, false) => format!("it was applied in part: {}", changes(before, after)),
    }
}

fn changes(before: &Loaded, after: &Loaded) -> String {
    let text = if before.digest == after.digest { "the same text" } else { "another text" };
    let (new, gone) =
        (after.rules.difference(&before.rules).count(), before.rules.difference(&after.rules).count());
    let rules = match (new, gone) {
        (0, 0) => format!("the same {}", crate::counted(after.rules.len(), "rule")),
        (new, gone) => {
            format!("{} new or changed, {gone} gone or changed", crate::counted(new, "rule"))
        }
    };
    format!("{text} as before, {rules}")
}

/// What is known of a configuration file before it is loaded.
enum Checked {
    /// It can be loaded.
    Good,
    /// It could not be looked at.
    Unknown(String),
}

/// What keeps Prometheus from starting, or from loading its configuration again, as far as can be told: `promtool`
/// refuses the file, or, where that cannot be asked, the last reload failed. `None` when nothing is known to.
///
/// For a dry run, and to be asked just before a step that restarts Prometheus: a broken rule file that nobody noticed
/// is harmless until the restart, which then fails.
///
/// # Errors
/// [`PeerError`] when Prometheus does not answer.
pub fn config_fault(
    prometheus: &Prometheus,
    world: &World,
    cancel: &Cancel,
) -> Result<Option<String>, PeerError> {
    let is_loaded = prometheus.runtime_info(TIMEOUT)?.reload_config_success;
    let tag = format!("check:{}:config", std::process::id());
    Ok(match check_file(prometheus, world, &tag, Duration::from_mins(1), cancel) {
        Ok(Checked::Good) => None,
        Ok(Checked::Unknown(_)) if is_loaded => None,
        Ok(Checked::Unknown(why)) => Some(format!(
            "Prometheus could not load its configuration when it was last told to, and whether the file is right by \
             now is not known: {why}"
        )),
        Err(fault) => Some(fault),
    })
}

/// Asks `promtool` about the file that Prometheus would load.
fn check_file(
    prometheus: &Prometheus,
    world: &World,
    tag: &str,
    timeout: Duration,
    cancel: &Cancel,
) -> Result<Checked, String> {
    let file = match config_file(prometheus) {
        Ok(file) => file,
        Err(why) => return Ok(Checked::Unknown(why)),
    };
    let Ok(promtool) = process::program("promtool", &world.folder) else {
        return Ok(Checked::Unknown("`promtool` is not on this machine".to_owned()));
    };
    let argv = [&promtool, Path::new("check"), Path::new("config"), &file]
        .map(|word: &Path| word.display().to_string());
    let grace = Duration::from_secs(2);
    let job = Job { grace, ..Job::new(&argv, &world.folder, tag.to_owned(), timeout) };
    let mut capture = Capture::default();
    let finished = match process::carry_out(&job, &mut capture, cancel) {
        Ok(finished) => finished,
        Err(error) => return Ok(Checked::Unknown(crate::in_words(&error))),
    };
    if finished.status.success() {
        return Ok(Checked::Good);
    }
    let said = capture.finish().map(|output| output.head + &output.tail).unwrap_or_default();
    if finished.stopped.is_some() || said.contains("permission denied") {
        // Prometheus runs as another user, and may read what we may not.
        return Ok(Checked::Unknown("`promtool` could not read everything".to_owned()));
    }
    let lines: Vec<_> = said.split_whitespace().collect();
    let at = said
        .find("FAILED")
        .map_or(lines.join(" "), |at| said[at..].split_whitespace().collect::<Vec<_>>().join(" "));
    let short: String = at.chars().take(300).collect();
    Err(format!("`promtool check config {}` says: {short}", file.display()))
}

fn config_file(prometheus: &Prometheus) -> Result<PathBuf, String> {
    if !is_here(&prometheus.url()) {
        return Err(format!("{} runs on another machine", prometheus.url()));
    }
    let flags = prometheus.flags(TIMEOUT).map_err(|error| crate::in_words(&error))?;
    let given = flags.get("config.file").ok_or("its flags name no configuration file")?;
    let file = beside(prometheus, given, TIMEOUT)?;
    if file.is_file() { Ok(file) } else { Err(format!("{} cannot be read here", file.display())) }
}
