//! PromQL as Prometheus understands it: every verdict is held against that of its own `promtool`.

mod made_up;
mod promtool;

use mainstay::promql::{always_returns_something, can_never_return_anything, parse};
use proptest::prelude::*;

use made_up::{any_query, judged, vector};

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

/// So many batches; what fails of one is named, and making it smaller would ask promtool hundreds of times.
fn batches(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() }
}

/// The queries of which the verdicts differ.
fn disagreements(queries: &[String]) -> Vec<String> {
    let verdicts = promtool::verdicts(queries);
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
    let queries: Vec<String> =
        QUERIES.lines().chain(MORE_QUERIES.iter().copied()).map(str::to_owned).collect();
    assert!(250 <= queries.len(), "only {} queries", queries.len());
    let n_good = queries.iter().filter(|query| parse(query).is_ok()).count();
    assert!(100 <= n_good && n_good + 100 <= queries.len(), "{n_good} good ones of {}", queries.len());
    let differing = disagreements(&queries);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

proptest! {
    #![proptest_config(batches(4))]

    #[test]
    fn the_real_engine_answers_nothing_where_that_is_the_judgement_and_something_where_that_is(
        queries in proptest::collection::vec(judged(), 2000),
    ) {
        let is_judged_so = |judge: fn(&mainstay::promql::Expr) -> bool| {
            queries.iter().filter(move |query| judge(&parse(query).expect("a good query"))).cloned()
        };
        let empty: Vec<_> = is_judged_so(|expr| can_never_return_anything(expr).is_some()).collect();
        let full: Vec<_> = is_judged_so(|expr| always_returns_something(expr).is_some()).collect();
        prop_assert!(100 <= empty.len() && 100 <= full.len(), "{} and {}", empty.len(), full.len());
        // What always has a sample leaves nothing of a constant vector.
        let refuted = full.iter().map(|query| format!("vector(1) unless on () ({query})"));
        let claims: Vec<String> = empty.iter().cloned().chain(refuted).collect();
        let wrong = promtool::answered(&claims);
        let wrong: Vec<_> = wrong.into_iter().map(|i| &claims[i]).collect();
        prop_assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

proptest! {
    #![proptest_config(batches(12))]

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
