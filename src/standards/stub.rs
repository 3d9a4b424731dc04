//! Pages about the maintenance, begun with what the plan file says and marked where people have to go on.
//!
//! 1. Everything from the plan file is text on the page: it is escaped where it is filled in, all of it.
//! 2. Of `secrets:` the page has the names, and nothing else; of a URL no user and no password.
//! 3. The same plan file gives the same page.

use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior, context};
use serde::Serialize;

use super::Page;
use crate::model::{PlanFile, Recurrence, Spanned, Step, Task};
use crate::text::{inert_line, markdown};

/// The pages, and what they have in common.
const TEMPLATES: [(&str, &str); 5] = [
    ("process", include_str!("stubs/process.md")),
    ("system", include_str!("stubs/system.md")),
    ("security", include_str!("stubs/security.md")),
    ("audit", include_str!("stubs/audit.md")),
    ("head", include_str!("stubs/head.md")),
];

/// Begins a page in Markdown with what `plan` says; what people have to write is marked `TO BE WRITTEN: `.
pub fn stub(page: Page, plan: &PlanFile) -> String {
    let rendered = render(page, plan);
    rendered.unwrap_or_else(|error| {
        unreachable!("templates and what fills them are part of the program: {error}")
    })
}

fn render(page: Page, plan: &PlanFile) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    environment.set_formatter(write_escaped);
    for (name, template) in TEMPLATES {
        environment.add_template(name, template)?;
    }
    let plan = Value::from(Serde(&View::of(plan)));
    environment.get_template(page.key())?.render(context! { plan })
}

/// Writes a value as text that means nothing but itself; what a template made is left as it is.
fn write_escaped(output: &mut Output, _: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    let text = value.to_string();
    let text = if value.is_safe() { text } else { markdown(&inert_line(&without_credentials(&text))) };
    output.write_str(&text).map_err(minijinja::Error::from)
}

/// Hides the user and the password of every URL in a text.
fn without_credentials(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        shown.push_str(before);
        let host = after.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\''));
        let authority = &after[..host.unwrap_or(after.len())];
        let credentials = authority.rfind('@').unwrap_or(0);
        if credentials > 0 {
            shown.push_str("...");
        }
        rest = &after[credentials..];
    }
    shown + rest
}

/// What the pages say of a plan file.
#[derive(Serialize)]
struct View {
    title: Option<String>,
    owner: Option<String>,
    reviewers: String,
    criticality: String,
    status: String,
    version: Option<String>,
    timezone: String,
    tasks: Vec<TaskView>,
    connections: Vec<Pair>,
    targets: Vec<TargetView>,
    groups: Vec<Pair>,
    windows: Vec<WindowView>,
    blackouts: Vec<BlackoutView>,
    secrets: Vec<String>,
    signers: Option<String>,
    roles: Vec<Pair>,
    standards: Vec<String>,
    waivers: Vec<WaiverView>,
}

/// A name, and what there is to say about it.
#[derive(Serialize)]
struct Pair {
    name: String,
    value: String,
}

#[derive(Serialize)]
struct TaskView {
    name: String,
    title: String,
    kind: String,
    domain: String,
    criticality: String,
    schedule: String,
    window: String,
    targets: String,
    duration: String,
    approval: String,
    silence: String,
    has_baseline: bool,
    preconditions: Vec<String>,
    steps: Vec<String>,
    verify: Vec<String>,
    rollback: Vec<String>,
}

#[derive(Serialize)]
struct TargetView {
    name: String,
    reached: String,
    group: String,
    labels: String,
}

#[derive(Serialize)]
struct WindowView {
    name: String,
    opens: String,
    duration: String,
    cutoff: String,
}

#[derive(Serialize)]
struct BlackoutView {
    name: String,
    from: String,
    to: String,
    allow: String,
}

#[derive(Serialize)]
struct WaiverView {
    code: String,
    at: String,
    until: String,
    reason: String,
}

/// What stands in a cell of which there is nothing to say.
const NOTHING: &str = "-";

impl View {
    fn of(plan: &PlanFile) -> Self {
        let access = plan.access.as_ref();
        Self {
            title: plan.title.clone(),
            owner: plan.owner.clone(),
            reviewers: plan.reviewers.join(", "),
            criticality: plan.criticality.to_string(),
            status: plan.status.value.to_string(),
            version: plan.version.clone(),
            timezone: plan.timezone.as_ref().map_or("UTC".to_owned(), |zone| zone.value.clone()),
            tasks: plan.tasks.iter().map(|(name, task)| TaskView::of(&name.value, task, plan)).collect(),
            connections: connections(plan),
            targets: targets(plan),
            groups: plan
                .groups
                .iter()
                .map(|(name, group)| pair(&name.value, group.max_down.value.to_string()))
                .collect(),
            windows: windows(plan),
            blackouts: blackouts(plan),
            secrets: plan.secrets.names().map(ToOwned::to_owned).collect(),
            signers: access.and_then(|access| access.signers.as_ref()).map(|signers| signers.value.clone()),
            roles: access
                .iter()
                .flat_map(|access| access.roles.iter())
                .map(|(name, people)| pair(&name.value, people.join(", ")))
                .collect(),
            standards: texts(&plan.standards),
            waivers: waivers(plan),
        }
    }
}

