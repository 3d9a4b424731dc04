//! The parts of a query, one after the other.

use super::ast::{Call, Expr, ExprKind, Selector};

/// The expression and all expressions in it, in the order in which they begin.
pub fn walk(expr: &Expr) -> impl Iterator<Item = &Expr> {
    let mut waiting = vec![expr];
    std::iter::from_fn(move || {
        let expr = waiting.pop()?;
        waiting.extend(children(expr).into_iter().rev());
        Some(expr)
    })
}

/// All selectors, with a range or without.
pub fn selectors(expr: &Expr) -> impl Iterator<Item = &Selector> {
    walk(expr).filter_map(|expr| match &expr.kind {
        ExprKind::Selector(selector) => Some(selector),
        ExprKind::Range(range) => Some(&range.selector),
        _ => None,
    })
}

/// All function calls.
pub fn functions(expr: &Expr) -> impl Iterator<Item = &Call> {
    walk(expr).filter_map(|expr| match &expr.kind {
        ExprKind::Call(call) => Some(call),
        _ => None,
    })
}

/// The expressions directly below, from left to right.
pub fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Selector(_) | ExprKind::Range(_) => Vec::new(),
        ExprKind::Subquery(subquery) => vec![&subquery.expr],
        ExprKind::Paren(inner) => vec![inner],
        ExprKind::Unary(unary) => vec![&unary.expr],
        ExprKind::Binary(binary) => vec![&binary.left, &binary.right],
        ExprKind::Aggregation(aggregation) => {
            aggregation.parameter.iter().chain([&aggregation.expr]).collect()
        }
        ExprKind::Call(call) => call.args.iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::parse;

    #[test]
    fn selectors_and_functions_are_found_wherever_they_stand() {
        let text = r#"
            -topk(scalar(k), (a{x="y"} or rate(b[5m]))) / on() max_over_time(c[1h:1m] offset 1m)
            > {__name__="d"}"#;
        let expr = parse(text).unwrap();
        let found: Vec<_> = selectors(&expr).map(|selector| &text[selector.span.clone()]).collect();
        assert_eq!(found, ["k", "a{x=\"y\"}", "b", "c", "{__name__=\"d\"}"]);
        let found: Vec<_> = functions(&expr).map(|call| &text[call.name_span.clone()]).collect();
        assert_eq!(found, ["scalar", "rate", "max_over_time"]);
    }
}
