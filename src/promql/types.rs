//! What fits what: arguments, operands, and where matching of labels may stand.

use super::ast::{
    Aggregation, Aggregator, Binary, Call, Cardinality, Expr, ExprKind, LabelMatcher, MatchOp, Selector,
};
use super::error::SyntaxError;
use super::functions::ValueType;
use super::re2;

/// Checks an expression and answers its type.
pub fn check(expr: &Expr) -> Result<ValueType, SyntaxError> {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) => {}
        ExprKind::Selector(selector) => check_selector(selector)?,
        ExprKind::Range(range) => check_selector(&range.selector)?,
        ExprKind::Subquery(subquery) => expect(&subquery.expr, ValueType::Vector, "a subquery")?,
        ExprKind::Paren(inner) => return check(inner),
        ExprKind::Unary(unary) => {
            let found = check(&unary.expr)?;
            if !is_operand(found) {
                return Err(SyntaxError::new(expr.span.clone(), format!("a sign before {found}")));
            }
            return Ok(found);
        }
        ExprKind::Binary(binary) => return check_binary(binary, expr),
        ExprKind::Aggregation(aggregation) => check_aggregation(aggregation)?,
        ExprKind::Call(call) => check_call(call, expr)?,
    }
    Ok(expr.value_type())
}

fn is_operand(found: ValueType) -> bool {
    matches!(found, ValueType::Scalar | ValueType::Vector)
}

fn expect(expr: &Expr, expected: ValueType, what: &str) -> Result<(), SyntaxError> {
    let found = check(expr)?;
    if found == expected {
        return Ok(());
    }
    let error = SyntaxError::new(expr.span.clone(), format!("expected {expected} in {what}, found {found}"));
    Err(match (expected, found) {
        (ValueType::Range, ValueType::Vector) => error.help("give it a range, as in `x[5m]`"),
        (ValueType::Vector, ValueType::Scalar) => error.help("`vector(...)` makes a vector of a number"),
        (ValueType::Scalar, ValueType::Vector) => error.help("`scalar(...)` makes a number of one sample"),
        _ => error,
    })
}

fn check_selector(selector: &Selector) -> Result<(), SyntaxError> {
    if let Some(name) = &selector.name {
        // Whether another name is forbidden depends on nothing but its being there.
        return match selector.matchers.iter().find(|matcher| matcher.label == "__name__") {
            Some(matcher) => {
                let message = format!("the name of the metric is given twice, it is `{name}` already");
                Err(SyntaxError::new(matcher.span.clone(), message))
            }
            None => Ok(()),
        };
    }
    if selector.matchers.iter().any(|matcher| !takes_empty(matcher)) {
        return Ok(());
    }
    let message = "the selector takes any series, as each of its matchers takes the empty text";
    Err(SyntaxError::new(selector.span.clone(), message)
        .help("name the metric, or a label that has to be there"))
}

/// Whether a series without the label passes.
fn takes_empty(matcher: &LabelMatcher) -> bool {
    // A pattern that Go refuses was reported by the parser.
    let is_match = || re2::matches_empty(&matcher.value).unwrap_or(false);
    match matcher.op {
        MatchOp::Equal => matcher.value.is_empty(),
        MatchOp::NotEqual => !matcher.value.is_empty(),
        MatchOp::Regex => is_match(),
        MatchOp::NotRegex => !is_match(),
    }
}

fn check_aggregation(aggregation: &Aggregation) -> Result<(), SyntaxError> {
    let name = format!("`{}`", aggregation.op);
    if let Some(parameter) = &aggregation.parameter {
        let expected =
            if aggregation.op == Aggregator::CountValues { ValueType::Text } else { ValueType::Scalar };
        expect(parameter, expected, &format!("the parameter of {name}"))?;
    }
    expect(&aggregation.expr, ValueType::Vector, &name)
}

fn check_call(call: &Call, expr: &Expr) -> Result<(), SyntaxError> {
    let function = call.function;
    let (min, max) = function.n_args();
    let n = call.args.len();
    if n < min || max.is_some_and(|max| max < n) {
        let expected = match max {
            None => format!("at least {}", crate::counted(min, "argument")),
            Some(max) if min == max => crate::counted(min, "argument"),
            Some(max) => format!("{min} to {}", crate::counted(max, "argument")),
        };
        let message = format!("`{}` takes {expected}, found {n}", function.name);
        return Err(SyntaxError::new(expr.span.clone(), message));
    }
    for (i, arg) in call.args.iter().enumerate() {
        if let Some(expected) = function.args.get(i).or(function.args.last()) {
            expect(arg, *expected, &format!("a call of `{}`", function.name))?;
        }
    }
    Ok(())
}

fn check_binary(binary: &Binary, expr: &Expr) -> Result<ValueType, SyntaxError> {
    let (left, right) = (check(&binary.left)?, check(&binary.right)?);
    let op = binary.op;
    let fault = |message: String| Err(SyntaxError::new(binary.op_span.clone(), message));
    for (operand, found) in [(&binary.left, left), (&binary.right, right)] {
        if !is_operand(found) {
            let message = format!("`{op}` needs numbers or instant vectors, found {found}");
            return Err(SyntaxError::new(operand.span.clone(), message));
        }
    }
    let is_vector = |found| found == ValueType::Vector;
    if binary.is_bool && !op.is_comparison() {
        return fault(format!("`bool` stands only behind a comparison, not behind `{op}`"));
    }
    if op.is_comparison() && !binary.is_bool && !is_vector(left) && !is_vector(right) {
        return fault(format!("a comparison of two numbers has to be `{op} bool`"));
    }
    if op.is_set() && !(is_vector(left) && is_vector(right)) {
        return fault(format!("`{op}` needs an instant vector on both sides"));
    }
    if !(is_vector(left) && is_vector(right)) {
        // An empty list is taken, and so is `group_left` without one: Prometheus drops both.
        if binary.matching.as_ref().is_some_and(|matching| !matching.labels.is_empty()) {
            return Err(SyntaxError::new(
                expr.span.clone(),
                "labels are matched only between two instant vectors",
            ));
        }
    } else if op.is_set() && binary.cardinality != Cardinality::Plain {
        return fault(format!("`{op}` takes neither `group_left` nor `group_right`"));
    }
    check_labels(binary)?;
    Ok(if is_vector(left) || is_vector(right) { ValueType::Vector } else { ValueType::Scalar })
}

/// A label that decides what meets what is the same on both sides, so that there is nothing to bring over.
fn check_labels(binary: &Binary) -> Result<(), SyntaxError> {
    let (Some(matching), Cardinality::GroupLeft(brought) | Cardinality::GroupRight(brought)) =
        (&binary.matching, &binary.cardinality)
    else {
        return Ok(());
    };
    match matching.labels.iter().find(|label| matching.is_on && brought.contains(label)) {
        Some(label) => {
            let message = format!("the label `{label}` stands in `on` and is brought over as well");
            Err(SyntaxError::new(binary.op_span.clone(), message))
        }
        None => Ok(()),
    }
}
