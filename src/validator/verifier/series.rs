//! Series over a while before the work and after it: taken from Prometheus, and judged together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::statistics::points::{Side, Value};
use super::statistics::{Series, Verdict, compare};
use crate::model::{Absent, SeriesResult, SeriesSpec, Spanned, TakenSeries};
use crate::promql::{self, Expr, ExprKind, Modifiers};
use crate::world::prometheus::{PeerError, Prometheus, TimeRange};

/// What one query may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// No window has more moments than these: longer ones are looked at less often.
const MOST_MOMENTS: i32 = 240;
/// No query is compared for more series than these.
pub const MOST_SERIES: usize = 50;

/// Why series cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// Prometheus has no answer.
    #[error("`{name}`")]
    Peer {
        /// Which.
        name: String,
        /// Why not.
        source: PeerError,
    },
    /// There are too many to compare.
    #[error(
        "`{name}` returns {n} series, and at most {MOST_SERIES} are compared; aggregate them with `sum by (..)`"
    )]
    TooMany {
        /// Which.
        name: String,
        /// How many.
        n: usize,
    },
}

/// How often there is something new to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The time between two scrapes of a target: a moment of a window is looked at so often.
    pub scrape: Duration,
    /// The time between two evaluations of the slowest rules.
    pub evaluation: Duration,
}

/// Takes the window of each query that ends at `end`; a moment every scrape, or less often in long windows.
///
/// # Errors
/// [`SeriesError`].
pub fn take(
    prometheus: &Prometheus,
    specs: &[Spanned<SeriesSpec>],
    end: DateTime<Utc>,
    pace: Pace,
) -> Result<Vec<TakenSeries>, SeriesError> {
    specs.iter().map(|spec| take_one(prometheus, spec, end, pace)).collect()
}

fn take_one(
    prometheus: &Prometheus,
    spec: &SeriesSpec,
    end: DateTime<Utc>,
    pace: Pace,
) -> Result<TakenSeries, SeriesError> {
    let name = spec.label().to_owned();
    let window = spec.window().0;
    let interval = TimeDelta::from_std(pace.scrape).unwrap_or(window).max(TimeDelta::seconds(1));
    let step = interval.max(window / MOST_MOMENTS);
    // The first moment is one step after the beginning: the sample there tells of the time before.
    let n = u32::try_from(window.num_milliseconds() / step.num_milliseconds().max(1)).unwrap_or(0).max(1);
    let start = end - step * i32::try_from(n - 1).unwrap_or(0);
    let found = prometheus
        .query_range(&without_look_back(&spec.promql.value, pace), TimeRange { start, end, step }, TIMEOUT)
        .map_err(|source| SeriesError::Peer { name: name.clone(), source })?;
    if MOST_SERIES < found.len() {
        return Err(SeriesError::TooMany { name, n: found.len() });
    }
    let series = found.into_iter().map(|one| {
        let sample = |(at, value): (i64, f64)| (at, written(value));
        (one.labels, one.samples.into_iter().map(sample).collect())
    });
    let (start, step) = (start.timestamp_millis(), step.num_milliseconds());
    Ok(TakenSeries { name, start, step, n, series: series.collect() })
}

/// The same query, in which each selector finds a sample of the last two scrapes or evaluations only. Without this a moment
/// without a sample would say again what the one before it said, for five minutes: a gap would look like a number that does
/// not change, and every copy of it would count as one more point.
///
/// What looks at another time, into a range, or asks whether something is there is left as it is.
fn without_look_back(query: &str, pace: Pace) -> String {
    let Ok(expr) = promql::parse(query) else { return query.to_owned() };
    let two = 2 * pace.scrape.max(pace.evaluation);
    let window = two.clamp(LEAST_LOOK_BACK, LOOK_BACK).as_secs();
    let mut spans = Vec::new();
    fresh_selectors(&expr, &mut spans);
    let mut text = query.to_owned();
    // From the end, so that the places before stay what they are.
    spans.sort_by_key(|span| std::cmp::Reverse(span.start));
    for span in spans {
        let fresh = format!("last_over_time({}[{window}s])", &query[span.clone()]);
        text.replace_range(span, &fresh);
    }
    text
}

/// How far an instant query looks back.
///
/// Source: Prometheus, the default of its flag `query.lookback-delta`.
const LOOK_BACK: Duration = Duration::from_mins(5);
/// Scrapes of a second come at no exact times.
const LEAST_LOOK_BACK: Duration = Duration::from_secs(5);
/// Functions that ask for the time of a sample, or for its labels when it is not there.
const OTHER_QUESTIONS: [&str; 2] = ["timestamp", "absent"];

/// Where selectors stand that look at the moment itself.
fn fresh_selectors(expr: &Expr, found: &mut Vec<promql::Span>) {
    match &expr.kind {
        ExprKind::Selector(selector) if selector.modifiers == Modifiers::default() => {
            found.push(selector.span.clone());
        }
        ExprKind::Subquery(_) => {}
        ExprKind::Call(call) if OTHER_QUESTIONS.contains(&call.function.name) => {}
        _ => promql::children(expr).into_iter().for_each(|child| fresh_selectors(child, found)),
    }
}

