//! Between which values every sample of an expression lies.
//!
//! The bounds are never too narrow: arithmetic closes them, because rounding may reach them.

use std::fmt;

use crate::promql::ast::{Aggregation, Aggregator, Binary, BinaryOp, Call, Expr, ExprKind, Selector};
use crate::promql::functions::ValueType;

/// Metrics whose values Prometheus, or the exporter that everybody means, bounds.
const METRICS: [(&str, f64, f64); 3] = [("up", 0.0, 1.0), ("probe_success", 0.0, 1.0), ("ALERTS", 1.0, 1.0)];

/// Functions whose values are bounded whatever they are given; NaN stays NaN.
const FUNCTIONS: [(&str, f64, f64); 14] = [
    ("abs", 0.0, f64::INFINITY),
    ("absent", 1.0, 1.0),
    ("absent_over_time", 1.0, 1.0),
    ("changes", 0.0, f64::INFINITY),
    ("count_over_time", 1.0, f64::INFINITY),
    ("day_of_month", 1.0, 31.0),
    ("day_of_week", 0.0, 6.0),
    ("day_of_year", 1.0, 366.0),
    ("days_in_month", 28.0, 31.0),
    ("hour", 0.0, 23.0),
    ("minute", 0.0, 59.0),
    ("month", 1.0, 12.0),
    ("present_over_time", 1.0, 1.0),
    ("resets", 0.0, f64::INFINITY),
];

/// An interval of numbers, and whether NaN is possible beside them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    low: f64,
    high: f64,
    is_low_in: bool,
    is_high_in: bool,
    may_be_nan: bool,
}

impl Bounds {
    const ANY: Self = Self { may_be_nan: true, ..Self::within(f64::NEG_INFINITY, f64::INFINITY) };

    const fn within(low: f64, high: f64) -> Self {
        Self { low, high, is_low_in: true, is_high_in: true, may_be_nan: false }
    }

    fn exactly(value: f64) -> Self {
        if value.is_nan() {
            // No number at all.
            return Self { may_be_nan: true, ..Self::within(f64::INFINITY, f64::NEG_INFINITY) };
        }
        Self::within(value, value)
    }

    /// The one value that is possible.
    #[expect(clippy::float_cmp, reason = "the bounds are the same number or they are not")]
    pub fn only(self) -> Option<f64> {
        if self.may_be_nan {
            return (self.high < self.low).then_some(f64::NAN);
        }
        (self.low == self.high).then_some(self.low)
    }

    /// Whether no value is possible, NaN included.
    pub fn is_empty(self) -> bool {
        !self.may_be_nan && self.has_no_number()
    }

    #[expect(clippy::float_cmp, reason = "the bounds are the same number or they are not")]
    fn has_no_number(self) -> bool {
        self.high < self.low || (self.low == self.high && !(self.is_low_in && self.is_high_in))
    }

    /// The values that lie in both.
    pub fn and(self, other: Self) -> Self {
        let (low, is_low_in) = tighter((self.low, self.is_low_in), (other.low, other.is_low_in), f64::max);
        let (high, is_high_in) =
            tighter((self.high, self.is_high_in), (other.high, other.is_high_in), f64::min);
        Self { low, high, is_low_in, is_high_in, may_be_nan: self.may_be_nan && other.may_be_nan }
    }

    fn or(self, other: Self) -> Self {
        let may_be_nan = self.may_be_nan || other.may_be_nan;
        Self { may_be_nan, ..Self::within(self.low.min(other.low), self.high.max(other.high)) }
    }

    /// What is left of the values when they are compared with others.
    fn filtered(self, op: BinaryOp, other: Self) -> Self {
        let numbers = Self { may_be_nan: false, ..Self::ANY };
        self.and(match op {
            BinaryOp::Equal => Self { may_be_nan: false, ..other },
            BinaryOp::Less => Self { high: other.high, is_high_in: false, ..numbers },
            BinaryOp::LessOrEqual => Self { high: other.high, is_high_in: other.is_high_in, ..numbers },
            BinaryOp::Greater => Self { low: other.low, is_low_in: false, ..numbers },
            BinaryOp::GreaterOrEqual => Self { low: other.low, is_low_in: other.is_low_in, ..numbers },
            _ => return self,
        })
    }

