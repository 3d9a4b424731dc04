//! Vectors that are empty whatever the data.

use std::fmt;

use super::alike::are_alike;
use super::bounds::{bounds, can_hold};
use super::labels::{Difference, difference};
use super::matchers;
use crate::promql::ast::{
    Aggregator, Binary, BinaryOp, Call, Expr, ExprKind, Grouping, Matching, Selector, Span,
};
use crate::promql::functions::ValueType;

/// An expression that answers nothing, ever.
#[derive(Debug, Clone, PartialEq)]
pub struct Never {
    /// What makes it so.
    pub span: Span,
    /// Why.
    pub because: Because,
}

/// Why an expression never answers anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// No value of a label passes two matchers of one selector.
    Matchers {
        /// The label.
        label: String,
    },
    /// A filter that no value passes.
    OutOfBounds {
        /// The comparison.
        op: BinaryOp,
        /// The values on the left, in words.
        left: String,
        /// The values on the right, in words.
        right: String,
    },
    /// A count that is compared with what only a count of nothing could be, which is nothing and not 0.
    CountOfNothing,
    /// A comparison with NaN.
    NotANumber,
    /// No value passes the filters on both sides of `and`.
    Filters,
    /// The right side of `unless` has all that the left side has.
    AllExcluded,
    /// A label differs between whatever the two sides have.
    NeverMeets(Difference),
    /// `clamp` with a minimum above its maximum.
    Clamp,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Matchers { label } => write!(f, "no value of `{label}` passes both matchers"),
            Self::OutOfBounds { op, left, right } => {
                write!(f, "the left side is {left} and the right side is {right}, so `{op}` never holds")
            }
            Self::CountOfNothing => f.write_str("the count of no series is no sample, and not 0"),
            Self::NotANumber => f.write_str("nothing compares so with `NaN`"),
            Self::Filters => f.write_str("no value passes the filters on both sides"),
            Self::AllExcluded => f.write_str("`unless` takes away all that the left side has"),
            Self::NeverMeets(Difference { label, left, right }) => {
                write!(f, "`{label}` is `{left}` on the left and `{right}` on the right, so nothing meets")
            }
            Self::Clamp => f.write_str("`clamp` answers nothing when its minimum is above its maximum"),
        }
    }
}

impl Because {
    /// What to write instead.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::CountOfNothing => Some("`absent(...)` answers 1 when there are no series".to_owned()),
            Self::NotANumber => Some("`x != x` finds the samples that are `NaN`".to_owned()),
            Self::NeverMeets(Difference { label, .. }) => Some(format!(
                "`ignoring ({label})` leaves that label out, `on (...)` names the ones that count"
            )),
            _ => None,
        }
    }
}

/// Whether an instant vector is empty whatever the data, and why.
///
/// A part that is empty does not make the whole so; ask for each part of [`walk`](crate::promql::walk).
pub fn can_never_return_anything(expr: &Expr) -> Option<Never> {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) => None,
        ExprKind::Selector(selector) => of_selector(selector),
        ExprKind::Range(range) => of_selector(&range.selector),
        ExprKind::Subquery(subquery) => can_never_return_anything(&subquery.expr),
        ExprKind::Paren(inner) => can_never_return_anything(inner),
        ExprKind::Unary(unary) => can_never_return_anything(&unary.expr),
        ExprKind::Binary(binary) => of_binary(binary, &expr.span),
        ExprKind::Aggregation(aggregation) => can_never_return_anything(&aggregation.expr),
        ExprKind::Call(call) => of_call(call, &expr.span),
    }
}

fn of_selector(selector: &Selector) -> Option<Never> {
    let (first, second) = matchers::contradiction(selector)?;
    let span = first.span.start..second.span.end;
    Some(Never { span, because: Because::Matchers { label: first.label.clone() } })
}

