//! PromQL as Prometheus understands it: every verdict is held against that of its own `promtool`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use mainstay::promql::parse;
use proptest::prelude::*;
use proptest::sample::select;

/// Each line is a query; good and bad ones stand together, because the verdict is promtool's.
const QUERIES: &str = include_str!("promql/queries.txt");

/// Queries that no line can hold.
const MORE_QUERIES: &[&str] = &[
    "",
    " ",
    "\n\t\r ",
    "up\u{a0}",
    "\u{feff}up",
    "up # the rest is a comment",
    "up # comment\n== 1",
    "# only a comment",
    "#",
    "up{a=\"b\" # comment\n}",
    "up{ # comment\n a=\"b\"}",
    "up[5m # comment\n]",
    "up[ # comment\n5m]",
    "up[\n5m\n:\n1m\n]",
    "up[5m:# comment\n1m]",
    "up{a=\"b\nc\"}",
    "up{a='b\nc'}",
    "up{a=`b\nc`}",
    "up{a=\"b\\\nc\"}",
    "up{a=\"\u{fffd}\"}",
    "up{a=`\u{fffd}`}",
    "\"\u{fffd}\"",
    "up{a=\"\t\"}",
    "up{a=\"\u{1f600}\"}",
    "\u{1f600}",
    "up\u{0}",
    "up{a=\"\u{0}\"}",
    "sum\n(\nup\n)\nby\n(\njob\n)",
    "sum(up)\r\nby(job)",
    "up\u{b}== 1",
    "up\u{c}",
    "\u{ff55}p",
    "up{a=~\"\u{e9}+\"}",
    "up{a=~\"[\u{e0}-\u{ff}]\"}",
    "up{a=~`\n`}",
];

/// Whether promtool takes each query. One file of rules has them all, and promtool names every bad rule by its
/// number in one go; it is not installed everywhere.
fn promtool_verdicts(queries: &[String]) -> Option<Vec<bool>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rules.yml");
    let mut rules = String::from("groups:\n- name: g\n  rules:\n");
    for (i, query) in queries.iter().enumerate() {
        writeln!(rules, "  - {{record: 'q:{i}', expr: {}}}", yaml_text(query)).unwrap();
    }
    fs::write(&path, rules).unwrap();
    let said = Command::new("promtool").args(["check", "rules"]).arg(&path).output().ok()?;
    let words = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    // `FILE: LINE:COLUMN: group "g", rule 7, "q:6": could not parse expression: ...`
    let bad: BTreeSet<usize> = words
        .split("group \"g\", rule ")
        .skip(1)
        .map(|rest| rest.split(',').next().unwrap().parse().expect("the number of a rule"))
        .collect();
    assert_eq!(said.status.success(), bad.is_empty(), "promtool says something else: {words}");
    Some((1..=queries.len()).map(|number| !bad.contains(&number)).collect())
}