/// As Prometheus writes it: JSON has no number for these.
fn written(value: f64) -> String {
    match value {
        nan if nan.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        number => number.to_string(),
    }
}

/// Compares what was taken before with what was taken after, all series of all queries together.
pub fn judge(
    specs: &[Spanned<SeriesSpec>],
    before: &[TakenSeries],
    after: &[TakenSeries],
) -> Vec<SeriesResult> {
    let mut named = Vec::new();
    for (place, spec) in specs.iter().enumerate() {
        // By its place; by its name when the plan file has changed since.
        let of = |taken: &[TakenSeries]| {
            let at_its_place = taken.get(place).filter(|it| it.name == spec.label());
            at_its_place.or_else(|| taken.iter().find(|it| it.name == spec.label())).cloned()
        };
        let (before, after) = (of(before), of(after));
        let labels: BTreeSet<_> = before
            .iter()
            .chain(&after)
            .flat_map(|taken| taken.series.iter().map(|(labels, _)| labels))
            .collect();
        // A query that matched nothing is one series that is not there.
        let nothing = BTreeMap::new();
        let labels: Vec<_> = if labels.is_empty() { vec![&nothing] } else { labels.into_iter().collect() };
        let is_one = labels.len() == 1;
        for of in labels {
            let series = Series {
                kind: spec.kind,
                direction: spec.direction,
                within: spec.within.map_or(SeriesSpec::DEFAULT_WITHIN, |within| within.value),
                absent_is_zero: spec.absent == Absent::Zero,
                before: side(before.as_ref(), of),
                after: side(after.as_ref(), of),
            };
            named.push((&spec.value, if is_one { BTreeMap::new() } else { of.clone() }, series));
        }
    }
    let all: Vec<_> = named.iter().map(|(_, _, series)| series.clone()).collect();
    let judged = compare(&all).into_iter().zip(named);
    let result = |(judgement, (spec, labels, _)): (_, (&SeriesSpec, BTreeMap<String, String>, Series))| {
        let mut result = SeriesResult { name: spec.label().to_owned(), labels, fails: false, judgement };
        result.fails = match result.judgement.verdict {
            Verdict::Worse => spec.critical.unwrap_or(true),
            Verdict::InsufficientData => spec.required.unwrap_or(false),
            Verdict::Same | Verdict::Better => false,
        };
        result
    };
    judged.map(result).collect()
}

/// One series at each moment; what was not taken at all is not there, and has no moment.
fn side(taken: Option<&TakenSeries>, labels: &BTreeMap<String, String>) -> Side {
    let Some(taken) = taken else { return Side::default() };
    let found = taken.series.iter().find(|(of, _)| of == labels).map(|(_, samples)| samples);
    let samples: BTreeMap<i64, &str> =
        found.into_iter().flatten().map(|(at, value)| (*at, value.as_str())).collect();
    let moments: Vec<i64> = (0..i64::from(taken.n)).map(|n| taken.start + n * taken.step).collect();
    let value = |at: &i64| samples.get(at).map_or(Value::Missing, |text| read(text));
    Side {
        values: moments.iter().map(value).collect(),
        at: moments.iter().map(|at| DateTime::from_timestamp_millis(*at).unwrap_or_default()).collect(),
        is_there: found.is_some(),
    }
}

fn read(text: &str) -> Value {
    text.parse().map_or(Value::Nan, Value::of)
}

/// `requests: worse, +12.5 from 100 to 112.5 (p 0.008, 10 and 10 points)`.
pub fn in_words(result: &SeriesResult) -> String {
    let judgement = &result.judgement;
    let labels: Vec<_> = result.labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(", ")) };
    let mut words = format!("{}{labels}: {}", result.name, judgement.verdict.as_str());
    if let (Some(before), Some(after), Some(shift)) =
        (judgement.middles.0, judgement.middles.1, judgement.shift)
    {
        let _ = write!(words, ", {} from {} to {}", signed(shift), short(before), short(after));
    }
    let p = judgement
        .p
        .map(|p| format!("p {}, ", if p < 0.001 { "below 0.001".to_owned() } else { format!("{p:.3}") }));
    let what = match judgement.test {
        super::statistics::Test::ExactRate | super::statistics::Test::NormalRate => "events",
        _ => "points",
    };
    if judgement.n != (0, 0) {
        let _ = write!(words, " ({}{} and {} {what})", p.unwrap_or_default(), judgement.n.0, judgement.n.1);
    }
    for note in &judgement.notes {
        let _ = write!(words, "; {note}");
    }
    words
}

fn signed(number: f64) -> String {
    if number >= 0.0 { format!("+{}", short(number)) } else { short(number) }
}