    fn negated(self) -> Self {
        let (low, high) = (-self.high, -self.low);
        Self { low, high, is_low_in: self.is_high_in, is_high_in: self.is_low_in, ..self }
    }

    /// The bounds after a function that grows or falls all the way, up to rounding.
    fn mapped(self, f: impl Fn(f64) -> f64) -> Self {
        if self.has_no_number() {
            return self;
        }
        let (a, b) = (f(self.low), f(self.high));
        if a.is_nan() || b.is_nan() {
            return Self::ANY;
        }
        Self { may_be_nan: self.may_be_nan, ..Self::within(a.min(b), a.max(b)) }
    }

    /// The bounds of a sum of at least one sample.
    fn summed(self) -> Self {
        if 0.0 <= self.low && self.low <= self.high {
            return Self { high: f64::INFINITY, is_high_in: true, ..self };
        }
        Self::ANY
    }

    /// The bounds of a mean; where rounding might leave the bounds, there are none.
    fn averaged(self) -> Self {
        match self.only() {
            Some(value) if value.is_finite() => self,
            _ if 0.0 <= self.low && self.high <= 1.0 && !self.may_be_nan => Self::within(0.0, 1.0),
            _ => Self::ANY,
        }
    }
}

/// The tighter of two ends; of two equal ones the one that is not in.
#[expect(clippy::float_cmp, reason = "one of the two is returned as it is")]
fn tighter(a: (f64, bool), b: (f64, bool), choose: fn(f64, f64) -> f64) -> (f64, bool) {
    if a.0 == b.0 {
        return (a.0, a.1 && b.1);
    }
    if choose(a.0, b.0) == a.0 { a } else { b }
}

impl fmt::Display for Bounds {
    /// In words: `0 to 1`, `above 5`, `1`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        // To people, -0 is 0.
        let (low, high) = (self.low + 0.0, self.high + 0.0);
        match (self.only(), f64::NEG_INFINITY < low, high < f64::INFINITY) {
            (Some(value), ..) => write!(f, "{}", value + 0.0),
            (None, true, true) => write!(f, "{low} to {high}"),
            (None, true, false) if self.is_low_in => write!(f, "at least {low}"),
            (None, true, false) => write!(f, "above {low}"),
            (None, false, true) if self.is_high_in => write!(f, "at most {high}"),
            (None, false, true) => write!(f, "below {high}"),
            (None, false, false) => f.write_str("any number"),
        }
    }
}

/// Whether some value on the left compares so with some value on the right.
#[expect(clippy::float_cmp, reason = "PromQL compares exactly")]
pub fn can_hold(left: Bounds, op: BinaryOp, right: Bounds) -> bool {
    match op {
        BinaryOp::NotEqual => match (left.only(), right.only()) {
            (Some(left), Some(right)) => left != right,
            _ => true,
        },
        // A value that is compared has to be there, and has to be a number.
        _ => !left.filtered(op, right).has_no_number() && !right.has_no_number(),
    }
}

/// Whether every value on the left compares so with every value on the right.
pub fn always_holds(left: Bounds, op: BinaryOp, right: Bounds) -> bool {
    let opposite = match op {
        BinaryOp::Equal => BinaryOp::NotEqual,
        BinaryOp::NotEqual => return !can_hold(left, BinaryOp::Equal, right),
        BinaryOp::Less => BinaryOp::GreaterOrEqual,
        BinaryOp::LessOrEqual => BinaryOp::Greater,
        BinaryOp::Greater => BinaryOp::LessOrEqual,
        BinaryOp::GreaterOrEqual => BinaryOp::Less,
        _ => return false,
    };
    !left.may_be_nan && !right.may_be_nan && !can_hold(left, opposite, right)
}

