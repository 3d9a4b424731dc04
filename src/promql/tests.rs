//! The tree that a text becomes, what is said of faults, and what holds for any text.

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// The shape of a tree: each operation in parentheses of its own.
fn shape(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Number(value) => value.to_string(),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Selector(selector) => of_selector(selector),
        ExprKind::Range(range) => format!("{}[{}]", of_selector(&range.selector), range.range),
        ExprKind::Subquery(subquery) => {
            let step = subquery.step.map_or(String::new(), |step| step.to_string());
            format!(
                "{}[{}:{step}]{}",
                shape(&subquery.expr),
                subquery.range,
                of_modifiers(&subquery.modifiers)
            )
        }
        ExprKind::Paren(inner) => shape(inner),
        ExprKind::Unary(unary) => {
            format!("({}{})", if unary.is_negative { "-" } else { "+" }, shape(&unary.expr))
        }
        ExprKind::Binary(binary) => {
            let bool = if binary.is_bool { " bool" } else { "" };
            let matching = binary.matching.as_ref().map_or(String::new(), |matching| {
                let word = if matching.is_on { "on" } else { "ignoring" };
                format!(" {word} {:?} {:?}", matching.labels, binary.cardinality)
            });
            format!("({} {}{bool}{matching} {})", shape(&binary.left), binary.op, shape(&binary.right))
        }
        ExprKind::Aggregation(aggregation) => {
            let grouping = aggregation.grouping.as_ref().map_or(String::new(), |grouping| {
                format!("{} {:?} ", if grouping.is_without { " without" } else { " by" }, grouping.labels)
            });
            let parameter =
                aggregation.parameter.as_ref().map_or(String::new(), |it| format!("{}, ", shape(it)));
            format!("{}{grouping}({parameter}{})", aggregation.op, shape(&aggregation.expr))
        }
        ExprKind::Call(call) => {
            let args: Vec<_> = call.args.iter().map(shape).collect();
            format!("{}({})", call.function.name, args.join(", "))
        }
    }
}

fn of_selector(selector: &Selector) -> String {
    let matchers = selector.matchers.iter();
    let matchers: Vec<_> =
        matchers.map(|matcher| format!("{} {:?} {:?}", matcher.label, matcher.op, matcher.value)).collect();
    let name = selector.name.as_deref().unwrap_or_default();
    format!("{name}{{{}}}{}", matchers.join(", "), of_modifiers(&selector.modifiers)).replace("{}", "")
}

fn of_modifiers(modifiers: &Modifiers) -> String {
    let offset = modifiers.offset.map_or(String::new(), |offset| format!(" offset {offset}"));
    let at = modifiers.at.map_or(String::new(), |at| format!(" @ {at:?}"));
    offset + &at
}