/// Four digits that count.
fn short(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let digits = (3.0 - number.abs().log10().floor()).clamp(0.0, 12.0);
    // Between 0 and 12.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 12")]
    let text = format!("{number:.*}", digits as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Direction, Length, Span};

    fn spec(text: &str) -> Spanned<SeriesSpec> {
        let yaml = format!(
            "mainstay: 1\nconnections: {{prometheus: {{url: \"http://x\"}}}}\ntasks:\n  a:\n    type: routine\n    domain: \
             data\n    duration: 1m\n    baseline: {{series: [{text}]}}\n    steps: [{{run: [\"true\"]}}]\n"
        );
        let text = crate::planfile::Text::new("maintenance.yaml", yaml.into_bytes());
        let plan = text.read().into_plan().unwrap();
        plan.tasks.get("a").unwrap().baseline.as_ref().unwrap().series[0].clone()
    }

    fn taken(name: &str, labels: &[(&str, &str)], values: &[&str]) -> TakenSeries {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let samples = (0..).zip(values).map(|(n, value)| (n * 1000, (*value).to_owned())).collect();
        let n = u32::try_from(values.len()).unwrap();
        TakenSeries { name: name.to_owned(), start: 0, step: 1000, n, series: vec![(labels, samples)] }
    }

    #[test]
    fn series_are_compared_with_those_of_the_same_labels_and_told_in_words() {
        let specs = [spec("{name: load, promql: load1, direction: increase}")];
        let before = taken("load", &[("i", "a")], &["1", "2", "1.5", "1", "2"]);
        let after = taken("load", &[("i", "a")], &["5", "6", "5.5", "7", "6"]);
        let results = judge(&specs, std::slice::from_ref(&before), std::slice::from_ref(&after));
        assert_eq!(in_words(&results[0]), "load: worse, +4.5 from 1.5 to 6 (p 0.008, 5 and 5 points)");
        assert!(results[0].fails);
        let other = taken("load", &[("i", "b")], &["5"; 5]);
        let results = judge(&specs, &[before], &[other]);
        assert_eq!(results.len(), 2);
        assert!(
            in_words(&results[0]).starts_with("load{i=\"a\"}: worse; the series has vanished"),
            "{results:?}"
        );
        assert_eq!(
            in_words(&results[1]),
            "load{i=\"b\"}: insufficient-data; there was no such series before; it has appeared"
        );
    }

    #[test]
    fn too_little_fails_only_what_is_required_and_worse_only_what_is_critical() {
        let fails = |keys: &str, after: &[&str]| {
            let specs = [spec(&format!("{{name: x, promql: x{keys}}}"))];
            judge(&specs, &[taken("x", &[], &["1", "2", "3", "2"])], &[taken("x", &[], after)])[0].fails
        };
        assert!(!fails("", &["7"]) && fails(", required: true", &["7"]));
        let worse = ["7", "8", "9", "8"];
        assert!(fails("", &worse) && !fails(", critical: false", &worse));
        assert!(!fails(", direction: decrease", &worse));
    }

    #[test]
    fn defaults_are_those_of_the_plan_file_s_words() {
        let spec = spec("{promql: up}");
        assert_eq!(
            (spec.label(), spec.window(), spec.direction),
            ("up", Length::seconds(300), Direction::Either)
        );
        assert_ne!(spec.promql.span, Span::default());
    }

    #[test]
    fn a_query_looks_back_over_two_intervals_and_no_further_where_that_means_the_same() {
        let check = |query: &str, expected: &str| {
            let pace = Pace { scrape: Duration::from_secs(15), evaluation: Duration::from_mins(1) };
            assert_eq!(without_look_back(query, pace), expected);
            assert!(promql::parse(expected).is_ok(), "{expected}");
        };
        check("up", "last_over_time(up[120s])");
        check(
            "sum by (job) (a{x=\"}\"}) / on (job) b",
            "sum by (job) (last_over_time(a{x=\"}\"}[120s])) / on (job) last_over_time(b[120s])",
        );
        for same in [
            "rate(a[5m])",
            "a offset 1h",
            "a @ 0",
            "timestamp(a)",
            "absent(a)",
            "max_over_time(a[1h:1m])",
            "a b",
        ] {
            assert_eq!(
                without_look_back(same, Pace { scrape: Duration::ZERO, evaluation: Duration::ZERO }),
                same
            );
        }
        let slow = Pace { scrape: Duration::from_secs(15), evaluation: Duration::from_hours(1) };
        assert_eq!(without_look_back("a", slow), "last_over_time(a[300s])");
    }

    #[test]
    fn special_values_survive_the_ledger() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1 + 0.2] {
            let back: f64 = written(value).parse().unwrap();
            assert!(back.to_bits() == value.to_bits() || (back.is_nan() && value.is_nan()), "{value}");
        }
        assert_eq!([1234.56, 0.000_123_456, 0.0, 12.0].map(short), ["1235", "0.0001235", "0", "12"]);
    }
}
