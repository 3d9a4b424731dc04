//! The plan file as a whole.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::named::Anything;
use super::{
    AlertRule, Blackout, Check, Connections, Group, IMPLICIT_TARGET, Length, List, METRIC_NAME, Metric,
    Moment, Named, Quality, Spanned, Target, Task, Window, form, wait_for_cover,
};

/// The format version that this mainstay reads.
pub const FORMAT_VERSION: u32 = 1;

/// All maintenance of an estate: one YAML file, `maintenance.yaml` by default.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "mainstay plan file", extend("$id" = "urn:mainstay:plan-file:1"))]
pub struct PlanFile {
    /// The format version: 1.
    #[schemars(extend("const" = FORMAT_VERSION))]
    pub mainstay: Spanned<u32>,
    /// What people call it.
    pub title: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Who looks at it.
    #[serde(default)]
    pub reviewers: Vec<String>,
    /// How much depends on it; default medium.
    #[serde(default)]
    pub criticality: Criticality,
    /// Where it stands; default approved. `run --due` refuses draft and retired.
    #[serde(default)]
    #[schemars(extend("default" = Status::default()))]
    pub status: Spanned<Status>,
    /// The version of its content.
    pub version: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// An IANA name; default UTC.
    #[schemars(extend("default" = "UTC", "examples" = ["Europe/Berlin"]))]
    pub timezone: Option<Spanned<String>>,
    /// Pages about the maintenance, relative to the plan file's folder.
    #[serde(default)]
    pub documents: Documents,
    /// The monitoring systems.
    #[serde(default)]
    pub connections: Connections,
    /// What is maintained.
    #[serde(default)]
    #[schemars(extend("allOf" = [the_implicit_target()]))]
    pub targets: Named<Target>,
    /// What stands in for what.
    #[serde(default)]
    pub groups: Named<Group>,
    /// When work may run.
    #[serde(default)]
    pub windows: Named<Window>,
    /// When it may not.
    #[serde(default)]
    pub blackouts: Named<Blackout>,
    /// Renewable capacities that tasks share.
    #[serde(default)]
    #[schemars(with = "Named<form::AtLeastOne>")]
    pub resources: Named<Spanned<u32>>,
    /// The work.
    #[serde(default)]
    pub tasks: Named<Task>,
    /// Values that are never shown or stored.
    #[serde(default)]
    pub secrets: Named<Spanned<Secret>>,
    /// Live checks by name, for `validate --live` and `when:`.
    #[serde(default)]
    pub checks: Named<Spanned<Check>>,
    /// What `monitor` collects beside its own.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"pattern": METRIC_NAME}))]
    pub metrics: Named<Spanned<Metric>>,
    /// When `monitor` alerts.
    #[serde(default)]
    pub alerts: Named<Spanned<AlertRule>>,
    /// What is reported, to whom.
    #[serde(default)]
    pub reports: Named<Spanned<Report>>,
    /// Sets of requirements that apply: `process`, `quality`, `security`, `documentation`, or the path of a
    /// catalogue of your own that ends in .yaml, relative to the plan file's folder.
    #[serde(default)]
    pub standards: List<Spanned<String>>,
    /// How well the work has to be made, for `validate --run`.
    #[serde(default)]
    pub quality: Quality,
    /// Who may sign what.
    pub access: Option<Spanned<Access>>,
    /// How often people look.
    #[serde(default)]
    #[schemars(extend("propertyNames" = true))]
    pub reviews: Named<Spanned<Review>>,
    /// Findings of `validate` that are borne, each with its reason.
    #[serde(default)]
    pub ignore: List<Spanned<Waiver>>,
}

impl PlanFile {
    /// The targets that a task's selectors mean: each once, in the order of the selectors and, within one, in that
    /// of the plan file. A selector that means nothing adds nothing: `validate` reports it.
    pub fn targets_of(&self, task: &Task) -> Vec<String> {
        if task.targets.is_empty() {
            return vec![IMPLICIT_TARGET.to_owned()];
        }
        self.select(task.targets.iter().map(|selector| selector.value.as_str()))
    }