/// The bounds of a number, of the samples of a vector, or of those of a range.
pub fn bounds(expr: &Expr) -> Bounds {
    match &expr.kind {
        ExprKind::Number(value) => Bounds::exactly(*value),
        ExprKind::Text(_) => Bounds::ANY,
        ExprKind::Selector(selector) => of_selector(selector),
        ExprKind::Range(range) => of_selector(&range.selector),
        ExprKind::Subquery(subquery) => bounds(&subquery.expr),
        ExprKind::Paren(inner) => bounds(inner),
        ExprKind::Unary(unary) if unary.is_negative => bounds(&unary.expr).negated(),
        ExprKind::Unary(unary) => bounds(&unary.expr),
        ExprKind::Binary(binary) => of_binary(binary),
        ExprKind::Aggregation(aggregation) => of_aggregation(aggregation),
        ExprKind::Call(call) => of_call(call),
    }
}

fn of_selector(selector: &Selector) -> Bounds {
    let name = super::matchers::name(selector);
    let known = METRICS.iter().find(|(known, ..)| Some(*known) == name);
    known.map_or(Bounds::ANY, |(_, low, high)| Bounds::within(*low, *high))
}

fn of_binary(binary: &Binary) -> Bounds {
    let (left, right, op) = (bounds(&binary.left), bounds(&binary.right), binary.op);
    match op {
        BinaryOp::And | BinaryOp::Unless => left,
        BinaryOp::Or => left.or(right),
        _ if op.is_comparison() && binary.is_bool => {
            match (can_hold(left, op, right), always_holds(left, op, right)) {
                (_, true) => Bounds::exactly(1.0),
                (false, false) => Bounds::exactly(0.0),
                _ => Bounds::within(0.0, 1.0),
            }
        }
        _ if op.is_comparison() => of_filter(binary, left, right),
        _ => of_arithmetic(left, op, right),
    }
}

/// A filter keeps the value of the vector, whichever side it stands on; of two vectors that of the left one.
fn of_filter(binary: &Binary, left: Bounds, right: Bounds) -> Bounds {
    if binary.left.value_type() == ValueType::Scalar {
        return right.filtered(mirrored(binary.op), left);
    }
    left.filtered(binary.op, right)
}

/// The comparison that says the same with its sides swapped.
fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        op => op,
    }
}

/// Arithmetic of which at least one side is a finite number.
fn of_arithmetic(left: Bounds, op: BinaryOp, right: Bounds) -> Bounds {
    let finite = |bounds: Bounds| bounds.only().filter(|value| value.is_finite());
    match (op, finite(left), finite(right)) {
        (BinaryOp::Add, _, Some(by)) => left.mapped(|value| value + by),
        (BinaryOp::Add, Some(by), _) => right.mapped(|value| value + by),
        (BinaryOp::Subtract, _, Some(by)) => left.mapped(|value| value - by),
        (BinaryOp::Subtract, Some(from), _) => right.mapped(|value| from - value),
        (BinaryOp::Multiply, _, Some(by)) if by != 0.0 => left.mapped(|value| value * by),
        (BinaryOp::Multiply, Some(by), _) if by != 0.0 => right.mapped(|value| value * by),
        (BinaryOp::Divide, _, Some(by)) if by != 0.0 => left.mapped(|value| value / by),
        _ => Bounds::ANY,
    }
}

fn of_aggregation(aggregation: &Aggregation) -> Bounds {
    let inner = bounds(&aggregation.expr);
    match aggregation.op {
        Aggregator::Min | Aggregator::Max | Aggregator::Topk | Aggregator::Bottomk => inner,
        Aggregator::Count | Aggregator::CountValues => Bounds::within(1.0, f64::INFINITY),
        Aggregator::Group => Bounds::exactly(1.0),
        Aggregator::Sum => inner.summed(),
        Aggregator::Avg => inner.averaged(),
        Aggregator::Quantile | Aggregator::Stddev | Aggregator::Stdvar => Bounds::ANY,
    }
}

