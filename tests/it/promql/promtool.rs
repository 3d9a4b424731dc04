//! What Prometheus says, by its `promtool`; `.ci/setup` installs it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Whether promtool takes each query. One file of rules has them all, and promtool names every bad rule by its
/// number in one go.
pub fn verdicts(queries: &[String]) -> Vec<bool> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rules.yml");
    let mut rules = String::from("groups:\n- name: g\n  rules:\n");
    for (i, query) in queries.iter().enumerate() {
        writeln!(rules, "  - {{record: 'q:{i}', expr: {}}}", yaml_text(query)).unwrap();
    }
    fs::write(&path, rules).unwrap();
    let (is_success, words) = promtool("check", &path);
    // `FILE: LINE:COLUMN: group "g", rule 7, "q:6": could not parse expression: ...`
    let bad: BTreeSet<usize> = words
        .split("group \"g\", rule ")
        .skip(1)
        .map(|rest| rest.split(',').next().unwrap().parse().expect("the number of a rule"))
        .collect();
    assert_eq!(is_success, bad.is_empty(), "promtool says something else: {words}");
    (1..=queries.len()).map(|number| !bad.contains(&number)).collect()
}

/// Runs `promtool WHAT rules FILE`: whether it ended with success, and what it said.
fn promtool(what: &str, path: &Path) -> (bool, String) {
    let said = Command::new("promtool").args([what, "rules"]).arg(path).output();
    let said = said.expect("promtool is there; `.ci/setup` installs it");
    (said.status.success(), String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned())
}

/// A text that YAML reads back as it is, whatever is in it.
fn yaml_text(text: &str) -> String {
    let escape = |c: char| match c {
        ' '..='~' if c != '"' && c != '\\' => c.to_string(),
        _ => format!("\\U{:08x}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// Series of few names and labels, so that vectors meet, with all kinds of values and holes. They begin so
/// late that no subquery looks at the time before 1970, when `time()` is negative.
const SERIES: &str = r#"
tests:
- interval: 1m
  input_series:
  - {series: 'x{a="1"}', values: '_x20 0 1 2 5 6 -1 -5 0 1 5'}
  - {series: 'x{a="2"}', values: '_x20 _ 5 NaN Inf -Inf 1 1 _ _ 2'}
  - {series: 'x{a="1",b="1"}', values: '_x20 NaN 0 0 1 7 7 7 7 NaN 5'}
  - {series: 'y{a="1"}', values: '_x20 1 1 1 0 0 5 5 5 2 2'}
  - {series: 'y', values: '_x20 3 _ _ _ _ _ _ 0 0 1'}
  - {series: 'up{a="1"}', values: '_x20 1 1 0 1 0 0 1 1 1 1'}
  - {series: 'up{a="2"}', values: '_x20 0 1 1 1 0 1 1 _ 0 1'}
  - {series: 'probe_success{b="1"}', values: '_x20 1 0 1 0 1 0 1 0 1 0'}
  - {series: 'ALERTS{a="1",alertstate="firing"}', values: '_x20 _ 1 1 1 _ _ 1 1 1 1'}
  promql_expr_test:
"#;

/// The answers of the real engine to queries at three times: which queries ever have a sample.
pub fn answered(queries: &[String]) -> BTreeSet<usize> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.yml");
    let mut text = SERIES.to_owned();
    // The last one has an answer: it shows that the engine was asked, and that its words were understood.
    let control = "vector(1)".to_owned();
    for (i, query) in queries.iter().chain([&control]).enumerate() {
        for minute in [22, 25, 29] {
            let query = yaml_text(&format!("{query} # {i} #"));
            writeln!(text, "  - {{expr: {query}, eval_time: {minute}m, exp_samples: []}}").unwrap();
        }
    }
    fs::write(&path, text).unwrap();
    let (_, words) = promtool("test", &path);
    // `expr: "... # 7 #", time: 2m,`, then either `exp: nil` and `got: {...}`, or `err: ...`.
    let found = words.split("    expr: ").skip(1).filter(|part| part.contains("got: {")).map(|part| {
        let number = part.split("# ").nth(1).and_then(|rest| rest.split(' ').next());
        number.and_then(|number| number.parse().ok()).expect("the number of the query")
    });
    let mut found: BTreeSet<usize> = found.collect();
    assert!(found.remove(&queries.len()), "promtool says something else: {words}");
    found
}
