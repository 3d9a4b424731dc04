//! `promql`: a query's samples are as expected.

mod empty;

use std::time::Duration;

use super::{Answer, NO_PROMETHEUS, no_answer};
use crate::model::{Found, Matcher, PromqlCheck, Why};
use crate::world::World;
use crate::world::prometheus::{Answered, InstantSample};

pub fn ask(check: &PromqlCheck, world: &World, timeout: Duration) -> Answer {
    let Some(prometheus) = &world.prometheus else { return Answer::unknown(NO_PROMETHEUS) };
    match prometheus.query(&check.query, timeout) {
        Ok(answered) if answered.samples.is_empty() && is_vacuous(check) => {
            let why = empty::why(prometheus, &check.query, world.clock.now());
            Answer::unknown(why).noting(&answered)
        }
        Ok(answered) => judge(check, &answered.samples).noting(&answered),
        Err(error) => no_answer(prometheus, &error, timeout),
    }
}

impl Answer {
    /// The same, with what Prometheus warned of.
    fn noting(mut self, answered: &Answered) -> Self {
        let (Self::Yes { found: text } | Self::No { found: text, .. } | Self::Unknown { why: text }) =
            &mut self;
        text.push_str(&answered.warnings_in_words());
        self
    }
}

/// Whether no sample would leave something that is asserted without anything to hold for.
fn is_vacuous(check: &PromqlCheck) -> bool {
    let by_value = check.every.is_some() || check.any.is_some();
    check.allow_empty != Some(true) && (by_value || check.count.is_none())
}

fn judge(check: &PromqlCheck, samples: &[InstantSample]) -> Answer {
    let counted = check.count.as_ref().map(|matcher| Answer::of(matcher, "number of samples", samples.len()));
    if samples.is_empty() && counted.is_none() && !is_vacuous(check) {
        return Answer::Yes { found: "no sample, which is allowed".to_owned() };
    }
    let every = check.every.as_ref().map(|matcher| every(matcher, samples));
    let any = check.any.as_ref().map(|matcher| any(matcher, samples));
    let answers = [counted, every, any].into_iter().flatten();
    answers
        .reduce(|before, next| before.and(|| next))
        .unwrap_or_else(|| Answer::unknown("nothing is asserted"))
}

/// The first sample that differs is the answer; without one, the first of which nothing can be said.
fn every(matcher: &Matcher, samples: &[InstantSample]) -> Answer {
    let others = samples.iter().filter_map(|sample| Some((sample, matcher.judge(&value(sample)).err()?)));
    match others.min_by_key(|(_, mismatch)| mismatch.why) {
        None => {
            Answer::Yes { found: format!("{}, every one {matcher}", crate::counted(samples.len(), "sample")) }
        }
        Some((sample, mismatch)) if mismatch.why == Why::NotANumber => not_a_number(sample),
        Some((sample, mismatch)) => Answer::No {
            expected: format!("every value {}", mismatch.expected_there()),
            found: shown(sample),
            at: matcher.span(),
        },
    }
}

fn any(matcher: &Matcher, samples: &[InstantSample]) -> Answer {
    let mut unsure = None;
    for sample in samples {
        match matcher.judge(&value(sample)) {
            Ok(()) => return Answer::Yes { found: shown(sample) },
            Err(mismatch) if mismatch.why == Why::NotANumber => unsure = Some(sample),
            Err(_) => {}
        }
    }
    let none = || Answer::No {
        expected: format!("a value {matcher}"),
        found: format!("none in {}", crate::counted(samples.len(), "sample")),
        at: matcher.span(),
    };
    unsure.map_or_else(none, not_a_number)
}

fn value(sample: &InstantSample) -> Found {
    Found::number_or_text(&sample.value)
}

fn not_a_number(sample: &InstantSample) -> Answer {
    Answer::unknown(format!("{}: no comparison holds of NaN", shown(sample)))
}

fn shown(sample: &InstantSample) -> String {
    let labels: Vec<_> = sample.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{} for {{{}}}", sample.value, labels.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tests;

    fn samples(values: &[&str]) -> Vec<InstantSample> {
        let sample = |value: &&str| InstantSample { labels: [].into(), value: (*value).to_owned() };
        values.iter().map(sample).collect()
    }

    fn check(every: Option<&str>, count: Option<f64>) -> PromqlCheck {
        let at_most = |limit: f64| Matcher::of(Tests { le: Some(limit.into()), ..Tests::default() });
        PromqlCheck {
            query: "up".to_owned().into(),
            every: every.map(Matcher::equals),
            any: None,
            count: count.map(at_most),
            allow_empty: None,
        }
    }

    #[test]
    fn no_sample_is_unknown_unless_the_count_is_asked() {
        assert!(is_vacuous(&check(Some("1"), None)) && is_vacuous(&check(Some("1"), Some(0.0))));
        assert!(!is_vacuous(&check(None, Some(0.0))));
        assert!(judge(&check(None, Some(0.0)), &[]).is_yes());
        let allowed = PromqlCheck { allow_empty: Some(true), ..check(Some("0"), None) };
        assert!(!is_vacuous(&allowed) && judge(&allowed, &[]).is_yes());
        assert!(!judge(&check(None, Some(0.0)), &samples(&["1"])).is_yes());
    }

    #[test]
    fn one_other_value_is_a_no_and_nan_equals_nothing() {
        assert!(judge(&check(Some("1"), None), &samples(&["1", "1"])).is_yes());
        assert!(!judge(&check(Some("1"), None), &samples(&["1", "0"])).is_yes());
        assert!(matches!(judge(&check(Some("1"), None), &samples(&["NaN"])), Answer::Unknown { .. }));
        assert!(matches!(judge(&check(Some("1"), None), &samples(&["NaN", "0"])), Answer::No { .. }));
    }
}
