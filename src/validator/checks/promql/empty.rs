//! Why a query returned nothing. An empty result looks the same whether a filter left nothing, a label is misspelled,
//! the series ended an hour ago or there never was one: who reads the answer needs to know which.

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::promql::{self, LabelMatcher, MatchOp, Selector};
use crate::text::nearest;
use crate::world::prometheus::{PeerError, Prometheus, TimeRange};

/// What one question about it may take, and what all of them may.
const EACH: Duration = Duration::from_secs(3);
const ALL: Duration = Duration::from_secs(8);
/// How far back a series is looked for, and in which steps: a look is some 300 points of one number.
const LOOKS: [(TimeDelta, TimeDelta); 4] = [
    (TimeDelta::minutes(5), TimeDelta::seconds(1)),
    (TimeDelta::hours(1), TimeDelta::seconds(15)),
    (TimeDelta::days(1), TimeDelta::minutes(5)),
    (TimeDelta::days(30), TimeDelta::hours(3)),
];
/// Into so many steps the last step is divided, to tell the end more exactly.
const PARTS: i32 = 60;
/// An instant query looks back this far, unless a stale marker ends a series at once.
///
/// Source: Prometheus, flag `query.lookback-delta`; it writes a marker when a target or a series of it is gone, and
/// none when the server stops or a whole job is removed.
const LOOKBACK: TimeDelta = TimeDelta::minutes(5);

/// Says why `query` returned no sample at `now`, as far as can be found out within a few seconds.
pub fn why(prometheus: &Prometheus, query: &str, now: DateTime<Utc>) -> String {
    let looking = Looking { prometheus, now, end: Instant::now() + ALL };
    match looking.explain(query) {
        Ok(Some(reason)) => format!("the query returned no sample: {reason}"),
        Ok(None) | Err(_) => "the query returned no sample".to_owned(),
    }
}

struct Looking<'a> {
    prometheus: &'a Prometheus,
    now: DateTime<Utc>,
    end: Instant,
}

