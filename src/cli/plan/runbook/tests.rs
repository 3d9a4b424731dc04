use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::model::{OccurrenceId, PlanFile};
use crate::scheduler::debt::Debt;
use crate::scheduler::report::dropped;
use crate::scheduler::{self, TaskHistory};
use crate::validator::checker;

/// Everything that a task can say, also what no run carries out yet.
const EVERYTHING: &str = include_str!("everything.yaml");

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// The runbook of `yaml` after `history`, compared with what was published by `before`.
fn runbook(yaml: &str, history: &History, before: Option<&str>) -> String {
    let now = at("2026-03-24T12:00:00Z");
    let read = |yaml: &str| checker::check_bytes("maintenance.yaml", yaml.as_bytes().to_vec(), now);
    let checked = read(yaml);
    let plan: PlanFile = checked.plan.clone().unwrap_or_else(|| panic!("{:?}", checked.findings));
    let zone = scheduler::zone_of(&plan).expect("a zone");
    let compute = |plan: &PlanFile, published: Option<&crate::model::Schedule>| {
        scheduler::compute(plan, "0123abcd", history, published, now, now + TimeDelta::days(9))
            .expect("a schedule")
    };
    let published = before.map(|before| {
        let mut schedule = compute(&read(before).plan.expect("a plan"), None).schedule;
        schedule.revision = 3;
        schedule
    });
    let computed = compute(&plan, published.as_ref());
    let changes = engine::diff(published.as_ref(), &computed.schedule, history);
    let proposal = Proposal {
        plan: &plan,
        zone: &zone,
        computed: &computed,
        changes: &changes,
        dropped: &dropped((&plan, &zone), history, &changes, published.as_ref(), &computed.schedule),
        drift: &[],
        debt: &Debt::default(),
        blind: &[],
        approvals: &std::collections::HashMap::new(),
        base: published.as_ref().map(|published| published.revision),
        is_published: false,
        at: now,
    };
    let hide = |text| checked.hide(text);
    format(&proposal, &Surroundings { history, path: "maintenance.yaml", hide: &hide }).expect("a runbook")
}

/// Six successful runs of the upgrade.
fn six_runs() -> History {
    let durations = [11, 12, 13, 14, 15, 16].map(TimeDelta::minutes).to_vec();
    let started = (1..=6).map(|n| OccurrenceId::nth("upgrade", n)).collect();
    let past = TaskHistory {
        handled_until: Some(at("2025-09-01T00:00:00Z")),
        last_success: Some(at("2026-02-26T01:00:00Z")),
        last_end: Some(at("2026-02-26T01:00:00Z")),
        ended_runs: 6,
        durations,
        started,
        ..TaskHistory::default()
    };
    History { tasks: [("upgrade".to_owned(), past)].into() }
}

#[test]
fn a_runbook_says_everything_that_a_task_says() {
    let before = EVERYTHING.replace("0 2 * * SAT,SUN", "0 4 * * SAT,SUN").replace("  tidy:", "  tidy-up:");
    insta::assert_snapshot!(runbook(EVERYTHING, &six_runs(), Some(&before)));
}

#[test]
fn secrets_that_are_written_into_the_plan_file_are_hidden_before_they_are_escaped() {
    let text = runbook(EVERYTHING, &History::default(), None);
    for secret in ["hunter2", "s3cr3t", "t0ken"] {
        assert!(EVERYTHING.contains(secret) && !text.contains(secret), "{secret} in:\n{text}");
    }
}

/// Text that Markdown, HTML, a terminal or a CI job would obey.
const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "a|b",
    "```\n# forged",
    "````",
    "- [x] done",
    "![](http://x.example/y.png)",
    "@team #123",
    "\u{1b}[2J\u{202e}",
    "::error::forged",
];

#[test]
fn hostile_text_stays_text() {
    for hostile in HOSTILE {
        let quoted = serde_json::to_string(hostile).expect("JSON");
        let yaml = EVERYTHING.replace("\"TEXT\"", &quoted);
        assert_ne!(yaml, EVERYTHING);
        let text = runbook(&yaml, &History::default(), None);
        let clean = runbook(EVERYTHING, &History::default(), None);
        assert_eq!(structure(&text), structure(&clean), "{hostile:?} in:\n{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{hostile:?}");
        assert!(!text.contains('\u{202e}') && !text.lines().any(|line| line.trim_start().starts_with("::")));
    }
}

/// The kinds of the lines outside of fenced blocks, and how long each table's rows are: what a reader of Markdown
/// makes of them.
fn structure(markdown: &str) -> Vec<String> {
    let mut kinds = Vec::new();
    let mut fence: Option<String> = None;
    for line in markdown.lines() {
        let text = line.trim_start();
        let run: String = text.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if run.len() >= open.len() && run.len() == text.len() => fence = None,
            Some(_) => {}
            None if run.len() >= 3 => {
                assert!(text[run.len()..].chars().all(char::is_alphabetic), "{line}");
                kinds.push("fence".to_owned());
                fence = Some(run);
            }
            None => {
                let prose = prose_of(text);
                assert!(!prose.contains(['<', '[']) || prose.contains("[ ] "), "{line}");
                let first: String = text.chars().take_while(|c| "#-|0123456789.".contains(*c)).collect();
                kinds.push(format!("{first} {}", if first == "|" { prose.matches('|').count() } else { 0 }));
            }
        }
    }
    assert_eq!(fence, None, "a fence is open");
    kinds
}

/// What is not escaped and stands in no code span of a line.
fn prose_of(line: &str) -> String {
    let mut prose = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        match c {
            '\\' => rest = after(&rest[1..]),
            '`' => rest = behind_span(rest).unwrap_or_else(|| panic!("a code span is open: {line}")),
            c => {
                prose.push(c);
                rest = after(rest);
            }
        }
    }
    prose
}

/// A text without its first character.
fn after(text: &str) -> &str {
    text.chars().next().map_or("", |first| &text[first.len_utf8()..])
}

/// What stands behind the code span that begins here.
fn behind_span(text: &str) -> Option<&str> {
    let run = |text: &str| text.chars().take_while(|c| *c == '`').count();
    let fence = run(text);
    let mut body = &text[fence..];
    while let Some(start) = body.find('`') {
        let n = run(&body[start..]);
        body = &body[start + n..];
        if n == fence {
            return Some(body);
        }
    }
    None
}

#[test]
fn many_times_of_one_task_are_one_section() {
    let yaml = "mainstay: 1\ntasks:\n  k:\n    type: routine\n    domain: component\n    \
                schedule: {cron: \"0 * * * *\"}\n    duration: 5m\n    steps: [{run: [\"true\"]}]\n";
    let text = runbook(yaml, &History::default(), None);
    assert_eq!(text.matches("\n## k\n").count(), 1);
    assert_eq!(text.matches("\n- [ ] **").count(), 100);
    assert!(text.contains("- and 116 more times, which stand in the table\n"), "{text}");
}

#[test]
fn every_command_that_is_named_exists() {
    let text = runbook(EVERYTHING, &History::default(), None);
    let spans = text.split('`').filter(|span| span.starts_with("mainstay "));
    let mut n = 0;
    for span in spans {
        let argv = span.replace("RUN", "1");
        crate::cli::command()
            .try_get_matches_from(argv.split(' '))
            .unwrap_or_else(|error| panic!("{span}: {error}"));
        n += 1;
    }
    assert!(n > 5, "{text}");
}