fn of_call(call: &Call, span: &Span) -> Option<Never> {
    match call.function.name {
        // They answer something just when there is nothing, or whatever there is.
        "absent" | "absent_over_time" | "scalar" | "vector" => return None,
        "clamp" => {
            let limit = |i: usize| call.args.get(i).and_then(|arg| bounds(arg).only());
            if let (Some(min), Some(max)) = (limit(1), limit(2))
                && max < min
            {
                return Some(Never { span: span.clone(), because: Because::Clamp });
            }
        }
        _ => {}
    }
    let is_series = |arg: &&Expr| matches!(arg.value_type(), ValueType::Vector | ValueType::Range);
    call.args.iter().filter(is_series).find_map(can_never_return_anything)
}

fn of_binary(binary: &Binary, span: &Span) -> Option<Never> {
    let (left, right) = (&binary.left, &binary.right);
    let is_vector = |expr: &Expr| expr.value_type() == ValueType::Vector;
    let empty = |expr: &Expr| if is_vector(expr) { can_never_return_anything(expr) } else { None };
    if binary.op == BinaryOp::Or {
        return empty(left).filter(|_| empty(right).is_some());
    }
    if binary.op == BinaryOp::Unless {
        return empty(left).or_else(|| excluded(binary, span));
    }
    let because = || {
        if is_vector(left)
            && is_vector(right)
            && let Some(difference) = difference(binary)
        {
            return Some(Because::NeverMeets(difference));
        }
        if binary.op == BinaryOp::And { contradictory_filters(binary) } else { impossible_filter(binary) }
    };
    let here = || Some(Never { span: span.clone(), because: because()? });
    empty(left).or_else(|| empty(right)).or_else(here)
}

/// A comparison that holds for no value.
fn impossible_filter(binary: &Binary) -> Option<Because> {
    let is_scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
    let (op, left, right) = (binary.op, bounds(&binary.left), bounds(&binary.right));
    if !op.is_comparison() || binary.is_bool || (is_scalar(&binary.left) && is_scalar(&binary.right)) {
        return None;
    }
    if can_hold(left, op, right) {
        return None;
    }
    if [left, right].iter().any(|side| side.only().is_some_and(f64::is_nan)) {
        return Some(Because::NotANumber);
    }
    let is_count = |expr: &Expr| match &expr.bare().kind {
        ExprKind::Aggregation(aggregation) => aggregation.op == Aggregator::Count,
        _ => false,
    };
    let is_small = |expr: &Expr| bounds(expr).only().is_some_and(|value| (0.0..=1.0).contains(&value));
    if (is_count(&binary.left) && is_small(&binary.right))
        || (is_small(&binary.left) && is_count(&binary.right))
    {
        return Some(Because::CountOfNothing);
    }
    Some(Because::OutOfBounds { op, left: left.to_string(), right: right.to_string() })
}

/// `x > 5 and x < 3`: what meets on both sides is one sample, which passes only one filter.
fn contradictory_filters(binary: &Binary) -> Option<Because> {
    let (left, right) = (core(&binary.left), core(&binary.right));
    let are_labels_whole =
        binary.matching.as_ref().is_none_or(|Matching { is_on, labels }| !is_on && labels.is_empty());
    if !are_labels_whole || !are_told_apart_by_labels(left) || !are_alike(left, right) {
        return None;
    }
    bounds(&binary.left).and(bounds(&binary.right)).is_empty().then_some(Because::Filters)
}

/// `x > 5 unless x`: whatever the labels that decide, each sample meets itself.
fn excluded(binary: &Binary, span: &Span) -> Option<Never> {
    are_alike(core(&binary.left), &binary.right)
        .then(|| Never { span: span.clone(), because: Because::AllExcluded })
}

/// The vector of which an expression keeps a part of the samples, as they are.
fn core(expr: &Expr) -> &Expr {
    let mut expr = expr.bare();
    while let ExprKind::Binary(binary) = &expr.kind {
        let is_filter = binary.op.is_comparison() && !binary.is_bool;
        let is_scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
        expr = match binary.op {
            BinaryOp::And | BinaryOp::Unless => binary.left.bare(),
            _ if is_filter && is_scalar(&binary.right) => binary.left.bare(),
            _ if is_filter && is_scalar(&binary.left) => binary.right.bare(),
            _ => break,
        };
    }
    expr
}

