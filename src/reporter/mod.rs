//! The reporter pipeline: generator -> formatter -> distributor.
//!
//! The generator makes one result, [`StatusReport`]; every format is made of it, so that all of them say the
//! same. The distributor for files is `cli::output`.
//!
//! 1. The same facts at the same time give the same bytes.
//! 2. A share without a denominator is "n/a", never 0 % or 100 %.
//! 3. A period in which nothing ran says so first.
//! 4. Text from outside is escaped once, by the formatter, for its format.

pub mod formatter;
pub mod generator;
mod status;

pub use generator::{Facts, generate};
pub use status::{
    AlertStatus, Attention, LedgerStatus, MissedStatus, Period, PlanStatus, RunStatus, Share, SilenceStatus,
    StatusReport, TaskStatus, Totals,
};

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    use super::formatter::page::Page;
    use super::formatter::{html, json, markdown, text};
    use super::*;
    use crate::model::{Outcome, RunId, Status};
    use crate::scheduler::debt::{Debt, Item, Kind};
    use crate::table::PLAIN;
    use crate::text::inert_line;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// A report in which `hostile` stands wherever text from outside can stand.
    fn report(hostile: &str, totals: Totals) -> StatusReport {
        let now = at("2026-03-07T12:00:00Z");
        let text = || hostile.to_owned();
        let failed_step = status::FailedStep {
            name: text(),
            target: text(),
            outcome: Outcome::Failed,
            exit_code: Some(1),
            message: Some(text()),
            last_lines: vec![text()],
        };
        let run = RunStatus {
            id: RunId(7),
            task: text(),
            occurrence: None,
            outcome: Some(Outcome::Failed),
            started: now,
            ended: Some(now),
            reason: Some(text()),
            emergency: Some(text()),
            on_time: None,
            failed_step: Some(failed_step),
        };
        let item = Item {
            kind: Kind::OwedSteps,
            task: Some(text()),
            run: None,
            what: text(),
            since: None,
            points: 4,
            help: text(),
        };
        StatusReport {
            as_of: now,
            period: Period { from: at("2026-02-28T12:00:00Z"), until: now },
            timezone: "UTC".into(),
            plan: PlanStatus {
                title: Some(text()),
                owner: Some(text()),
                status: Status::Approved,
                digest: "ab".repeat(32),
            },
            ledger: LedgerStatus { entries: 3, root: "cd".repeat(32) },
            totals,
            attention: vec![Attention { urgency: status::Urgency::Now, what: text(), command: text() }],
            debt: Debt { total: 4, items: vec![item] },
            tasks: Vec::new(),
            runs: vec![run],
            runs_left_out: 0,
            missed: Vec::new(),
            alerts: Vec::new(),
            silences: Vec::new(),
        }
    }

    const HOSTILE: &[&str] = &[
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</style></title>]]>",
        "a|b",
        "`rm -rf`",
        "```",
        "[x](javascript:alert(1))",
        "![](http://x/y.png)",
        "<details>",
        "@team #123",
        "::error::forged",
        "##[error]forged",
        "\u{1b}[2J\u{1b}]52;c;x\u{7}",
        "\u{9b}31m",
        "a\rb\nc",
        "\u{202e}gpj.exe",
        "\u{2028}forged",
        "\\|",
        "{{ 7 * 7 }}",
        "&lt;",
    ];

    /// The text of an HTML fragment.
    fn unescaped(html: &str) -> String {
        let mut text = html.to_owned();
        for (entity, c) in
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")]
        {
            text = text.replace(entity, c);
        }
        text
    }

    fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
        let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start} in {text}"));
        rest.split_once(end).unwrap().0
    }

    #[test]
    fn hostile_text_stays_text_in_html() {
        let clean = html::format(&Page::of(&report("clean", Totals::default()))).unwrap();
        for hostile in HOSTILE {
            let page = html::format(&Page::of(&report(hostile, Totals::default()))).unwrap();
            assert_eq!(unescaped(between(&page, "<h1>", "</h1>")), inert_line(hostile));
            let in_command = between(&page, "<code class=\"command\">", "</code>");
            assert_eq!(unescaped(in_command), inert_line(hostile));
            let elements = |page: &str| page.matches('<').count() - page.matches("<code>").count() * 2;
            assert_eq!(elements(&page), elements(&clean), "{hostile:?} made or closed an element");
            assert!(!page.chars().any(|c| c.is_control() && c != '\n'), "{hostile:?}");
        }
        assert!(clean.contains("default-src 'none'") && !clean.contains("<script"));
        assert!(!clean.contains("http://") && !clean.contains("https://"));
    }

    #[test]
    fn hostile_text_stays_text_in_markdown() {
        for hostile in HOSTILE {
            let page = markdown::format(&Page::of(&report(hostile, Totals::default())));
            let row = page.lines().find(|line| line.starts_with("| 7 |")).unwrap();
            let cells = cells(row);
            assert_eq!(cells.len(), 7, "{row}");
            assert_eq!(cells[1], inert_line(hostile), "{row}");
            let forges = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
            assert!(!page.lines().any(forges), "{page}");
            assert!(!row.contains("@team"), "{row}");
        }
    }

    /// The cells of a row as GitHub reads them.
    fn cells(row: &str) -> Vec<String> {
        let mut cells = vec![String::new()];
        let mut rest = row.trim_matches('|').replace("&#8203;", "").chars().collect::<Vec<_>>().into_iter();
        while let Some(c) = rest.next() {
            match c {
                '\\' => cells.last_mut().unwrap().extend(rest.next()),
                '|' => cells.push(String::new()),
                c => cells.last_mut().unwrap().push(c),
            }
        }
        cells.iter().map(|cell| cell.trim().to_owned()).collect()
    }

    #[test]
    fn hostile_text_stays_text_in_a_terminal_and_in_json() {
        for hostile in HOSTILE {
            let report = report(hostile, Totals::default());
            let shown = text::format(&Page::of(&report), PLAIN);
            assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
            assert!(!shown.lines().any(|line| line.trim_start().starts_with("::")), "{shown}");
            let json = json::format(&report).unwrap();
            assert!(!json.chars().any(|c| c.is_control() && c != '\n'), "{json:?}");
            let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(parsed["runs"][0]["reason"], *hostile, "JSON keeps the text as it is");
        }
    }

    #[test]
    fn a_period_in_which_nothing_ran_says_so_first() {
        let mut report = report("x", Totals::default());
        report.runs.clear();
        report.attention.clear();
        let page = Page::of(&report);
        assert!(page.headlines.iter().any(|line| line.text == "Nothing ran in this period."));
        assert!(page.headlines.iter().all(|line| line.tone != crate::table::Tone::Good));
        assert!(page.figures.iter().any(|figure| figure.label == "success" && figure.value == "n/a"));
    }

    fn totals() -> impl Strategy<Value = Totals> {
        proptest::collection::vec(0_usize..10_000, 13).prop_map(|n| Totals {
            tasks: n[0],
            overdue: n[1],
            runs: n[2],
            succeeded: n[3],
            failed: n[4],
            rolled_back: n[5],
            interrupted: n[6],
            skipped: n[7],
            refused: n[8],
            running: n[9],
            missed: n[10],
            success: Share { part: n[3], whole: n[3] + n[4] },
            firing: n[11],
            silences: n[12],
            attention: 1,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_format_says_the_same_numbers(totals in totals(), hostile in "\\PC{0,20}") {
            let report = report(&hostile, totals);
            let page = Page::of(&report);
            let json: serde_json::Value = serde_json::from_str(&json::format(&report).unwrap()).unwrap();
            let in_json = |label: &str| {
                let key = match label {
                    "alerts firing" => "firing",
                    "silences in force" => "silences",
                    "rolled back" => "rolled_back",
                    other => other,
                };
                match &json["totals"][key] {
                    serde_json::Value::Object(share) => {
                        let n = |key: &str| usize::try_from(share[key].as_u64().unwrap()).unwrap();
                        Share { part: n("part"), whole: n("whole") }.to_string()
                    }
                    number => number.to_string(),
                }
            };
            let text = text::format(&page, PLAIN);
            let markdown = markdown::format(&page);
            let html = html::format(&page).unwrap();
            for figure in &page.figures {
                let value = in_json(figure.label);
                let line = text.lines().find(|line| line.trim_start().starts_with(&format!("{} ", figure.label)));
                prop_assert!(line.unwrap().ends_with(&format!(" {value}")), "{line:?} {value}");
                let row = format!("| {} | {value} |", figure.label);
                prop_assert!(markdown.contains(&row), "{}", row);
                let item = format!("<b>{value}</b><span>{}</span>", figure.label);
                prop_assert!(html.contains(&item), "{}", item);
            }
        }
    }
}
