//! What the matcher language says, in examples and as laws.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Reads a matcher as a plan file has it.
fn matcher(yaml: &str) -> Matcher {
    let text = format!("mainstay: 1\nchecks:\n  a: {{command: {{run: [a], stdout: {yaml}}}}}\n");
    let text = crate::planfile::Text::new("maintenance.yaml", text.into_bytes());
    let plan = text.read().into_plan().unwrap_or_else(|| panic!("{yaml} is no matcher"));
    let (_, check) = plan.checks.iter().next().expect("a check");
    check.command.as_ref().and_then(|command| command.stdout.clone()).expect("a matcher")
}

#[track_caller]
fn holds(yaml: &str, found: impl Into<Found>) {
    let found = found.into();
    if let Err(mismatch) = matcher(yaml).judge(&found) {
        panic!("{yaml} of {found}: {mismatch}");
    }
}

#[track_caller]
fn says(yaml: &str, found: impl Into<Found>, expected: &str) {
    let found = found.into();
    let mismatch = matcher(yaml).judge(&found).expect_err(&format!("{yaml} of {found}"));
    assert_eq!(mismatch.to_string(), expected, "{yaml} of {found}");
}

#[test]
fn numbers_compare_as_numbers_and_text_as_text() {
    holds("200", 200);
    holds("2e2", 200);
    holds("ok", "ok");
    says("ok", "OK", "expected ok, found OK");
    holds("{ge: 1}", "1");
    says("{ge: 1}", "one", "expected at least 1, found one is no number");
    says("{lt: 90}", "95%", "expected below 90, found 95% is no number");
    says("{lt: 90}", " 95\n", "expected below 90, found 95 (text read as a number)");
    says("{gt: 3}", Found::Absent, "expected above 3, found nothing is no number");
    holds("true", true);
    says("1", true, "expected 1, found true");
}

#[test]
fn a_version_that_looks_like_a_number_stays_a_text() {
    says("1.10", "1.1", "expected 1.10, found 1.1 (a text; `ge` and `le` compare as numbers)");
    holds("1.10", 1.1);
    holds("{ne: 1.10}", "1.1");
}

#[test]
fn no_comparison_says_anything_of_nan() {
    for yaml in ["{lt: 1}", "{le: 1}", "{gt: 1}", "{ge: 1}", "NaN", "{ne: 1}", "{not: {lt: 1}}", "{not: 5}"] {
        let mismatch = matcher(yaml).judge(&f64::NAN.into()).expect_err(yaml);
        assert_eq!(mismatch.why, Why::NotANumber, "{yaml}");
    }
    assert!(matcher("{ge: 0}").judge(&"NaN".into()).is_err_and(|mismatch| mismatch.why == Why::NotANumber));
}

#[test]
fn parts_of_a_text_are_found() {
    holds("{contains: a b, has_prefix: x, has_suffix: y, matches: '^x.a\\sb'}", "x a b y");
    says("{contains: fin}", "start\nend\n", "expected containing `fin`, found 2 lines, the first start");
    says("{has_prefix: b}", "a b", "expected beginning with `b`, found `a b`");
    says("{has_suffix: '2'}", 21, "expected ending with `2`, found 21 (read as a text)");
    says(
        "{matches: ^b}",
        vec!["a", "c"],
        "expected matching `^b`, found 2 lines, the first a (2 elements read as lines)",
    );
}