/// A text that YAML reads back as it is, whatever is in it.
fn yaml_text(text: &str) -> String {
    let escape = |c: char| match c {
        ' '..='~' if c != '"' && c != '\\' => c.to_string(),
        _ => format!("\\U{:08x}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// The queries of which the verdicts differ.
fn disagreements(queries: &[String]) -> Vec<String> {
    let Some(verdicts) = promtool_verdicts(queries) else { return Vec::new() };
    let mut differing = Vec::new();
    for (query, is_good) in queries.iter().zip(verdicts) {
        let ours = parse(query);
        if ours.is_ok() != is_good {
            differing
                .push(format!("{query:?}: promtool takes it: {is_good}; here: {:?}", ours.map(|_| "taken")));
        }
    }
    differing
}

#[test]
fn promtool_and_the_parser_agree_on_every_listed_query() {
    let lines = QUERIES.lines().filter(|line| !line.starts_with("//"));
    let queries: Vec<String> = lines.chain(MORE_QUERIES.iter().copied()).map(str::to_owned).collect();
    assert!(250 <= queries.len(), "only {} queries", queries.len());
    let n_good = queries.iter().filter(|query| parse(query).is_ok()).count();
    assert!(100 <= n_good && n_good + 100 <= queries.len(), "{n_good} good ones of {}", queries.len());
    let differing = disagreements(&queries);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Words, signs and half-words of which hostile queries are made.
const PIECES: &[&str] = &[
    "x",
    "up",
    "a:b",
    "sum",
    "topk",
    "count_values",
    "rate",
    "hour",
    "vector",
    "label_join",
    "time",
    "(",
    ")",
    "()",
    "{",
    "}",
    "[",
    "]",
    "[5m]",
    "[5m:",
    ":1m]",
    "[1h:1m]",
    ",",
    "=",
    "==",
    "!=",
    "=~",
    "!~",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "@",
    "@ 5",
    "@ start()",
    "offset",
    "offset 5m",
    "by",
    "without",
    "by (a)",
    "on",
    "on (a)",
    "ignoring (b)",
    "group_left",
    "group_right (c)",
    "bool",
    "and",
    "or",
    "unless",
    "atan2",
    "start",
    "end",
    "1",
    "0x1f",
    "08",
    "1e3",
    ".5",
    "Inf",
    "NaN",
    "5m",
    "1h30m",
    "30m1h",
    "0s",
    "\"a\"",
    "'b'",
    "`c`",
    "\"\\q\"",
    "\"",
    "{a=\"b\"}",
    "{a=~\".*\"}",
    "{a!~\"b+\"}",
    "a=\"b\"",
    "# c\n",
    " ",
    "\n",
    "\u{e9}",
    ";",
    "!",
    ".",
    ":",
    "_",
    "$",
];

/// Pieces of regular expressions, good and bad.
const PATTERN_PIECES: &[&str] = &[
    "a",
    "b-c",
    ".",
    "*",
    "+",
    "?",
    "*?",
    "{2}",
    "{1,3}",
    "{,2}",
    "{2,}",
    "{",
    "}",
    "(",
    ")",
    "(?i)",
    "(?:",
    "(?P<n>",
    "(?x)",
    "|",
    "^",
    "$",
    "[a-z]",
    "[^",
    "[",
    "]",
    "[:alpha:]",
    "[[:digit:]]",
    "-",
    "&&",
    r"\d",
    r"\pL",
    r"\p{Greek}",
    r"\b",
    r"\B",
    r"\.",
    r"\Q",
    r"\E",
    r"\z",
    r"\1",
    r"\x41",
    r"\x{41}",
    r"\",
    "\u{e9}",
];

fn label() -> BoxedStrategy<String> {
    select(&["a", "b", "job", "le", "sum", "on", "by", "bool", "offset"][..]).prop_map_into().boxed()
}

fn labels() -> BoxedStrategy<String> {
    proptest::collection::vec(label(), 0..3).prop_map(|labels| format!("({})", labels.join(", "))).boxed()
}

fn duration() -> BoxedStrategy<String> {
    select(&["5m", "1h30m", "1d", "1y2w", "90s", "1s500ms"][..]).prop_map_into().boxed()
}

fn number() -> BoxedStrategy<String> {
    select(&["1", "0", "0.5", "-2", "0x1F", "1e3", "Inf", "NaN", "010", "3."][..]).prop_map_into().boxed()
}

fn modifier() -> BoxedStrategy<String> {
    let offset = duration().prop_map(|length| format!(" offset {length}"));
    prop_oneof![
        4 => Just(String::new()),
        1 => offset.clone(),
        1 => Just(" @ 1e9".to_owned()),
        1 => offset.prop_map(|offset| format!("{offset} @ end()")),
        1 => Just(" @ start() offset -5m".to_owned()),
    ]
    .boxed()
}

fn series() -> BoxedStrategy<String> {
    let name = select(&["x", "up", "a:b:c", "sum", "offset", "start", "_1"][..]);
    let op = select(&["=", "!=", "=~", "!~"][..]);
    let matcher = (label(), op, select(&["'b'", "\"b|c\"", "`b.*`", "\"\""][..]));
    let matchers =
        proptest::collection::vec(matcher.prop_map(|(label, op, value)| format!("{label}{op}{value}")), 0..3);
    (name, matchers)
        .prop_map(|(name, matchers)| match matchers.as_slice() {
            [] => name.to_owned(),
            _ => format!("{name}{{{}}}", matchers.join(",")),
        })
        .boxed()
}

fn range() -> BoxedStrategy<String> {
    (series(), duration(), modifier())
        .prop_map(|(series, length, at)| format!("{series}[{length}]{at}"))
        .boxed()
}

/// Instant vectors that are right by construction.
fn vector() -> BoxedStrategy<String> {
    let selector = (series(), modifier()).prop_map(|(series, modifier)| series + &modifier);
    let leaf = prop_oneof![
        4 => selector,
        2 => range().prop_map(|range| format!("rate({range})")),
        1 => number().prop_map(|number| format!("vector({number})")),
        1 => Just("hour()".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let arithmetic = select(&["+", "-", "*", "/", "%", "^", "atan2"][..]);
        let comparison = select(&["==", "!=", "<", "<=", ">", ">=", "== bool", "> bool"][..]);
        let set = select(&["and", "or", "unless", "AND"][..]);
        let on = select(&["on", "ignoring"][..]);
        let side = select(&["group_left ()", "group_right (z)", "group_left (y, z)"][..]);
        let group = select(&["by", "without"][..]);
        let aggregator = select(&["sum", "avg", "count", "MAX", "stddev", "group"][..]);
        let of_two = select(&["topk(1, ", "quantile(0.9, ", "count_values('v', ", "bottomk(1 + 1, "][..]);
        let of_one = select(&["abs", "absent", "sort", "timestamp", "year", "round", "sgn"][..]);
        let v = inner;
        prop_oneof![
            (v.clone(), arithmetic.clone(), v.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (v.clone(), comparison.clone(), number()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (number(), comparison, v.clone()).prop_map(|(a, op, b)| format!("{a} {op} ({b})")),
            (v.clone(), set, v.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (v.clone(), arithmetic, on, labels(), side, v.clone())
                .prop_map(|(a, op, on, labels, side, b)| format!("({a}) {op} {on} {labels} {side} ({b})")),
            (aggregator.clone(), group.clone(), labels(), v.clone())
                .prop_map(|(op, group, labels, v)| format!("{op} {group} {labels} ({v})")),
            (aggregator, v.clone(), group, labels())
                .prop_map(|(op, v, group, labels)| format!("{op}({v}) {group} {labels}")),
            (of_two, v.clone()).prop_map(|(begin, v)| format!("{begin}{v})")),
            (of_one, v.clone()).prop_map(|(name, v)| format!("{name}({v})")),
            (v.clone(), duration(), modifier())
                .prop_map(|(v, length, at)| format!("max_over_time(({v})[{length}:]{at})")),
            v.clone().prop_map(|v| format!("-{v}")),
            v.clone().prop_map(|v| format!("({v})")),
            v.clone().prop_map(|v| format!("clamp_max({v}, scalar({v}))")),
            v.prop_map(|v| format!("label_replace({v}, \"a\", '$1', `b`, \"(.*)\") # why\n")),
        ]
    })
    .boxed()
}

/// A query with one place changed: a piece put in, or some characters taken out.
fn mutated() -> BoxedStrategy<String> {
    (vector(), any::<prop::sample::Index>(), 0..6_usize, select(PIECES), any::<bool>())
        .prop_map(|(query, at, len, piece, is_put_in)| {
            let chars: Vec<char> = query.chars().collect();
            let at = at.index(chars.len() + 1);
            let skipped = if is_put_in { 0 } else { len };
            let put_in = if is_put_in || len % 2 == 0 { piece } else { "" };
            let rest = chars.iter().skip(at + skipped);
            chars.iter().take(at).copied().chain(put_in.chars()).chain(rest.copied()).collect()
        })
        .boxed()
}

fn pieces(of: &'static [&'static str], most: usize) -> BoxedStrategy<String> {
    proptest::collection::vec(select(of), 1..most).prop_map(|pieces| pieces.concat()).boxed()
}

fn any_query() -> BoxedStrategy<String> {
    let pattern = pieces(PATTERN_PIECES, 8).prop_map(|pattern| format!("{{a=~`{pattern}`}}"));
    prop_oneof![2 => vector(), 4 => mutated(), 2 => pieces(PIECES, 8), 2 => pattern].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn promtool_and_the_parser_agree_on_whatever_is_made_up(
        queries in proptest::collection::vec(any_query(), 250),
    ) {
        let differing = disagreements(&queries);
        prop_assert!(differing.is_empty(), "{}", differing.join("\n"));
    }

    #[test]
    fn what_is_right_by_construction_is_taken(queries in proptest::collection::vec(vector(), 50)) {
        for query in queries {
            prop_assert!(parse(&query).is_ok(), "{query}: {:?}", parse(&query).err());
        }
    }
}
