//! Lines of JSON, for programs that read a stream: one finding or one question a line, then one line that sums up.

use serde::Serialize;

use super::json::{JsonFile, JsonFinding, JsonItem};
use crate::model::Severity;
use crate::text::inert_json;
use crate::validator::engine::Verdict;
use crate::validator::report::Report;

/// Names the form of every line of [`jsonl`].
const SCHEMA: &str = "mainstay/validate-line/v1";

/// One line.
#[derive(Debug, Serialize)]
struct Line<T> {
    schema: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    content: T,
}

/// The last line; the keys are those of the one object of `json`.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    verdict: Verdict,
    /// How many lines of findings stand above, so that a reader knows whether it has them all.
    shown: usize,
    evaluated: usize,
    waived: usize,
    files: Vec<JsonFile<'a>>,
}

/// Writes a line for every finding from `least` on, one for every question, and one that sums up.
pub fn jsonl(report: &Report, least: Severity) -> String {
    let shown = report.findings().filter(|(_, finding)| finding.severity >= least);
    let mut lines: Vec<_> =
        shown.map(|(file, finding)| line("finding", JsonFinding::new(file, finding))).collect();
    let summary = Summary {
        verdict: report.verdict,
        shown: lines.len(),
        evaluated: report.n_evaluated(),
        waived: report.files.iter().map(|file| file.n_waived).sum(),
        files: report.files.iter().map(JsonFile::new).collect(),
    };
    lines.extend(JsonItem::all(report).map(|item| line("item", item)));
    lines.push(line("summary", summary));
    lines.concat()
}

fn line<T: Serialize>(kind: &'static str, content: T) -> String {
    let text = serde_json::to_string(&Line { schema: SCHEMA, kind, content });
    let text = text.unwrap_or_else(|_| unreachable!("texts and numbers become JSON"));
    inert_json(&text) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::reporter::sample;

    #[test]
    fn every_finding_is_a_line_and_the_last_line_sums_up() {
        let expected = "\
{\"schema\":\"mainstay/validate-line/v1\",\"kind\":\"finding\",\"code\":\"MS112\",\"severity\":\"error\",\
\"message\":\"unknown key `titel`\",\"file\":\"maintenance.yaml\",\"line\":2,\"column\":1,\"end_line\":2,\
\"end_column\":6,\"subject\":\"titel\",\"expected\":null,\"help\":\"did you mean `title`?\",\"control\":null,\"fixable\":false}
{\"schema\":\"mainstay/validate-line/v1\",\"kind\":\"summary\",\"verdict\":\"fail\",\"shown\":1,\"evaluated\":0,\
\"waived\":0,\"files\":[{\"file\":\"maintenance.yaml\",\"verdict\":\"fail\",\"readable\":true,\"evaluated\":0,\
\"waived\":0}]}
";
        assert_eq!(jsonl(&sample::report("mainstay: 1\ntitel: x\n"), Severity::Note), expected);
    }

    #[test]
    fn what_is_hidden_counts_in_the_verdict() {
        let text = jsonl(&sample::report("mainstay: 1\n"), Severity::Error);
        assert!(text.contains("\"verdict\":\"unknown\",\"shown\":0,"), "{text}");
    }
}
