//! Whether two expressions say the same.

use crate::promql::ast::{Call, Expr, ExprKind, LabelMatcher, Selector};

/// Whether two expressions are the same but for their places and for parentheses around them; then they have
/// the same value whenever they are evaluated together.
pub fn are_alike(a: &Expr, b: &Expr) -> bool {
    match (&a.bare().kind, &b.bare().kind) {
        (ExprKind::Number(a), ExprKind::Number(b)) => a.to_bits() == b.to_bits(),
        (ExprKind::Text(a), ExprKind::Text(b)) => a == b && !a.contains(char::REPLACEMENT_CHARACTER),
        (ExprKind::Selector(a), ExprKind::Selector(b)) => are_selectors_alike(a, b),
        (ExprKind::Range(a), ExprKind::Range(b)) => {
            a.range == b.range && are_selectors_alike(&a.selector, &b.selector)
        }
        (ExprKind::Subquery(a), ExprKind::Subquery(b)) => {
            (a.range, a.step, &a.modifiers) == (b.range, b.step, &b.modifiers) && are_alike(&a.expr, &b.expr)
        }
        (ExprKind::Unary(a), ExprKind::Unary(b)) => {
            a.is_negative == b.is_negative && are_alike(&a.expr, &b.expr)
        }
        (ExprKind::Binary(a), ExprKind::Binary(b)) => {
            (a.op, a.is_bool, &a.matching, &a.cardinality) == (b.op, b.is_bool, &b.matching, &b.cardinality)
                && are_alike(&a.left, &b.left)
                && are_alike(&a.right, &b.right)
        }
        (ExprKind::Aggregation(a), ExprKind::Aggregation(b)) => {
            let are_parameters_alike = match (&a.parameter, &b.parameter) {
                (Some(a), Some(b)) => are_alike(a, b),
                (a, b) => a.is_none() && b.is_none(),
            };
            a.op == b.op && a.grouping == b.grouping && are_parameters_alike && are_alike(&a.expr, &b.expr)
        }
        (ExprKind::Call(a), ExprKind::Call(b)) => are_calls_alike(a, b),
        _ => false,
    }
}

fn are_calls_alike(a: &Call, b: &Call) -> bool {
    a.function.name == b.function.name
        && a.args.len() == b.args.len()
        && a.args.iter().zip(&b.args).all(|(a, b)| are_alike(a, b))
}

/// Whether two selectors have the same name, modifiers and matchers, in whatever order.
fn are_selectors_alike(a: &Selector, b: &Selector) -> bool {
    let among = |matcher: &LabelMatcher, others: &[LabelMatcher]| {
        // What became a replacement character may have been anything.
        !matcher.value.contains(char::REPLACEMENT_CHARACTER)
            && others.iter().any(|other| {
                (&matcher.label, matcher.op, &matcher.value) == (&other.label, other.op, &other.value)
            })
    };
    a.name == b.name
        && a.modifiers == b.modifiers
        && a.matchers.len() == b.matchers.len()
        && a.matchers.iter().all(|matcher| among(matcher, &b.matchers))
        && b.matchers.iter().all(|matcher| among(matcher, &a.matchers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::parse;

    #[test]
    fn places_parentheses_and_the_order_of_matchers_make_no_difference() {
        let check = |a: &str, b: &str, expected: bool| {
            assert_eq!(are_alike(&parse(a).unwrap(), &parse(b).unwrap()), expected, "{a} and {b}");
        };
        check(r#"sum by (a) (x{b="1",c="2"})"#, r#"sum((x{c="2", b='1'})) by (a)"#, true);
        check("rate(x[5m] offset 1m) / -y", "rate( x[300s] offset 60s ) / -(y)", true);
        check("x", "y", false);
        check("x", "x offset 1m", false);
        check("x[5m]", "x[6m]", false);
        check(r#"x{a="1"}"#, r#"x{a="1",a="2"}"#, false);
        check(r#"x{a="\xff"}"#, r#"x{a="\xfe"}"#, false);
        check("sum by (a) (x)", "sum without (a) (x)", false);
        check("topk(1, x)", "topk(2, x)", false);
        check("x + on (a) y", "x + y", false);
        check("x == y", "x == bool y", false);
    }
}
