//! What is known of the labels that every sample of a vector has.

use std::collections::{BTreeMap, BTreeSet};

use super::matchers;
use crate::promql::ast::{
    Aggregation, Aggregator, Binary, BinaryOp, Call, Cardinality, Expr, ExprKind, Matching, Selector,
};
use crate::promql::functions::ValueType;

/// What is known of labels; one that is not there has the empty value. The name of the metric is no label
/// here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labels {
    /// What is said of single labels: their value, or that nothing is known.
    said: BTreeMap<String, Option<String>>,
    /// Whether all others are not there.
    are_others_absent: bool,
}

impl Labels {
    /// The value of a label, when it is known.
    pub fn get(&self, label: &str) -> Option<&str> {
        match self.said.get(label) {
            Some(value) => value.as_deref(),
            None => self.are_others_absent.then_some(""),
        }
    }

    fn none() -> Self {
        Self { said: BTreeMap::new(), are_others_absent: true }
    }

    fn only(&self, labels: &[String]) -> Self {
        let value = |label: &String| (label.clone(), self.get(label).map(str::to_owned));
        Self { said: labels.iter().map(value).collect(), are_others_absent: true }
    }

    fn except(self, labels: &[String]) -> Self {
        self.saying(labels, Some(""))
    }

    fn saying(mut self, labels: &[String], value: Option<&str>) -> Self {
        self.said.extend(labels.iter().map(|label| (label.clone(), value.map(str::to_owned))));
        self
    }
}

/// A label that differs between whatever the sides of an operator have, so that nothing meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The label.
    pub label: String,
    /// Its value on the left.
    pub left: String,
    /// Its value on the right.
    pub right: String,
}

/// The label that keeps two vectors apart.
pub fn difference(binary: &Binary) -> Option<Difference> {
    let (left, right) = (labels(&binary.left), labels(&binary.right));
    let all: BTreeSet<&String> = left.said.keys().chain(right.said.keys()).collect();
    all.into_iter().filter(|label| decides(label, binary.matching.as_ref())).find_map(|label| {
        let (left, right) = (left.get(label)?, right.get(label)?);
        let difference =
            || Difference { label: label.clone(), left: left.to_owned(), right: right.to_owned() };
        (left != right).then(difference)
    })
}

fn decides(label: &String, matching: Option<&Matching>) -> bool {
    match matching {
        _ if label == "__name__" => false,
        None => true,
        Some(matching) => matching.labels.contains(label) == matching.is_on,
    }
}

/// What is known of the labels of a vector or range.
pub fn labels(expr: &Expr) -> Labels {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) => Labels::default(),
        ExprKind::Selector(selector) => of_selector(selector),
        ExprKind::Range(range) => of_selector(&range.selector),
        ExprKind::Subquery(subquery) => labels(&subquery.expr),
        ExprKind::Paren(inner) => labels(inner),
        ExprKind::Unary(unary) => labels(&unary.expr),
        ExprKind::Binary(binary) => of_binary(binary),
        ExprKind::Aggregation(aggregation) => of_aggregation(aggregation),
        ExprKind::Call(call) => of_call(call),
    }
}

fn of_selector(selector: &Selector) -> Labels {
    let matchers = selector.matchers.iter().filter(|matcher| matcher.label != "__name__");
    let known = |value: String| Some(Some(value));
    let said =
        matchers.filter_map(|matcher| Some((matcher.label.clone(), known(matchers::value(matcher)?)?)));
    Labels { said: said.collect(), are_others_absent: false }
}

fn of_aggregation(aggregation: &Aggregation) -> Labels {
    let inner = labels(&aggregation.expr);
    match (aggregation.op, &aggregation.grouping) {
        // They keep whole samples.
        (Aggregator::Topk | Aggregator::Bottomk, _) => inner,
        // It adds a label of a name that is worked out.
        (Aggregator::CountValues, _) => Labels::default(),
        (_, None) => Labels::none(),
        (_, Some(grouping)) if grouping.is_without => inner.except(&grouping.labels),
        (_, Some(grouping)) => inner.only(&grouping.labels),
    }
}

