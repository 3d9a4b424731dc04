//! Queries that answer only the samples that pass.

use crate::promql::ast::{Binary, Expr, ExprKind};
use crate::promql::functions::ValueType;

/// The comparison that the query consists of, when it filters: then the samples that fail are not in the
/// answer, and an empty answer may mean that all failed or that there were none.
pub fn filters(expr: &Expr) -> Option<&Binary> {
    match &expr.bare().kind {
        ExprKind::Binary(binary) if binary.op.is_comparison() && !binary.is_bool => {
            (expr.value_type() == ValueType::Vector).then_some(binary)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::parse;

    #[test]
    fn only_the_outermost_operation_counts() {
        for (text, op) in [
            ("up == 1", Some("==")),
            ("((1 < up))", Some("<")),
            ("up > 1 + 2", Some(">")),
            ("x > on (a) y", Some(">")),
            ("up == bool 1", None),
            ("1 == bool 1", None),
            ("sum(up == 1)", None),
            ("-(up == 1)", None),
            ("up == 1 or up == 0", None),
            ("up", None),
        ] {
            let expr = parse(text).unwrap();
            let found = filters(&expr).map(|binary| &text[binary.op_span.clone()]);
            assert_eq!(found, op, "{text}");
        }
    }
}
