//! Queries that are made up: right by construction, spoiled, or good ground for judgements.

use proptest::prelude::*;
use proptest::sample::select;

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
pub fn vector() -> BoxedStrategy<String> {
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

pub fn any_query() -> BoxedStrategy<String> {
    let pattern = pieces(PATTERN_PIECES, 8).prop_map(|pattern| format!("{{a=~`{pattern}`}}"));
    prop_oneof![2 => vector(), 4 => mutated(), 2 => pieces(PIECES, 8), 2 => pattern].boxed()
}

/// Vectors of which judged queries are made, beside selectors and constants.
const LEAVES: &[&str] = &["hour()", "vector(time())", "{a=\"1\"}", "rate(x[3m])", "count_over_time(x[3m])"];

/// Operators between two vectors.
const SETS: &[&str] = &["and", "or", "unless", "and on()", "unless on(a)", "and ignoring(a)", "/", "> on(a)"];

/// What takes one vector; a comma means that the parenthesis is open.
const OF_ONE: &[&str] = &[
    "sum",
    "count",
    "avg",
    "max",
    "sum by (a)",
    "count by (a)",
    "min without (a)",
    "absent",
    "abs",
    "sgn",
    "-",
    "sqrt",
    "group",
    "count_values(\"v\", ",
    "topk(1, ",
    "clamp(0, 5, ",
];

/// Queries of which a good part can say nothing, or cannot but say something.
pub fn judged() -> BoxedStrategy<String> {
    let number = || select(&["0", "1", "2", "5", "-1", "NaN", "Inf", "0.5"][..]);
    let matchers =
        select(&["", "{a=\"1\"}", "{a=~\"2\"}", "{b=\"\"}", "{b=\"1\",a=\"1\"}", "{a=\"1\",a!~\"1|3\"}"][..]);
    let name = select(&["x", "x", "y", "up", "ALERTS", "probe_success"][..]);
    let leaf = prop_oneof![
        4 => (name, matchers).prop_map(|(name, matchers)| format!("{name}{matchers}")),
        2 => number().prop_map(|number| format!("vector({number})")),
        1 => select(LEAVES).prop_map_into(),
    ];
    leaf.prop_recursive(3, 10, 2, move |v| {
        let number = number();
        let comparison = || select(&["==", "!=", "<", "<=", ">", ">=", "== bool", "> bool"][..]);
        let set = || select(SETS);
        let of_one = select(OF_ONE);
        prop_oneof![
            4 => (v.clone(), comparison(), number.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            1 => (number.clone(), comparison(), v.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            3 => (v.clone(), set(), v.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            // The same twice, with a filter on each side.
            2 => (v.clone(), comparison(), number.clone(), select(SETS), comparison(), number.clone())
                .prop_map(|(v, op, a, set, other, b)| format!("({v} {op} {a} {set} {v} {other} {b})")),
            1 => v.clone().prop_map(|v| format!("(absent({v}) or {v})")),
            1 => v.clone().prop_map(|v| format!("(absent({v}) unless {v})")),
            1 => (v.clone(), select(&["+", "-", "*", "/", "%", "^"][..]), number.clone())
                .prop_map(|(v, op, number)| format!("({v} {op} {number})")),
            1 => (number.clone(), select(&["+", "-", "*", "/"][..]), v.clone())
                .prop_map(|(number, op, v)| format!("({number} {op} {v})")),
            3 => (of_one, v.clone()).prop_map(|(of, v)| match of.strip_prefix("clamp(") {
                Some(limits) => format!("clamp({v}, {})", limits.trim_end_matches(", ")),
                None if of.ends_with(", ") => format!("{of}{v})"),
                None => format!("{of}({v})"),
            }),
            1 => (v.clone(), number.clone(), number).prop_map(|(v, a, b)| format!("clamp({v}, {a}, {b})")),
            1 => v.clone().prop_map(|v| format!("max_over_time(({v})[4m:1m])")),
            1 => v.clone().prop_map(|v| format!("avg_over_time(({v})[4m:1m])")),
            1 => v.prop_map(|v| format!("vector(scalar({v}))")),
        ]
    })
    .boxed()
}