fn of_call(call: &Call) -> Labels {
    let is_series = |expr: &&Expr| matches!(expr.value_type(), ValueType::Vector | ValueType::Range);
    let inner = || call.args.iter().find(is_series).map_or_else(Labels::none, labels);
    match call.function.name {
        // It makes up labels from the matchers of what is absent.
        "absent" | "absent_over_time" => Labels::default(),
        "histogram_quantile" => inner().saying(&["le".to_owned()], None),
        "label_replace" | "label_join" => match call.args.get(1).map(|arg| &arg.bare().kind) {
            Some(ExprKind::Text(label)) => inner().saying(std::slice::from_ref(label), None),
            _ => Labels::default(),
        },
        _ => inner(),
    }
}

fn of_binary(binary: &Binary) -> Labels {
    let is_scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
    match binary.op {
        BinaryOp::And | BinaryOp::Unless => return labels(&binary.left),
        BinaryOp::Or => return Labels::default(),
        _ if is_scalar(&binary.left) => return labels(&binary.right),
        _ if is_scalar(&binary.right) => return labels(&binary.left),
        _ => {}
    }
    match (&binary.cardinality, &binary.matching) {
        (Cardinality::GroupLeft(brought), _) => labels(&binary.left).saying(brought, None),
        (Cardinality::GroupRight(brought), _) => labels(&binary.right).saying(brought, None),
        (Cardinality::Plain, None) => labels(&binary.left),
        (Cardinality::Plain, Some(matching)) if matching.is_on => labels(&binary.left).only(&matching.labels),
        (Cardinality::Plain, Some(matching)) => labels(&binary.left).except(&matching.labels),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::parse;

    #[test]
    fn two_vectors_meet_unless_a_label_is_known_to_differ() {
        let check = |text: &str, expected: Option<&str>| {
            let expr = parse(text).unwrap();
            let ExprKind::Binary(binary) = &expr.kind else { panic!("{text}") };
            assert_eq!(difference(binary).map(|found| found.label).as_deref(), expected, "{text}");
        };
        check(r#"x{a="1"} + y{a="2"}"#, Some("a"));
        check(r#"x{a="1"} + y{a="1"}"#, None);
        check(r#"x{a=~"1"} + y{a=~"2"}"#, Some("a"));
        check(r#"x{a="1"} + y{a=~"2|3"}"#, None);
        check(r#"x{a="1"} + y{b="2"}"#, None);
        check(r#"x{a="1"} + on (a) y{a="2"}"#, Some("a"));
        check(r#"x{a="1"} + on (b) y{a="2"}"#, None);
        check(r#"x{a="1"} + on () y{a="2"}"#, None);
        check(r#"x{a="1"} + ignoring (a) y{a="2"}"#, None);
        check(r#"x{a="1"} + ignoring (b) y{a="2"}"#, Some("a"));
        check(r#"{__name__="x"} + {__name__="y"}"#, None);
        check(r#"sum(x) / y{a="1"}"#, Some("a"));
        check(r#"sum(x) / sum(y{a="1"})"#, None);
        check(r#"sum by (a) (x) / y{a="1"}"#, None);
        check(r#"sum by (a) (x{a="2"}) / y{a="1"}"#, Some("a"));
        check(r#"sum without (a) (x) / y{a="1"}"#, Some("a"));
        check(r#"sum without (b) (x) / y{a="1"}"#, None);
        check(r#"topk(1, x) / y{a="1"}"#, None);
        check(r#"count_values("a", x) / y{a="1"}"#, None);
        check(r#"x{a="1"} and vector(1)"#, Some("a"));
        check("x and vector(1)", None);
        check(r#"x{a="1"} > hour()"#, Some("a"));
        check(r#"rate(x{a="1"}[5m]) / rate(y{a="2"}[5m])"#, Some("a"));
        check(r#"label_replace(x{a="1"}, "a", "2", "", "") / y{a="2"}"#, None);
        check(r#"label_replace(x{a="1"}, "b", "2", "", "") / y{a="2"}"#, Some("a"));
        check(r#"absent(x{a="1"}) and y{a="2"}"#, None);
        check(r#"(x{a="1"} + on (b) y) / z{a="2"}"#, Some("a"));
        check(r#"(x{a="1"} or y) / z{a="2"}"#, None);
        check(r#"(x * on (b) group_left (a) y) / z{a="2"}"#, None);
        check(r#"(x{a="1"} * on (b) group_left (a) y) / z{a="2"}"#, None);
        check(r#"(2 * x{a="1"} > 5) / z{a="2"}"#, Some("a"));
        check(r#"x{a=""} / z{a="2"}"#, Some("a"));
    }
}