fn of_call(call: &Call) -> Bounds {
    let arg = |i: usize| call.args.get(i).map_or(Bounds::ANY, bounds);
    let number = |i: usize| arg(i).only().filter(|value| !value.is_nan());
    let name = call.function.name;
    if let Some((_, low, high)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) {
        let may_be_nan = name == "abs" && arg(0).may_be_nan;
        return Bounds { may_be_nan, ..Bounds::within(*low, *high) };
    }
    match name {
        "vector" | "last_over_time" | "min_over_time" | "max_over_time" | "sort" | "sort_desc"
        | "label_replace" | "label_join" => arg(0),
        "scalar" => Bounds { may_be_nan: true, ..arg(0) },
        "sum_over_time" => arg(0).summed(),
        "avg_over_time" => arg(0).averaged(),
        "pi" => Bounds::exactly(std::f64::consts::PI),
        // Nobody evaluates anything at or before the beginning of 1970.
        "time" => Bounds { is_low_in: false, ..Bounds::within(0.0, f64::INFINITY) },
        "sgn" => Bounds { may_be_nan: arg(0).may_be_nan, ..Bounds::within(-1.0, 1.0) },
        "sqrt" => Bounds { low: 0.0, ..Bounds::ANY },
        "clamp_min" => number(1).map_or(Bounds::ANY, |low| clamped(arg(0), low, f64::INFINITY)),
        "clamp_max" => number(1).map_or(Bounds::ANY, |high| clamped(arg(0), f64::NEG_INFINITY, high)),
        "clamp" => match (number(1), number(2)) {
            (Some(low), Some(high)) if low <= high => clamped(arg(0), low, high),
            _ => Bounds::ANY,
        },
        _ => Bounds::ANY,
    }
}

/// A minimum above a maximum answers nothing, and is no case of this.
///
/// An infinite minimum or maximum makes a number of NaN in Go (`math.Max`, `math.Min`): nothing is judged then.
fn clamped(value: Bounds, low: f64, high: f64) -> Bounds {
    if low == f64::INFINITY || high == f64::NEG_INFINITY {
        return Bounds::ANY;
    }
    value.mapped(|value| value.max(low).min(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::parse;

    #[test]
    fn samples_lie_between_their_bounds() {
        for (text, words) in [
            ("x", "any number"),
            ("up", "0 to 1"),
            (r#"{__name__="up",job="a"}"#, "0 to 1"),
            (r#"{__name__=~"up"}"#, "0 to 1"),
            ("max_over_time(up[5m])", "0 to 1"),
            ("up > 0", "0 to 1"),
            ("avg(up) * 100", "0 to 100"),
            ("1 - up", "0 to 1"),
            ("-up", "-1 to 0"),
            ("sum(up)", "at least 0"),
            ("sum(ALERTS)", "at least 1"),
            ("sum(-up)", "any number"),
            ("avg(x > 5)", "any number"),
            ("count(x)", "at least 1"),
            ("count(x) - 1", "at least 0"),
            ("x > 5", "above 5"),
            ("5 < x", "above 5"),
            ("x <= 5 >= 1", "1 to 5"),
            ("x > time()", "above 0"),
            ("vector(1 + 2 * 3)", "7"),
            ("vector(1) > bool 2", "0"),
            ("x > bool 2", "0 to 1"),
            ("clamp(x, 0, 10)", "0 to 10"),
            ("clamp_max(up, 0.5)", "0 to 0.5"),
            ("clamp(vector(NaN), Inf, Inf)", "any number"),
            ("clamp_min(x, NaN)", "any number"),
            ("x or up", "any number"),
            ("vector(1) or vector(3)", "1 to 3"),
            ("x / 0", "any number"),
            ("x * Inf", "any number"),
            ("hour() + 1", "1 to 24"),
            ("quantile(0.9, up)", "any number"),
        ] {
            assert_eq!(bounds(&parse(text).unwrap()).to_string(), words, "{text}");
        }
    }

    #[test]
    fn nan_compares_with_nothing_but_in_being_unequal() {
        let (nan, one) = (Bounds::exactly(f64::NAN), Bounds::exactly(1.0));
        for op in [BinaryOp::Equal, BinaryOp::Less, BinaryOp::GreaterOrEqual] {
            assert!(
                !can_hold(nan, op, one) && !can_hold(one, op, nan) && !can_hold(Bounds::ANY, op, nan),
                "{op}"
            );
            assert!(!always_holds(nan, op, one), "{op}");
        }
        assert!(can_hold(nan, BinaryOp::NotEqual, nan) && always_holds(nan, BinaryOp::NotEqual, one));
        assert!(!always_holds(Bounds::ANY, BinaryOp::LessOrEqual, Bounds::exactly(f64::INFINITY)));
    }
}