impl Looking<'_> {
    /// `None` when the query itself is not understood, or has no selector.
    fn explain(&self, query: &str) -> Result<Option<String>, PeerError> {
        let Ok(expr) = promql::parse(query) else { return Ok(None) };
        let mut all_there = Vec::new();
        for selector in promql::selectors(&expr) {
            let text = &query[selector.span.clone()];
            match self.n_samples(text)? {
                0 => return self.of_absent(selector, text).map(Some),
                n => all_there.push(format!("`{text}` has {}", crate::counted(n, "sample"))),
            }
        }
        Ok((!all_there.is_empty())
            .then(|| format!("{}, and what stands around it leaves none", all_there.join(", "))))
    }

    fn of_absent(&self, selector: &Selector, text: &str) -> Result<String, PeerError> {
        let is_name = |matcher: &&LabelMatcher| matcher.label == "__name__" && matcher.op == MatchOp::Equal;
        let named = selector.matchers.iter().find(is_name).map(|matcher| &matcher.value);
        let Some(name) = selector.name.as_ref().or(named) else { return self.of_past(text, None) };
        let others: Vec<_> = selector.matchers.iter().filter(|matcher| matcher.label != "__name__").collect();
        if others.is_empty() || self.n_samples(&bare(name))? == 0 {
            return self.of_past(&bare(name), Some(name));
        }
        self.of_labels(name, &others, text)
    }

    /// The metric is there now, but not with these labels.
    fn of_labels(&self, name: &str, matchers: &[&LabelMatcher], text: &str) -> Result<String, PeerError> {
        for matcher in matchers {
            let alone = format!("{{__name__={name:?},{}}}", written(matcher));
            if self.n_samples(&alone)? > 0 {
                continue;
            }
            let values = self.prometheus.label_values(&matcher.label, &bare(name), self.left())?;
            let guess =
                if matcher.op == MatchOp::Equal { guess(&matcher.value, &values) } else { String::new() };
            return Ok(format!("no series of `{name}` has {}{guess}", written(matcher)));
        }
        Ok(format!("`{name}` is there, but no series has all of the labels of `{text}`"))
    }

    /// Nothing of it is there now: when was it?
    fn of_past(&self, selector: &str, name: Option<&str>) -> Result<String, PeerError> {
        let shown = name.unwrap_or(selector);
        let (longest, _) = LOOKS[LOOKS.len() - 1];
        for (span, step) in LOOKS {
            if let Some(seen) = self.last_seen(selector, (self.now - span, self.now), step)? {
                return self.of_end(selector, shown, seen, step);
            }
        }
        let since = (Some(self.now - longest), self.now);
        if self.prometheus.n_series(&[selector], since, self.left())? > 0 {
            return Ok(format!("`{shown}` was there for a short time within the last {}", days(longest)));
        }
        let guess = match name {
            Some(name) => {
                guess(name, &self.prometheus.label_values("__name__", "{__name__!=\"\"}", self.left())?)
            }
            None => String::new(),
        };
        Ok(format!("`{shown}` was not there in the last {}{guess}", days(longest)))
    }

    /// It ended within `step` after it was `seen`.
    fn of_end(
        &self,
        selector: &str,
        shown: &str,
        seen: DateTime<Utc>,
        step: TimeDelta,
    ) -> Result<String, PeerError> {
        let finer = (step / PARTS).max(TimeDelta::seconds(1));
        let seen = self.last_seen(selector, (seen, (seen + step).min(self.now)), finer)?.unwrap_or(seen);
        let newest = format!("max(timestamp({selector}))");
        let samples = self.prometheus.query_at(&newest, seen, self.left())?.samples;
        let sample = samples.first().and_then(|sample| instant_of(sample.number())).unwrap_or(seen);
        let at = sample.to_rfc3339_opts(SecondsFormat::Secs, true);
        // Without a marker it stays to be seen for the whole look back.
        let how = if seen - sample < LOOKBACK - finer - TimeDelta::seconds(1) {
            "a stale marker ended it: its target, or that series of it, is gone"
        } else {
            "no stale marker ended it: nobody scraped it any more"
        };
        Ok(format!("the last sample of `{shown}` is of {at}; {how}"))
    }

    /// The last of the moments at which it can be seen.
    fn last_seen(
        &self,
        selector: &str,
        (start, end): (DateTime<Utc>, DateTime<Utc>),
        step: TimeDelta,
    ) -> Result<Option<DateTime<Utc>>, PeerError> {
        let range = TimeRange { start, end, step };
        let series = self.prometheus.query_range(&format!("count({selector})"), range, self.left())?;
        let newest = series.iter().flat_map(|one| &one.samples).map(|(at, _)| *at).max();
        Ok(newest.and_then(DateTime::from_timestamp_millis))
    }

    fn n_samples(&self, selector: &str) -> Result<usize, PeerError> {
        let counted = self.prometheus.query_at(&format!("count({selector})"), self.now, self.left())?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        Ok(counted.samples.first().map_or(0, |sample| sample.number() as usize))
    }

    /// What the next question may take.
    fn left(&self) -> Duration {
        let left = self.end.saturating_duration_since(Instant::now());
        left.clamp(Duration::from_millis(1), EACH)
    }
}

/// A selector of all series of a name, whatever it is made of.
fn bare(name: &str) -> String {
    format!("{{__name__={name:?}}}")
}

fn written(matcher: &LabelMatcher) -> String {
    format!("{}{}{:?}", matcher.label, matcher.op, matcher.value)
}

/// What may have been meant, to stand behind a reason; empty when nothing is near.
fn guess(written: &str, known: &[String]) -> String {
    let near = nearest(written, known.iter().map(String::as_str));
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

fn days(length: TimeDelta) -> String {
    crate::counted(usize::try_from(length.num_days()).unwrap_or_default(), "day")
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a time that Prometheus can store")]
fn instant_of(seconds: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis((seconds * 1000.0) as i64)
}
