//! What has probably taken the place of a metric that is gone: one that was not there before, with a similar name, the
//! same labels and as many series.

use std::collections::{BTreeMap, BTreeSet};

use super::capture::Values;

/// A metric that may be the other one by another name.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its name.
    pub metric: String,
    /// How many series it has.
    pub series: u64,
    /// How much alike they are, from 0 to 1.
    pub alike: f64,
}

/// A metric with what is known of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shape {
    /// How many series it has.
    pub series: u64,
    /// Its labels; empty when they are not known.
    pub labels: Values,
}

/// What is less alike is no answer.
const ENOUGH: f64 = 0.6;
/// The labels of so many candidates of each are worth a question.
const MOST_CANDIDATES: usize = 4;

/// The new metrics that are worth a closer look for each lost one, by name and number of series.
pub fn likely<'n>(
    lost: &BTreeMap<String, Shape>,
    new: &'n BTreeMap<String, u64>,
) -> BTreeMap<String, Vec<&'n str>> {
    let of_one = |(name, shape): (&String, &Shape)| {
        let mut all: Vec<_> = new
            .iter()
            .map(|(other, series)| {
                (0.7 * names(name, other) + 0.3 * numbers(shape.series, *series), other.as_str())
            })
            .collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        (name.clone(), all.into_iter().take(MOST_CANDIDATES).map(|(_, other)| other).collect())
    };
    lost.iter().map(of_one).collect()
}

/// The best candidate of each lost metric; none stands for two, and the most alike come first.
pub fn matched(
    lost: &BTreeMap<String, Shape>,
    candidates: &BTreeMap<String, Vec<(String, Shape)>>,
) -> BTreeMap<String, Candidate> {
    let mut pairs: Vec<(f64, &str, &str, u64)> = Vec::new();
    for (name, shape) in lost {
        for (other, other_shape) in candidates.get(name).into_iter().flatten() {
            pairs.push((alike((name, shape), (other, other_shape)), name, other, other_shape.series));
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let (mut found, mut taken) = (BTreeMap::new(), BTreeSet::new());
    for (alike, name, other, series) in pairs {
        if ENOUGH <= alike && !found.contains_key(name) && taken.insert(other) {
            found.insert(name.to_owned(), Candidate { metric: other.to_owned(), series, alike });
        }
    }
    found
}

fn alike((name, was): (&str, &Shape), (other, is): (&str, &Shape)) -> f64 {
    0.5 * names(name, other) + 0.3 * labels(&was.labels, &is.labels) + 0.2 * numbers(was.series, is.series)
}

/// How many of the words of both are in both; words that only tell the unit count half.
fn names(one: &str, other: &str) -> f64 {
    let (one, other) = (words(one), words(other));
    let weight = |word: &&str| if is_unit(word) { 0.5 } else { 1.0 };
    let common: f64 = one.intersection(&other).map(weight).sum();
    let all: f64 = one.union(&other).map(weight).sum();
    if all == 0.0 { 0.0 } else { common / all }
}

/// The words of a name, without what marks plurals.
fn words(name: &str) -> BTreeSet<&str> {
    name.split(['_', ':'])
        .filter(|word| !word.is_empty())
        .map(|word| word.strip_suffix('s').unwrap_or(word))
        .collect()
}

fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "total" | "byte" | "second" | "m" | "ratio" | "celsiu" | "info" | "count" | "sum" | "bucket"
    )
}

/// How many of the labels of both are in both, and of their values; half when they are not known.
fn labels(one: &Values, other: &Values) -> f64 {
    if one.is_empty() && other.is_empty() {
        return 0.5;
    }
    let (names, others): (BTreeSet<_>, BTreeSet<_>) = (one.keys().collect(), other.keys().collect());
    let common: Vec<_> = names.intersection(&others).collect();
    let of_names = share(common.len(), names.union(&others).count());
    let of_values: f64 = common
        .iter()
        .map(|name| {
            let (one, other) = (&one[name.as_str()], &other[name.as_str()]);
            share(one.intersection(other).count(), one.union(other).count())
        })
        .sum();
    let of_values = if common.is_empty() { 0.0 } else { of_values / number(common.len()) };
    0.6 * of_names + 0.4 * of_values
}

fn numbers(one: u64, other: u64) -> f64 {
    let (less, more) = (one.min(other), one.max(other));
    share(usize::try_from(less).unwrap_or(usize::MAX), usize::try_from(more).unwrap_or(usize::MAX))
}

fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { number(part) / number(all) }
}

#[expect(clippy::cast_precision_loss, reason = "a count")]
fn number(n: usize) -> f64 {
    n as f64
}