/// Whether no two samples of a vector have the same labels when names of metrics are left out.
fn are_told_apart_by_labels(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Selector(selector) => matchers::name(selector).is_some(),
        ExprKind::Range(range) => matchers::name(&range.selector).is_some(),
        ExprKind::Subquery(subquery) => are_told_apart_by_labels(&subquery.expr),
        ExprKind::Paren(inner) => are_told_apart_by_labels(inner),
        ExprKind::Aggregation(aggregation) => match aggregation.op {
            Aggregator::Topk | Aggregator::Bottomk | Aggregator::CountValues => false,
            _ => !aggregation.grouping.as_ref().is_some_and(|Grouping { is_without, labels }| {
                !is_without && labels.iter().any(|label| label == "__name__")
            }),
        },
        ExprKind::Call(call) => {
            !matches!(call.function.name, "label_replace" | "label_join" | "histogram_quantile")
                && call
                    .args
                    .iter()
                    .all(|arg| arg.value_type() == ValueType::Scalar || are_told_apart_by_labels(arg))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::parse;

    /// A query, the part that makes it empty (none: the whole), and why.
    const EMPTY: &[(&str, &str, &str)] = &[
        ("vector(1) > 2", "", "the left side is 1 and the right side is 2, so `>` never holds"),
        ("x > 5 < 3", "", "the left side is above 5 and the right side is 3, so `<` never holds"),
        ("x > 5 <= 5", "", "the left side is above 5 and the right side is 5, so `<=` never holds"),
        ("x > 5 and x < 3", "", "no value passes the filters on both sides"),
        ("(x > 5 and y) and on() z and x < 3", "", "no value passes the filters on both sides"),
        ("rate(x[5m]) == 0 and rate(x[5m]) > 0", "", "no value passes the filters on both sides"),
        ("absent(x) > 1", "", "the left side is 1 and the right side is 1, so `>` never holds"),
        ("absent(x) == 0", "", "the left side is 1 and the right side is 0, so `==` never holds"),
        ("absent(x) != 1", "", "the left side is 1 and the right side is 1, so `!=` never holds"),
        ("count(x) == 0", "", "the count of no series is no sample, and not 0"),
        ("count(x) < 1", "", "the count of no series is no sample, and not 0"),
        ("0 >= (count by (a) (x))", "", "the count of no series is no sample, and not 0"),
        ("count(x) < -1", "", "the left side is at least 1 and the right side is -1, so `<` never holds"),
        (
            "sum(count by (a) (x)) == 0",
            "",
            "the left side is at least 1 and the right side is 0, so `==` never holds",
        ),
        ("up > 1", "", "the left side is 0 to 1 and the right side is 1, so `>` never holds"),
        ("up < 0", "", "the left side is 0 to 1 and the right side is 0, so `<` never holds"),
        ("up == 2", "", "the left side is 0 to 1 and the right side is 2, so `==` never holds"),
        (
            "sum(avg_over_time(up[5m])) < 0",
            "",
            "the left side is at least 0 and the right side is 0, so `<` never holds",
        ),
        ("ALERTS > 1", "", "the left side is 1 and the right side is 1, so `>` never holds"),
        (
            "ALERTS{alertname=\"a\"} == 0",
            "",
            "the left side is 1 and the right side is 0, so `==` never holds",
        ),
        ("probe_success > 1", "", "the left side is 0 to 1 and the right side is 1, so `>` never holds"),
        (
            "up > ignoring(b) ALERTS",
            "",
            "the left side is 0 to 1 and the right side is 1, so `>` never holds",
        ),
        ("day_of_week() == 7", "", "the left side is 0 to 6 and the right side is 7, so `==` never holds"),
        ("x == NaN", "", "nothing compares so with `NaN`"),
        ("x unless x", "", "`unless` takes away all that the left side has"),
        ("x > 5 unless on (a) (x)", "", "`unless` takes away all that the left side has"),
        (
            "up{job=\"a\"} and up{job=\"b\"}",
            "",
            "`job` is `a` on the left and `b` on the right, so nothing meets",
        ),
        ("sum(x) / y{a=\"b\"}", "", "`a` is `` on the left and `b` on the right, so nothing meets"),
        ("{job=\"a\",job=\"b\"}", "job=\"a\",job=\"b\"", "no value of `job` passes both matchers"),
        (
            "sum(rate(x{job=\"a\",i=\"c\",job!=\"a\"}[5m]))",
            "job=\"a\",i=\"c\",job!=\"a\"",
            "no value of `job` passes both matchers",
        ),
        ("clamp(x, 5, 3)", "", "`clamp` answers nothing when its minimum is above its maximum"),
        ("clamp_max(x, 5) > 5", "", "the left side is at most 5 and the right side is 5, so `>` never holds"),
        ("-abs(up > 1) * 2", "up > 1", "the left side is 0 to 1 and the right side is 1, so `>` never holds"),
        ("up > 1 or up < 0", "up > 1", "the left side is 0 to 1 and the right side is 1, so `>` never holds"),
        (
            "max_over_time((up > 1)[1h:]) or vector(1) > 2",
            "up > 1",
            "the left side is 0 to 1 and the right side is 1, so `>` never holds",
        ),
        ("up > 1 unless y", "up > 1", "the left side is 0 to 1 and the right side is 1, so `>` never holds"),
        ("y and up > 1", "up > 1", "the left side is 0 to 1 and the right side is 1, so `>` never holds"),
    ];

    #[test]
    fn what_is_empty_whatever_the_data_is_found_where_it_is_and_why() {
        for (text, place, why) in EMPTY {
            let found = can_never_return_anything(&parse(text).unwrap()).unwrap_or_else(|| panic!("{text}"));
            let place = if place.is_empty() { text } else { place };
            assert_eq!((&text[found.span], found.because.to_string().as_str()), (*place, *why), "{text}");
        }
    }

    #[test]
    fn what_may_answer_something_is_left_alone() {
        for text in [
            "1 > bool 2",
            "vector(1) > bool 2",
            "x",
            "x > 5 < 6",
            "x >= 5 <= 5",
            "x > 5 or x < 3",
            "x > 5 and y < 3",
            "x > 5 and x offset 5m < 3",
            "x > 5 and on (a) x < 3",
            "x > 5 and ignoring (a) x < 3",
            "{a=\"b\"} > 5 and {a=\"b\"} < 3",
            "sum by (__name__, a) ({a=\"b\"}) > 5 and sum by (__name__, a) ({a=\"b\"}) < 3",
            "topk(1, x) > 5 and topk(1, x) < 3",
            "x != x",
            "x != NaN",
            "absent(up > 1)",
            "absent(x) >= 1",
            "absent(x) == 1",
            "count(x) == 1",
            "count(x) < 2",
            "count(x) == bool 0",
            "sum(x) == 0",
            "sum(up) == 0",
            "rate(x[5m]) < 0",
            "up == 0",
            "up != 1",
            "up >= 1",
            "avg(up) < 1",
            "stddev(up) > 1",
            "quantile(2, up) > 1",
            "up{job=\"a\"} and ignoring (job) up{job=\"b\"}",
            "up{job=\"a\"} and on (instance) up{job=\"b\"}",
            "up{job=\"a\"} or up{job=\"b\"}",
            "up{job=\"a\"} unless up{job=\"b\"}",
            "x unless x offset 1m",
            "x unless x > 5",
            "x unless y",
            "up > 1 or x",
            "vector(scalar(up > 1))",
            "clamp(x, scalar(y), 3)",
            "clamp(x, 3, 3)",
            "clamp(x, NaN, 3)",
            "hour() > 22",
            "time() > bool 5",
            "{job=\"a\",job=~\"a|b\"}",
        ] {
            assert_eq!(can_never_return_anything(&parse(text).unwrap()), None, "{text}");
        }
    }

    #[test]
    fn the_classic_mistake_has_its_remedy() {
        let never = can_never_return_anything(&parse("count(up{job=\"a\"}) == 0").unwrap()).unwrap();
        assert_eq!(never.because.help().as_deref(), Some("`absent(...)` answers 1 when there are no series"));
    }
}
