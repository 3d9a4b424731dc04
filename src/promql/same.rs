//! Whether two queries are one, however they are written.

use super::ast::{
    Aggregation, Binary, Call, Expr, ExprKind, Grouping, Matching, RangeSelector, Selector, Subquery,
};

/// Whether two queries say the same but for blank space, comments, quotes, and how durations and numbers are written.
///
/// Prometheus prints the queries of its rules anew: it leaves out `by ()` and `ignoring ()`, and parts of a sum stay in
/// their order.
pub fn are_same(one: &str, other: &str) -> bool {
    match (super::parse(one), super::parse(other)) {
        (Ok(one), Ok(other)) => same(&one, &other),
        // What is not read here may be of a later Prometheus: then the text has to be the same.
        _ => one.split_whitespace().eq(other.split_whitespace()),
    }
}

fn same(a: &Expr, b: &Expr) -> bool {
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    }
    match (&a.kind, &b.kind) {
        (ExprKind::Text(a), ExprKind::Text(b)) => a == b,
        (ExprKind::Selector(a), ExprKind::Selector(b)) => selectors(a, b),
        (ExprKind::Range(a), ExprKind::Range(b)) => ranges(a, b),
        (ExprKind::Subquery(a), ExprKind::Subquery(b)) => subqueries(a, b),
        (ExprKind::Paren(a), ExprKind::Paren(b)) => same(a, b),
        (ExprKind::Unary(a), ExprKind::Unary(b)) => a.is_negative == b.is_negative && same(&a.expr, &b.expr),
        (ExprKind::Binary(a), ExprKind::Binary(b)) => binaries(a, b),
        (ExprKind::Aggregation(a), ExprKind::Aggregation(b)) => aggregations(a, b),
        (ExprKind::Call(a), ExprKind::Call(b)) => calls(a, b),
        _ => false,
    }
}

/// A number with its sign.
fn number(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Number(number) => Some(*number),
        ExprKind::Unary(unary) => {
            let number = number(&unary.expr)?;
            Some(if unary.is_negative { -number } else { number })
        }
        _ => None,
    }
}

fn selectors(a: &Selector, b: &Selector) -> bool {
    let parts = |selector: &Selector| -> Vec<_> {
        let matchers = selector.matchers.iter();
        matchers.map(|one| (one.label.clone(), one.op.to_string(), one.value.clone())).collect()
    };
    a.name == b.name && a.modifiers == b.modifiers && parts(a) == parts(b)
}

fn ranges(a: &RangeSelector, b: &RangeSelector) -> bool {
    a.range == b.range && selectors(&a.selector, &b.selector)
}

fn subqueries(a: &Subquery, b: &Subquery) -> bool {
    (a.range, a.step) == (b.range, b.step) && a.modifiers == b.modifiers && same(&a.expr, &b.expr)
}

fn binaries(a: &Binary, b: &Binary) -> bool {
    let matching = |binary: &Binary| -> Option<Matching> {
        binary.matching.clone().filter(|matching| matching.is_on || !matching.labels.is_empty())
    };
    (a.op, a.is_bool) == (b.op, b.is_bool)
        && matching(a) == matching(b)
        && a.cardinality == b.cardinality
        && same(&a.left, &b.left)
        && same(&a.right, &b.right)
}

fn aggregations(a: &Aggregation, b: &Aggregation) -> bool {
    let grouping = |aggregation: &Aggregation| -> Option<Grouping> {
        aggregation.grouping.clone().filter(|grouping| grouping.is_without || !grouping.labels.is_empty())
    };
    let parameters = match (&a.parameter, &b.parameter) {
        (Some(a), Some(b)) => same(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    a.op == b.op && grouping(a) == grouping(b) && parameters && same(&a.expr, &b.expr)
}

fn calls(a: &Call, b: &Call) -> bool {
    a.function.name == b.function.name
        && a.args.len() == b.args.len()
        && a.args.iter().zip(&b.args).all(|(a, b)| same(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_query_is_written_makes_no_difference_and_what_it_says_does() {
        let check = |one: &str, other: &str, expected: bool| {
            assert_eq!(are_same(one, other), expected, "{one}   {other}");
        };
        check("sum(up)by(job)", "sum by (job) (up)", true);
        check("rate(a[1h])", "rate(a[60m])", true);
        check("rate(a[1h])", "rate(a[61m])", false);
        check("a{b='c'} # why", "a{b=\"c\"}", true);
        check("a{b='c'}", "a{b='d'}", false);
        check("a > 1e3", "a > 1000", true);
        check("-1 * a", "-1 * a", true);
        check("sum by () (a)", "sum(a)", true);
        check("sum without () (a)", "sum(a)", false);
        check("a + ignoring() b", "a + b", true);
        check("a + on() b", "a + b", false);
        check("(a)", "a", false);
        check("a + b", "b + a", false);
        check("a offset 1d", "a offset 24h", true);
        check("not {", "not  {", true);
        check("not {", "not }", false);
    }
}