#[test]
fn operators_bind_as_the_manual_says() {
    for (text, expected) in [
        ("a or b and c", "(a or (b and c))"),
        ("a and b unless c", "((a and b) unless c)"),
        ("a == b + c * d ^ e", "(a == (b + (c * (d ^ e))))"),
        ("a < b > c", "((a < b) > c)"),
        ("a - b - c", "((a - b) - c)"),
        ("a ^ b ^ c", "(a ^ (b ^ c))"),
        ("-a ^ b", "(-(a ^ b))"),
        ("-a * b", "((-a) * b)"),
        ("a ^ -b * c", "((a ^ (-b)) * c)"),
        ("a atan2 b % c", "((a atan2 b) % c)"),
        ("(a + b) * c", "((a + b) * c)"),
        ("a + b offset 5m", "(a + b offset PT300S)"),
        ("-a[5m:]", ""),
        ("-(a)[5m:1m] @ 7", ""),
        (
            "max_over_time(a[5m:1m] @ 7 offset -1m)",
            "max_over_time(a[PT300S:PT60S] offset -PT60S @ Time(7.0))",
        ),
        ("rate(a{b!='c'}[1h30m] @ end())", "rate(a{b NotEqual \"c\"} @ End[PT5400S])"),
        ("a > bool on(b) c", "(a > bool on [\"b\"] Plain c)"),
        ("a * ignoring() group_left(x, y) b", "(a * ignoring [] GroupLeft([\"x\", \"y\"]) b)"),
        ("sum by (a) (b)", "sum by [\"a\"] (b)"),
        ("topk(1 + 1, a) without (b)", "topk without [\"b\"] ((1 + 1), a)"),
        ("sum + count", "(sum + count)"),
        ("hour() AND OR", "(hour() and OR)"),
        ("\"a\\tb\"", "\"a\\tb\""),
    ] {
        let found = parse(text).map_or(String::new(), |expr| shape(&expr));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_fault_is_pointed_at_and_named() {
    for (text, place, message, help) in [
        ("", "", "there is no expression", None),
        ("sum(up", "(", "a parenthesis that is not closed", None),
        ("up)", ")", "expected an operator or the end, found `)`", None),
        ("up +", "", "expected an expression, found the end", None),
        ("sum(up,)", ")", "expected an expression, found `)`", None),
        ("raet(x[5m])", "raet", "there is no function `raet`", Some("did you mean `rate`?")),
        ("Summ(x)", "Summ", "there is no function `Summ`", Some("did you mean `sum`?")),
        ("frobnicate(x)", "frobnicate", "there is no function `frobnicate`", None),
        ("up{job=~\"(a\"}", "\"(a\"", "not a regular expression: a parenthesis is not closed", None),
        ("up{job}", "}", "expected one of `= != =~ !~`, found `}`", None),
        ("up{job=a}", "a", "expected a value in quotes, found `a`", None),
        (
            "x[5]",
            "5",
            "a duration without a unit",
            Some("a range is written as in `[5m]`, a subquery as in `[1h:1m]`"),
        ),
        ("x[5x]", "5x", "not a duration", None),
        (
            "x[1m1h]",
            "1m1h",
            "not a duration",
            Some("write whole numbers with units from large to small, as in `1h30m`"),
        ),
        (
            "sum(x)[5m]",
            "[5m]",
            "a range stands only behind a selector",
            Some("a subquery, as in `[1h:1m]`, stands behind any instant vector"),
        ),
        (
            "rate(x)",
            "x",
            "expected a range vector in a call of `rate`, found an instant vector",
            Some("give it a range, as in `x[5m]`"),
        ),
        (
            "hour(1)",
            "1",
            "expected an instant vector in a call of `hour`, found a number",
            Some("`vector(...)` makes a vector of a number"),
        ),
        ("rate()", "rate()", "`rate` takes 1 argument, found 0", None),
        ("round(x, 1, 2)", "round(x, 1, 2)", "`round` takes 1 to 2 arguments, found 3", None),
        ("topk(x)", "(x)", "`topk` takes 2 arguments, found 1", None),
        ("1 > 2", ">", "a comparison of two numbers has to be `> bool`", None),
        ("x and 1", "and", "`and` needs an instant vector on both sides", None),
        ("x + on(a) 1", "x + on(a) 1", "labels are matched only between two instant vectors", None),
        (
            "{a=~\".*\"}",
            "{a=~\".*\"}",
            "the selector takes any series, as each of its matchers takes the empty text",
            Some("name the metric, or a label that has to be there"),
        ),
        (
            "x{__name__=\"y\"}",
            "__name__=\"y\"",
            "the name of the metric is given twice, it is `x` already",
            None,
        ),
        (
            "\"\\q\"",
            "\\q",
            "an unknown escape",
            Some("write `\\\\` for a backslash, or the text in backquotes"),
        ),
        (
            "x{a='\u{e9}\\\u{e9}'}",
            "\\\u{e9}",
            "an unknown escape",
            Some("write `\\\\` for a backslash, or the text in backquotes"),
        ),
        ("up \u{e9}", "\u{e9}", "an unexpected character", None),
        ("up =~ up", "=", "`=~` stands only in braces, as in `up{job=~\"a.*\"}`", None),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(text.get(error.span.clone()), Some(place), "{text}");
        assert_eq!((error.message.as_str(), error.help.as_deref()), (message, help), "{text}");
    }
}

/// Judges a query in every way.
fn judge(expr: &Expr) -> impl PartialEq + std::fmt::Debug {
    let filters = filters(expr).map(|binary| binary.op_span.clone());
    let rates = rate_problems(expr, TimeDelta::minutes(1));
    (can_never_return_anything(expr), always_returns_something(expr), filters, needless_regexes(expr), rates)
}

#[test]
fn length_nesting_and_height_are_bounded_with_little_stack() {
    let deep = |open: &str, n: usize, close: &str| format!("{}x{}", open.repeat(n), close.repeat(n));
    let good = [
        deep("(", 90, ")"),
        deep("abs(", 90, ")"),
        deep("-", 90, ""),
        deep("x ^ ", 90, ""),
        deep("x == 1 and ", 400, ""),
        format!("x{}", " > 1 < 5".repeat(200)),
        format!("x{{a=\"{}\"}}", "b".repeat(60_000)),
        format!("x{{{}}}", "a!=\"b\",".repeat(5000)),
        format!("sum by ({}) (x)", "a,".repeat(20_000)),
        format!("x{{a=~\"{}\"}}", "(".repeat(20_000) + &")".repeat(20_000)),
    ];
    let bad = [
        deep("(", 101, ")"),
        deep("(", 30_000, ")"),
        deep("sum(", 10_000, ")"),
        deep("-", 60_000, ""),
        deep("x ^ ", 15_000, ""),
        deep("x + ", 15_000, ""),
        format!("x{}", "[5m:]".repeat(10_000)),
        "(".repeat(60_000),
        "x".repeat(70_000),
    ];
    let all = move || {
        for text in good {
            let expr = parse(&text).unwrap_or_else(|error| panic!("{}: {error}", &text[..20]));
            let _ = judge(&expr);
        }
        for text in bad {
            assert!(parse(&text).is_err(), "{}", &text[..20]);
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(all).unwrap().join().unwrap();
}

const PIECES: &[&str] = &[
    "x",
    "up",
    "sum",
    "count(x) ",
    "rate",
    "vector(1)",
    "absent(",
    "by",
    "on",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "5m",
    "1",
    "0x",
    ":",
    ",",
    "=",
    "=~",
    "!",
    "<",
    ">",
    "+",
    "-",
    "^",
    "@",
    " offset ",
    " and ",
    " unless ",
    " or ",
    " bool ",
    "\"",
    "'",
    "`",
    "\\",
    "a=\"b\"",
    "a=~\".*\"",
    "#",
    "\n",
    " ",
    ".",
    "\u{e9}",
    "\u{1f600}",
    "\u{fffd}",
    "$",
    "*",
    "|",
    "\\Q",
    "\\x",
    "NaN",
    "Inf",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_the_text_there_is_a_tree_or_a_fault_with_places_in_it(
        text in prop_oneof![
            proptest::collection::vec(select(PIECES), 0..60).prop_map(|pieces| pieces.concat()),
            "[ -~\u{e9}\u{1f600}\n]{0,200}",
            "(x|up|sum|[(){}\\[\\],=~!<>+^@\"'`#0-9a-z\\\\ -]){0,200}",
        ],
    ) {
        match parse(&text) {
            Ok(expr) => {
                for part in walk(&expr) {
                    let place = text.get(part.span.clone());
                    prop_assert!(place.is_some_and(|place| !place.is_empty()), "{text:?}: {part:?}");
                }
                for selector in selectors(&expr) {
                    prop_assert!(text.get(selector.span.clone()).is_some());
                    for matcher in &selector.matchers {
                        prop_assert!(text.get(matcher.span.clone()).is_some());
                        prop_assert!(text.get(matcher.value_span.clone()).is_some());
                    }
                }
                let again = parse(&text).expect("it was read before");
                prop_assert_eq!(format!("{expr:?}"), format!("{again:?}"));
                prop_assert_eq!(judge(&expr), judge(&again));
            }
            Err(error) => {
                prop_assert!(text.get(error.span.clone()).is_some(), "{text:?}: {error:?}");
                prop_assert_eq!(parse(&text).err(), Some(error));
            }
        }
    }
}
