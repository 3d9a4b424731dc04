//! Vectors that have a sample whatever the data.

use super::alike::are_alike;
use super::bounds::{always_holds, bounds};
use crate::promql::ast::{Aggregator, Binary, BinaryOp, Call, Expr, ExprKind, Matching, Span};
use crate::promql::functions::ValueType;

/// Functions that answer as many samples as they are given.
const SAMPLE_BY_SAMPLE: &[&str] = &[
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "ceil",
    "clamp_max",
    "clamp_min",
    "cos",
    "cosh",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "deg",
    "exp",
    "floor",
    "hour",
    "label_join",
    "label_replace",
    "ln",
    "log10",
    "log2",
    "minute",
    "month",
    "rad",
    "round",
    "sgn",
    "sin",
    "sinh",
    "sort",
    "sort_desc",
    "sqrt",
    "tan",
    "tanh",
    "timestamp",
    "year",
];

/// An expression that answers something at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Always {
    /// What makes it so.
    pub span: Span,
    /// Why, as a phrase.
    pub why: &'static str,
}

/// Whether an expression answers at least one sample whatever the data, and why.
pub fn always_returns_something(expr: &Expr) -> Option<Always> {
    let here = |why| Some(Always { span: expr.span.clone(), why });
    if expr.value_type() == ValueType::Scalar {
        return here("a number is always there");
    }
    match &expr.kind {
        ExprKind::Paren(inner) => always_returns_something(inner),
        ExprKind::Unary(unary) => always_returns_something(&unary.expr),
        ExprKind::Aggregation(aggregation) => {
            let is_kept = match (aggregation.op, &aggregation.parameter) {
                (Aggregator::Topk | Aggregator::Bottomk, Some(n)) => {
                    bounds(n).only().is_some_and(|n| (1.0..=1e9).contains(&n))
                }
                _ => true,
            };
            always_returns_something(&aggregation.expr).filter(|_| is_kept)
        }
        ExprKind::Call(call) if call.function.name == "vector" => here("`vector(...)` is always there"),
        ExprKind::Call(call) if call.args.is_empty() => here("the time is always there"),
        ExprKind::Call(call) => of_call(call),
        ExprKind::Binary(binary) if binary.op == BinaryOp::Or => {
            let is_other =
                is_absence_of(&binary.left, &binary.right) || is_absence_of(&binary.right, &binary.left);
            let complement =
                || is_other.then(|| here("one side is there just when the other is not")).flatten();
            let either = || [&binary.left, &binary.right].into_iter().find_map(always_returns_something);
            complement().or_else(either)
        }
        ExprKind::Binary(binary) => of_binary(binary),
        _ => None,
    }
}

fn of_call(call: &Call) -> Option<Always> {
    let limit = |i: usize| call.args.get(i).and_then(|arg| bounds(arg).only());
    let is_kept = match (call.function.name, limit(1), limit(2)) {
        ("clamp", Some(min), Some(max)) => min <= max,
        (name, ..) => SAMPLE_BY_SAMPLE.contains(&name),
    };
    call.args.first().filter(|_| is_kept).and_then(always_returns_something)
}

fn of_binary(binary: &Binary) -> Option<Always> {
    let (left, right, op) = (&binary.left, &binary.right, binary.op);
    if op == BinaryOp::And {
        let meets_anything =
            matches!(&binary.matching, Some(Matching { is_on: true, labels }) if labels.is_empty());
        let both = || always_returns_something(left).filter(|_| always_returns_something(right).is_some());
        return meets_anything.then(both).flatten();
    }
    let is_scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
    let vector = match (is_scalar(left), is_scalar(right)) {
        (false, true) => left,
        (true, false) => right,
        // Whether two vectors meet depends on their labels.
        _ => return None,
    };
    let passes = !op.is_comparison() || binary.is_bool || always_holds(bounds(left), op, bounds(right));
    always_returns_something(vector).filter(|_| passes)
}

/// Whether the first is `absent(...)` of the second.
fn is_absence_of(absence: &Expr, expr: &Expr) -> bool {
    match &absence.bare().kind {
        ExprKind::Call(call) if call.function.name == "absent" => {
            call.args.first().is_some_and(|arg| are_alike(arg, expr))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::parse;

    #[test]
    fn what_is_there_whatever_the_data_is_found() {
        for (text, place) in [
            ("1", "1"),
            ("1 > bool 2", "1 > bool 2"),
            ("scalar(x)", "scalar(x)"),
            ("vector(1)", "vector(1)"),
            ("vector(0) == 0", "vector(0)"),
            ("vector(time()) > 0", "vector(time())"),
            ("2 > vector(1)", "vector(1)"),
            ("-(vector(1) * 2)", "vector(1)"),
            ("vector(1) > bool 2", "vector(1)"),
            ("hour()", "hour()"),
            ("hour() >= 0", "hour()"),
            ("absent(x) or x", "absent(x) or x"),
            ("(x) or absent(x)", "(x) or absent(x)"),
            ("sum(x or vector(0)) > bool 5", "vector(0)"),
            ("count(x) or on() vector(0)", "vector(0)"),
            ("topk(1, vector(1))", "vector(1)"),
            ("clamp(vector(1), 0, 5)", "vector(1)"),
            ("round(vector(1), 5) and on() vector(2)", "vector(1)"),
        ] {
            let found = always_returns_something(&parse(text).unwrap()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(&text[found.span], place, "{text}");
        }
    }

    #[test]
    fn what_may_be_missing_is_left_alone() {
        for text in [
            "x",
            "\"text\"",
            "absent(x)",
            "absent(x) or y",
            "absent(x) or x > 0",
            "absent(x) or x offset 1m",
            "vector(1) > 2",
            "vector(scalar(x)) > 0",
            "vector(time()) > 5",
            "hour() > 0",
            "vector(1) and vector(1)",
            "vector(1) and on() x",
            "vector(1) + x",
            "vector(1) unless x",
            "vector(NaN) == 0",
            "topk(0, vector(1))",
            "topk(scalar(x), vector(1))",
            "clamp(vector(1), 5, 0)",
            "clamp(vector(1), scalar(x), 5)",
            "histogram_quantile(0.9, vector(1))",
            "max_over_time(vector(1)[5m:])",
            "x > bool 1",
        ] {
            assert_eq!(always_returns_something(&parse(text).unwrap()), None, "{text}");
        }
    }
}
