//! Rates of what has none.

use std::fmt;

use chrono::TimeDelta;

use super::matchers;
use crate::promql::ast::{Aggregator, Call, Expr, ExprKind, Span};
use crate::promql::walk;
use crate::text::roughly;

/// Functions that take a counter and see two samples of it or more.
const OF_COUNTERS: [&str; 3] = ["rate", "irate", "increase"];

/// Metrics that go up and down, as Prometheus, its client libraries and the common exporters document them.
const GAUGES: &[&str] = &[
    "ALERTS",
    "ALERTS_FOR_STATE",
    "go_goroutines",
    "go_memstats_alloc_bytes",
    "go_memstats_heap_inuse_bytes",
    "node_filesystem_avail_bytes",
    "node_filesystem_free_bytes",
    "node_load1",
    "node_load15",
    "node_load5",
    "node_memory_MemAvailable_bytes",
    "node_memory_MemFree_bytes",
    "probe_duration_seconds",
    "probe_success",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
    "prometheus_tsdb_head_series",
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
    "scrape_samples_scraped",
    "scrape_series_added",
    "up",
];

/// A rate that means nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct RateProblem {
    /// The call.
    pub span: Span,
    /// `rate`, `irate` or `increase`.
    pub function: &'static str,
    /// What is wrong with it.
    pub trouble: RateTrouble,
}

/// What is wrong with a rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RateTrouble {
    /// The range seldom or never has the two samples that a rate needs.
    RangeTooShort {
        /// The range.
        range: TimeDelta,
        /// The shortest that always has two samples.
        needed: TimeDelta,
    },
    /// What is aggregated hides the resets of the single counters.
    OfAggregation {
        /// The aggregator.
        op: Aggregator,
    },
    /// The metric is no counter.
    OfGauge {
        /// The metric.
        name: String,
    },
}

impl fmt::Display for RateTrouble {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::RangeTooShort { range, needed } => {
                let (range, needed) = (roughly(*range), roughly(*needed));
                write!(f, "a range of {range} may have fewer than the two samples needed, {needed} has them")
            }
            Self::OfAggregation { op } => {
                write!(f, "the resets of single counters are lost in `{op}`, so its rate is wrong after each")
            }
            Self::OfGauge { name } => write!(f, "`{name}` is no counter, and each fall is taken for a reset"),
        }
    }
}

impl RateProblem {
    /// What to write instead.
    pub fn help(&self) -> Option<String> {
        match &self.trouble {
            RateTrouble::RangeTooShort { .. } => None,
            RateTrouble::OfAggregation { op } => {
                Some(format!("aggregate the rates instead: `{op}({}(...))`", self.function))
            }
            RateTrouble::OfGauge { .. } => {
                Some("`delta`, `deriv` and `avg_over_time` are for what goes up and down".to_owned())
            }
        }
    }
}

/// The rates of a query that are wrong for targets that are scraped every `scrape_interval`.
pub fn rate_problems(expr: &Expr, scrape_interval: TimeDelta) -> Vec<RateProblem> {
    let rates = walk(expr).filter_map(|expr| match &expr.kind {
        ExprKind::Call(call) if OF_COUNTERS.contains(&call.function.name) => Some((call, &expr.span)),
        _ => None,
    });
    let problems = rates.flat_map(|(call, span)| {
        let problem = |trouble| RateProblem { span: span.clone(), function: call.function.name, trouble };
        troubles(call, scrape_interval).into_iter().map(problem)
    });
    problems.collect()
}

fn troubles(call: &Call, scrape_interval: TimeDelta) -> Vec<RateTrouble> {
    let mut troubles = Vec::new();
    match call.args.first().map(|arg| &arg.bare().kind) {
        Some(ExprKind::Range(found)) => {
            let needed = scrape_interval.checked_mul(2).unwrap_or(TimeDelta::MAX);
            if found.range < needed {
                troubles.push(RateTrouble::RangeTooShort { range: found.range, needed });
            }
            troubles.extend(gauge(matchers::name(&found.selector)));
        }
        Some(ExprKind::Subquery(subquery)) => match &subquery.expr.bare().kind {
            ExprKind::Aggregation(aggregation) => {
                troubles.push(RateTrouble::OfAggregation { op: aggregation.op });
            }
            ExprKind::Selector(selector) => troubles.extend(gauge(matchers::name(selector))),
            _ => {}
        },
        _ => {}
    }
    troubles
}

fn gauge(name: Option<&str>) -> Option<RateTrouble> {
    let name = name.filter(|name| GAUGES.contains(name))?;
    Some(RateTrouble::OfGauge { name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::parse;

    #[test]
    fn a_rate_needs_two_samples_of_a_counter() {
        let short = "a range of 20s may have fewer than the two samples needed, 30s has them";
        let of_sum = "the resets of single counters are lost in `sum`, so its rate is wrong after each";
        let of_up = "`up` is no counter, and each fall is taken for a reset";
        for (text, expected) in [
            ("rate(x[5m])", vec![]),
            ("rate(x[30s])", vec![]),
            ("sum(rate(x[20s]))", vec![("rate(x[20s])", short)]),
            ("irate(x[20s]) / increase(y[20s])", vec![("irate(x[20s])", short), ("increase(y[20s])", short)]),
            ("delta(x[20s])", vec![]),
            ("max_over_time(x[20s])", vec![]),
            ("rate(sum(x)[5m:])", vec![("rate(sum(x)[5m:])", of_sum)]),
            (
                "increase((sum by (a) (rate(x[5m])))[1h:1m])",
                vec![("increase((sum by (a) (rate(x[5m])))[1h:1m])", of_sum)],
            ),
            ("sum(rate(x[5m]))", vec![]),
            ("max_over_time(sum(rate(x[5m]))[1h:1m])", vec![]),
            ("rate(x[1h:1m])", vec![]),
            ("rate(up{job=\"a\"}[5m])", vec![("rate(up{job=\"a\"}[5m])", of_up)]),
            (
                "rate({__name__=\"up\"}[20s])",
                vec![("rate({__name__=\"up\"}[20s])", short), ("rate({__name__=\"up\"}[20s])", of_up)],
            ),
            ("rate(up[1h:1m])", vec![("rate(up[1h:1m])", of_up)]),
            ("delta(up[5m])", vec![]),
            ("changes(up[5m])", vec![]),
        ] {
            let found = rate_problems(&parse(text).unwrap(), TimeDelta::seconds(15));
            let found: Vec<_> =
                found.iter().map(|it| (&text[it.span.clone()], it.trouble.to_string())).collect();
            let found: Vec<_> = found.iter().map(|(place, words)| (*place, words.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