impl TaskView {
    fn of(name: &str, task: &Task, plan: &PlanFile) -> Self {
        let silence = task.silence.as_ref().map(|silence| texts(&silence.matchers).join(", "));
        let approval = task.approval.as_ref();
        let checks = |checks: &[Spanned<crate::model::Check>]| {
            checks.iter().map(|check| check.in_short()).collect::<Vec<_>>()
        };
        Self {
            name: name.to_owned(),
            title: task.title_or(name).to_owned(),
            kind: task.kind.to_string(),
            domain: task.domain.to_string(),
            criticality: task.criticality.unwrap_or(plan.criticality).to_string(),
            schedule: task.schedule.as_ref().map_or("on demand".to_owned(), |schedule| in_words(schedule)),
            window: or_nothing(&texts(&task.window).join(", ")),
            targets: if task.targets.is_empty() {
                "this machine".to_owned()
            } else {
                texts(&task.targets).join(", ")
            },
            duration: task.duration.value.to_string(),
            approval: approval.map_or(NOTHING.to_owned(), |approval| {
                format!("{} from {}", approval.required.value, approval.from.value)
            }),
            silence: silence.unwrap_or_else(|| NOTHING.to_owned()),
            has_baseline: task.baseline.is_some(),
            preconditions: checks(&task.preconditions),
            steps: labels(&task.steps),
            verify: checks(&task.verify),
            rollback: labels(&task.rollback),
        }
    }
}

fn labels(steps: &[Spanned<Step>]) -> Vec<String> {
    steps.iter().map(|step| step.label()).collect()
}

fn texts(texts: &[Spanned<String>]) -> Vec<String> {
    texts.iter().map(|text| text.value.clone()).collect()
}

fn or_nothing(text: &str) -> String {
    if text.is_empty() { NOTHING.to_owned() } else { text.to_owned() }
}

fn pair(name: &str, value: String) -> Pair {
    Pair { name: name.to_owned(), value }
}

/// When a task recurs, in words.
fn in_words(schedule: &Recurrence) -> String {
    let mut words = if let Some(every) = &schedule.every {
        format!("every {}", every.value)
    } else if let Some(cron) = &schedule.cron {
        format!("at {} (cron)", cron.value)
    } else if let Some(rule) = &schedule.rrule {
        format!("by the rule {}", rule.value)
    } else if let Some(at) = &schedule.at {
        format!("once, at {}", moment(&at.value))
    } else if let Some(when) = &schedule.when {
        format!("when the check {} fails", when.value)
    } else {
        "on demand".to_owned()
    };
    if let Some(tolerance) = &schedule.tolerance {
        let _ = write!(words, ", give or take {}", tolerance.value);
    }
    if let Some(within) = &schedule.within {
        let _ = write!(words, ", within {}", within.value);
    }
    words
}

fn moment(moment: &crate::model::Moment) -> String {
    use crate::model::Moment;
    match moment {
        Moment::Utc(instant) => instant.format("%Y-%m-%d %H:%M UTC").to_string(),
        Moment::Local(local) => local.format("%Y-%m-%d %H:%M").to_string(),
        Moment::Date(date) => date.to_string(),
    }
}

fn connections(plan: &PlanFile) -> Vec<Pair> {
    plan.connections.urls().map(|(name, url)| pair(name, url.value.clone())).collect()
}

fn targets(plan: &PlanFile) -> Vec<TargetView> {
    let view = |(name, target): (&Spanned<String>, &crate::model::Target)| {
        let labels = target.labels.iter().map(|(key, value)| format!("{key}={value}"));
        TargetView {
            name: name.value.clone(),
            reached: match (&target.ssh, &target.ansible) {
                (Some(ssh), _) => format!("ssh {}", ssh.value),
                (None, Some(host)) => format!("Ansible, {}", host.value),
                (None, None) => "this machine".to_owned(),
            },
            group: target.group.as_ref().map_or(NOTHING.to_owned(), |group| group.value.clone()),
            labels: or_nothing(&labels.collect::<Vec<_>>().join(", ")),
        }
    };
    plan.targets.iter().map(view).collect()
}

fn windows(plan: &PlanFile) -> Vec<WindowView> {
    let view = |(name, window): (&Spanned<String>, &crate::model::Window)| WindowView {
        name: name.value.clone(),
        opens: window
            .cron
            .as_ref()
            .or(window.rrule.as_ref())
            .map_or(String::new(), |when| when.value.clone()),
        duration: window.duration.value.to_string(),
        cutoff: window.cutoff.as_ref().map_or(NOTHING.to_owned(), |cutoff| cutoff.value.to_string()),
    };
    plan.windows.iter().map(view).collect()
}

fn blackouts(plan: &PlanFile) -> Vec<BlackoutView> {
    let view = |(name, blackout): (&Spanned<String>, &crate::model::Blackout)| {
        let allow = blackout.allow.iter().map(ToString::to_string).collect::<Vec<_>>();
        BlackoutView {
            name: name.value.clone(),
            from: moment(&blackout.from.value),
            to: moment(&blackout.to.value),
            allow: or_nothing(&allow.join(", ")),
        }
    };
    plan.blackouts.iter().map(view).collect()
}

fn waivers(plan: &PlanFile) -> Vec<WaiverView> {
    let view = |waiver: &Spanned<crate::model::Waiver>| WaiverView {
        code: waiver.code.value.clone(),
        at: waiver.at.as_ref().map_or("the whole plan".to_owned(), |at| at.value.clone()),
        until: waiver.until.as_ref().map_or(NOTHING.to_owned(), |until| moment(&until.value)),
        reason: waiver.reason.value.clone(),
    };
    plan.ignore.iter().map(view).collect()
}