#[test]
fn of_texts_of_several_lines_the_first_line_that_differs_is_told() {
    says(r#""a\nb\nc""#, "a\nB\nc", "expected line 2 b, found B");
    says(r#""a\nb""#, "a", "expected line 2 b, found 1 line alone");
    says("a", "a\nb", "expected 1 line alone, found line 2 b");
    says("a", "a ", "expected a, found `a `, which has other blank space around it");
}

#[test]
fn patterns_are_looked_for_line_by_line() {
    holds(
        "{patterns: [foo, '/^b.r$/', '!baz', '!/^x/', '\\!now', '\\/etc']}",
        "a foo\nbar\nax\nstop !now\n/etc",
    );
    says("{patterns: [foo, bar]}", "bar\n", "expected a line with `foo`, found none in 1 line");
    says("{patterns: ['!rr']}", "a\nerror 5\n", "expected no line with `rr`, found line 2: `error 5`");
    says(
        "{patterns: [a, '!b', /c/]}",
        "b",
        "expected a line with `a`, no line with `b`, a line with `/c/`, found of the first none in 1 line",
    );
    holds("{patterns: ['!error']}", "");
}

#[test]
fn lists_are_compared_as_sets_in_which_each_element_counts_once() {
    holds("[a, b]", vec!["b", "c", "a"]);
    holds("{has: {has_prefix: c}}", vec!["b", "c1", "a"]);
    says("[a, d]", vec!["b", "a"], "expected an element d, found [b, a]");
    says("[a, a]", vec!["b", "a"], "expected an element a, found [b, a]");
    holds("{exactly: [b, {matches: '^a'}]}", vec!["a1", "b"]);
    says("{exactly: [a]}", vec!["a", "b"], "expected no more than 1 element, found also [b]");
    holds("{exactly: [{matches: '.'}, a, {matches: '[ab]'}]}", vec!["a", "b", "c"]);
    says("[x]", "a\nb\n", "expected an element x, found [a, b] (read as 2 lines)");
    says("[x]", 5, "expected a list, found 5 is no list");
}

#[test]
fn lengths_are_of_characters_elements_and_keys() {
    holds("{len: 3}", "äöü");
    holds("{len: {ge: 2}}", vec!["a", "b"]);
    says("{len: 1}", vec!["a", "b"], "expected length 1, found 2");
    says("{len: 1}", 7, "expected length 1, found 7, which has no length");
}

#[test]
fn json_is_looked_into_by_paths() {
    let text = json!({"status": "success", "data": {"n": [1, 2, {"a b": null}]}}).to_string();
    holds("{json: {$.status: success, '$.data.n[1]': 2, '$.data.n[*]': {len: 3}}}", text.as_str());
    holds("{json: {'$..n[?@ > 1]': [2]}, has_key: data}", text.as_str());
    says(
        "{json: {$.status: error}}",
        text.as_str(),
        "expected at `$.status` error, found success (text read as JSON)",
    );
    says(
        "{json: {$.no.such: 1}}",
        text.as_str(),
        "expected at `$.no.such` 1, found nothing (text read as JSON)",
    );
    says(
        "{has_key: {has_prefix: x}}",
        text.as_str(),
        "expected the key beginning with `x`, found the keys [data, status] (text read as JSON)",
    );
    let not_json = matcher("{json: {$.a: 1}}").judge(&"<html>".into()).expect_err("no JSON");
    assert!(not_json.found.starts_with("the text is no JSON: expected value at line 1"), "{not_json}");
    assert!(!matcher("{not: {json: {$.a: 1}}}").matches("<html>"), "what is no JSON is not known to lack it");
}

#[test]
fn versions_lie_within_ranges() {
    for (range, inside, outside) in [
        (">=2.40.0 <3.0.0", "2.53.1", "3.0.0"),
        (">=2.40, <3", "2.40.0", "2.39.9"),
        ("2.x || 4.1.*", "4.1.7", "3.0.0"),
        (">1.x", "2.0.0", "1.9.9"),
        ("<=1.2", "1.2.9", "1.3.0"),
        ("!1.2.3", "1.2.4", "1.2.3"),
        ("!=1.x", "2.0.0", "1.5.0"),
        ("^1.2.3", "1.9.0", "2.0.0"),
        ("^0.2.3", "0.2.9", "0.3.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("~1.2.3", "1.2.9", "1.3.0"),
        ("~1", "1.9.0", "2.0.0"),
        (">= 1.0.0-rc.1", "1.0.0", "1.0.0-beta"),
        ("1.0.0", "1.0.0+build", "1.0.0-rc.1"),
        ("1.x", "1.9.0-rc.1", "2.0.0-rc.1"),
    ] {
        holds(&format!("{{semver: '{range}'}}"), inside);
        assert!(!matcher(&format!("{{semver: '{range}'}}")).matches(outside), "{outside} in {range}");
    }
    says(
        "{semver: '>=3'}",
        "v2.40",
        "expected a version within `>=3`, found 2.40.0 (`v2.40` read as version 2.40.0)",
    );
    says("{semver: '>=3'}", "1:2-3", "expected a version within `>=3`, found 1:2-3 is no semantic version");
    says(
        "{semver: '*'}",
        vec!["1.2.3", "x"],
        "expected a version within `*`, found x is no semantic version",
    );
    for wrong in
        ["", "||", ">=", "a", "1.2.3.4", "1.x.3", ">>1", "01.2.3", "1.2.3 ||", "99999999999999999999"]
    {
        assert!(Constraint::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_innermost_test_that_fails_is_told() {
    says(
        "{all: [{ge: 1}, {not: {all: [5, {le: 9}]}}]}",
        5,
        "expected (all, 2 of 2) not ((5 and at most 9)), found 5",
    );
    says("{any: [{lt: 1}, 7, {gt: 8}]}", 5, "expected below 1, or 7, or above 8, found 5");
    holds("{any: [{gt: 5}, abc]}", "abc");
    assert!(
        !matcher("{not: {gt: 5}}").matches("abc"),
        "what cannot be compared is not known to be at most 5"
    );
    assert!(!matcher("{not: {any: [{gt: 5}, x]}}").matches("abc"));
    holds("{not: {all: [{gt: 5}, x]}}", "abc");
}

#[test]
fn a_mismatch_knows_where_its_test_stands() {
    let mismatch = matcher("{any: [{all: [b, {ge: 3}]}], ne: 8}").judge(&9.into()).expect_err("9 is refused");
    let text =
        "mainstay: 1\nchecks:\n  a: {command: {run: [a], stdout: {any: [{all: [b, {ge: 3}]}], ne: 8}}}\n";
    assert_eq!(&text[mismatch.span.start as usize..mismatch.span.end as usize], "{all: [b, {ge: 3}]}");
    assert_eq!(Matcher::equals("0").judge(&1.into()).expect_err("1 is not 0").span, Span::default());
}

#[test]
fn what_is_long_is_not_shown_whole() {
    let many: Vec<Found> = (0..1000).map(Found::from).collect();
    let mismatch = matcher("[x]").judge(&Found::List(many)).expect_err("no x");
    assert_eq!(mismatch.found, "[0, 1, 2, 3, 4, 5, 6, 7, and 992 more]");
}

fn any_found() -> impl Strategy<Value = Found> {
    let leaf = prop_oneof![
        Just(Found::Absent),
        any::<bool>().prop_map(Found::Bool),
        any::<f64>().prop_map(Found::Number),
        (-3i32..3).prop_map(Found::from),
        "[ab 1.\n]{0,6}".prop_map(Found::Text),
        ".{0,8}".prop_map(Found::Text),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Found::List),
            proptest::collection::btree_map("[a-c]", inner, 0..3).prop_map(Found::Map),
        ]
    })
}

fn any_matcher() -> impl Strategy<Value = Matcher> {
    let text = || prop_oneof!["[ab1]{1,2}", Just("2.5".to_owned())].prop_map(Spanned::from);
    let number = || (-3i32..3).prop_map(|number| Some(f64::from(number).into()));
    let leaf = prop_oneof![
        text().prop_map(|text| Matcher::equals(text.value)),
        number().prop_map(|lt| Matcher::of(Tests { lt, ..Tests::default() })),
        number().prop_map(|ge| Matcher::of(Tests { ge, ..Tests::default() })),
        text().prop_map(|text| Matcher::of(Tests { contains: Some(text), ..Tests::default() })),
        text().prop_map(|text| Matcher::of(Tests { patterns: List(vec![text]), ..Tests::default() })),
        text().prop_map(|text| Matcher::of(Tests { matches: Some(text), ..Tests::default() })),
        Just(Matcher::of(Tests { semver: Some(">=1".to_owned().into()), ..Tests::default() })),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let some = || proptest::collection::vec(inner.clone(), 1..4).prop_map(List);
        prop_oneof![
            some().prop_map(|all| Matcher::of(Tests { all, ..Tests::default() })),
            some().prop_map(|any| Matcher::of(Tests { any, ..Tests::default() })),
            some().prop_map(|has_all| Matcher::of(Tests { has_all, ..Tests::default() })),
            some().prop_map(|exactly| Matcher::of(Tests { exactly, ..Tests::default() })),
            inner.clone().prop_map(|not| Matcher::of(Tests { not: Some(not), ..Tests::default() })),
            inner.clone().prop_map(|has| Matcher::of(Tests { has: Some(has), ..Tests::default() })),
            inner.prop_map(|len| Matcher::of(Tests { len: Some(len), ..Tests::default() })),
        ]
    })
}

proptest! {
    #[test]
    fn a_matcher_and_its_contrary_never_both_hold(matcher in any_matcher(), found in any_found()) {
        let not = Matcher::of(Tests { not: Some(matcher.clone()), ..Tests::default() });
        match matcher.judge(&found) {
            Ok(()) => prop_assert!(not.judge(&found).is_err()),
            Err(mismatch) => prop_assert_eq!(not.judge(&found).is_ok(), mismatch.why == Why::Differs),
        }
    }

    #[test]
    fn all_holds_when_each_does_and_any_when_one_does(
        matchers in proptest::collection::vec(any_matcher(), 1..4), found in any_found()
    ) {
        let each: Vec<_> = matchers.iter().map(|matcher| matcher.judge(&found).is_ok()).collect();
        let all = Matcher::of(Tests { all: List(matchers.clone()), ..Tests::default() });
        let any = Matcher::of(Tests { any: List(matchers), ..Tests::default() });
        prop_assert_eq!(all.judge(&found).is_ok(), each.iter().all(|holds| *holds));
        prop_assert_eq!(any.judge(&found).is_ok(), each.iter().any(|holds| *holds));
    }

    #[test]
    fn what_consists_exactly_of_its_elements_does_so_in_any_order(
        words in proptest::collection::vec("[ab]{1,2}", 1..5), seed in any::<prop::sample::Index>()
    ) {
        let mut turned = words.clone();
        turned.rotate_left(seed.index(words.len()));
        let exactly = List(words.iter().map(Matcher::equals).collect());
        let exactly = Matcher::of(Tests { exactly, ..Tests::default() });
        prop_assert!(exactly.judge(&turned.clone().into()).is_ok());
        turned.pop();
        prop_assert!(exactly.judge(&turned.into()).is_err());
    }

    #[test]
    fn ranges_and_paths_of_any_text_are_read_or_refused(text in ".{0,40}", path in r"\$[.\[\]()?@*:,'a1=&|!]{0,30}") {
        let _ = (Constraint::parse(&text), JsonPath::parse(&text), LinePattern::parse(&text));
        if let Ok(path) = JsonPath::parse(&path) {
            let _ = path.find(&json!({"a": [1, {"a": 1}]}));
        }
    }
}