    /// The targets that `selectors` mean, as those of a task do.
    pub fn select<'s>(&self, selectors: impl Iterator<Item = &'s str>) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut known = HashSet::new();
        for selector in selectors {
            // Most selectors are the name of one target; an estate has thousands.
            if selector != "all" && self.targets.get(selector).is_some() {
                names.extend(known.insert(selector.to_owned()).then(|| selector.to_owned()));
                continue;
            }
            for (name, target) in self.targets.iter() {
                let is_meant = match selector.split_once(':') {
                    Some(("group", group)) => target.group.as_ref().is_some_and(|of| of.value == group),
                    Some(("label", label)) => label
                        .split_once('=')
                        .is_some_and(|(key, value)| target.labels.get(key).is_some_and(|has| has == value)),
                    _ => selector == "all",
                };
                if is_meant && known.insert(name.value.clone()) {
                    names.push(name.value.clone());
                }
            }
        }
        names
    }

    /// How long `task` takes on `targets` by what the plan file says: its [`Task::estimate`], and what the targets of a
    /// group wait in it until those before them are covered.
    pub fn estimate(&self, task: &Task, targets: &[String]) -> TimeDelta {
        let cover = |target: &String| {
            let group = self.targets.get(target)?.group.as_ref()?;
            let declared = self.groups.get(&group.value)?;
            let cover =
                declared.cover.map(|cover| cover.value.0).filter(|cover| TimeDelta::zero() < *cover)?;
            Some((group.value.as_str(), declared.max_down.value, cover))
        };
        if !targets.iter().any(|target| cover(target).is_some()) {
            return task.estimate(targets.len());
        }
        let pause = task.rollout.as_ref().map_or(TimeDelta::zero(), |rollout| rollout.pause());
        let mut at = TimeDelta::zero();
        // When work on targets of a group ended, as long as they may be not covered.
        let mut ended: BTreeMap<&str, Vec<TimeDelta>> = BTreeMap::new();
        for (n, batch) in task.batches(targets).enumerate() {
            let mut groups: BTreeMap<&str, (usize, u32, TimeDelta)> = BTreeMap::new();
            for (group, max_down, cover) in batch.iter().filter_map(cover) {
                groups.entry(group).or_insert((0, max_down, cover)).0 += 1;
            }
            let wait = |(group, (n, max_down, cover)): (&&str, &(usize, u32, TimeDelta))| {
                let ends = ended.get(*group).into_iter().flatten();
                let ages: Vec<_> = ends.map(|end| at - *end).collect();
                wait_for_cover(&ages, *n, *max_down, *cover)
            };
            let wait = groups.iter().map(wait).max().unwrap_or_default();
            let between = if n == 0 { TimeDelta::zero() } else { wait.max(pause) };
            let end = at.checked_add(&between).and_then(|at| at.checked_add(&task.duration.value.0));
            at = end.unwrap_or(TimeDelta::MAX);
            for (group, (n, _, cover)) in groups {
                let ends = ended.entry(group).or_default();
                ends.retain(|end| at - *end < cover);
                ends.extend(std::iter::repeat_n(at, n));
            }
        }
        at
    }

    /// How many targets of each group `task` has in work at once when it works on `targets`: as many as one batch has
    /// of it, at most.
    pub fn most_of_groups(&self, task: &Task, targets: &[String]) -> BTreeMap<&str, u32> {
        let mut most: BTreeMap<&str, u32> = BTreeMap::new();
        for batch in task.batches(targets) {
            let mut down: BTreeMap<&str, u32> = BTreeMap::new();
            for target in batch {
                if let Some(group) = self.targets.get(target).and_then(|target| target.group.as_ref()) {
                    *down.entry(group.value.as_str()).or_default() += 1;
                }
            }
            for (group, n) in down {
                let most = most.entry(group).or_default();
                *most = n.max(*most);
            }
        }
        most
    }
}

/// A finding that is borne, and why. The same can stand in a comment beside what it is about:
/// `# mainstay: ignore MS316 until 2027-01-31 there is no way back from a new kernel`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The code of the rule, or the id of the control of a standard.
    pub code: Spanned<String>,
    /// The path of what it is about, such as `tasks.upgrade`, with all below it; default the whole file.
    pub at: Option<Spanned<String>>,
    /// When it ends; a date includes that day. Without it the waiver has no end.
    pub until: Option<Spanned<Moment>>,
    /// Why the finding is borne.
    pub reason: Spanned<String>,
}

/// The name of this machine cannot stand for another one.
fn the_implicit_target() -> Value {
    let local = json!({"required": ["local"], "properties": {"local": {"const": true}}});
    json!({"properties": {(IMPLICIT_TARGET): local}})
}

/// How much depends on something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum Criticality {
    /// Little.
    Low,
    /// Some.
    #[default]
    Medium,
    /// Much.
    High,
    /// Everything.
    Critical,
}

impl fmt::Display for Criticality {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

/// Where a plan file stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum Status {
    /// Being written: `run --due` refuses it.
    Draft,
    /// Being read by others.
    Review,
    /// In force.
    #[default]
    Approved,
    /// No longer in force: `run --due` refuses it.
    Retired,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Draft => "draft",
            Self::Review => "review",
            Self::Approved => "approved",
            Self::Retired => "retired",
        })
    }
}

/// Pages about the maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// How the work is organised.
    pub process: Option<Spanned<String>>,
    /// What is maintained.
    pub system: Option<Spanned<String>>,
    /// How it is kept safe.
    pub security: Option<Spanned<String>>,
    /// How it is proved.
    pub audit: Option<Spanned<String>>,
}

/// Where a secret's value comes from: exactly one of these.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = form::alternatives(&Secret::SOURCES)))]
pub struct Secret {
    /// An environment variable.
    pub env: Option<String>,
    /// A file that only its owner can read.
    pub file: Option<String>,
    /// What a program prints.
    pub command: Option<Vec<String>>,
}

impl Secret {
    /// Where a value can come from.
    pub const SOURCES: [&str; 3] = ["env", "file", "command"];
}

/// What is reported, to whom.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Which report.
    pub kind: String,
    /// What time it covers.
    pub period: Option<String>,
    /// How it is written.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Where it goes.
    pub send: Option<Anything>,
    /// How long it is kept.
    pub keep: Option<Length>,
}

/// Who may sign what.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// An OpenSSH allowed-signers file, relative to the plan file's folder.
    pub signers: Option<Spanned<String>>,
    /// The people of each role.
    #[serde(default)]
    #[schemars(extend("propertyNames" = true))]
    pub roles: Named<Vec<String>>,
}

/// How often people look.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The time between two looks.
    pub every: Option<Length>,
    /// Who looks.
    pub from: Option<String>,
}
