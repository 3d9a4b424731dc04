//! Alert expressions: `METRIC[{label="value", ...}] OP NUMBER`.

use std::collections::BTreeMap;
use std::fmt;

use super::matchers::{is_label_name, quoted};

/// A threshold on a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertExpr {
    /// The metric.
    pub metric: String,
    /// Labels that a sample must have.
    pub labels: BTreeMap<String, String>,
    /// How it is compared.
    pub op: Op,
    /// With what.
    pub limit: f64,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// Operators by their text; the longer ones first, because `<` begins `<=`.
const OPS: [(&str, Op); 6] =
    [("==", Op::Eq), ("!=", Op::Ne), ("<=", Op::Le), (">=", Op::Ge), ("<", Op::Lt), (">", Op::Gt)];

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (text, _) = OPS.iter().find(|(_, op)| op == self).unwrap_or(&OPS[0]);
        f.write_str(text)
    }
}

impl AlertExpr {
    /// Whether the alert's condition holds for a value; for NaN only `!=` does.
    #[expect(clippy::float_cmp, reason = "a threshold of exactly this number is meant exactly")]
    pub fn holds(&self, value: f64) -> bool {
        match self.op {
            Op::Eq => value == self.limit,
            Op::Ne => value != self.limit,
            Op::Lt => value < self.limit,
            Op::Le => value <= self.limit,
            Op::Gt => value > self.limit,
            Op::Ge => value >= self.limit,
        }
    }

    /// Whether a sample with these labels is meant.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.labels.iter().all(|(name, value)| labels.get(name).is_some_and(|found| found == value))
    }
}

/// Reads an expression.
///
/// # Errors
/// What was expected, as a phrase.
pub fn parse(text: &str) -> Result<AlertExpr, String> {
    let text = text.trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let (metric, rest) = text.split_at(end);
    if metric.is_empty() || metric.as_bytes()[0].is_ascii_digit() {
        return Err(
            "expected the name of a metric first, as in `mainstay_task_overdue_seconds > 0`".to_owned()
        );
    }
    let (labels, rest) = labels(rest.trim_start())?;
    let rest = rest.trim_start();
    let (op_text, op) = OPS
        .into_iter()
        .find(|(text, _)| rest.starts_with(text))
        .ok_or("expected one of `== != < <= > >=` after the metric")?;
    let number = rest[op_text.len()..].trim();
    let limit = number.parse::<f64>().ok().filter(|limit| limit.is_finite());
    let limit = limit.ok_or_else(|| format!("expected a number after `{op_text}`"))?;
    Ok(AlertExpr { metric: metric.to_owned(), labels, op, limit })
}

/// `{name="value", ...}`, when the text begins with it, and what follows.
fn labels(text: &str) -> Result<(BTreeMap<String, String>, &str), String> {
    let mut labels = BTreeMap::new();
    let Some(mut rest) = text.strip_prefix('{') else { return Ok((labels, text)) };
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((labels, after));
        }
        let (name, value) = rest.split_once('=').ok_or("expected `label=\"value\"` or `}`")?;
        let name = name.trim();
        if !is_label_name(name) {
            return Err(format!("expected a label name, found `{name}`"));
        }
        let (value, after) = quoted(value.trim_start())?;
        if labels.insert(name.to_owned(), value).is_some() {
            return Err(format!("expected the label `{name}` once"));
        }
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            rest = after;
        } else if !rest.starts_with('}') {
            return Err("expected `,` or `}` after a label".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_a_metric_with_labels_a_comparison_and_a_number() {
        let expr = parse(r#"up{job="a", zone="b",} >= 1.5e3"#).unwrap();
        assert_eq!((expr.metric.as_str(), expr.op, expr.limit), ("up", Op::Ge, 1500.0));
        assert_eq!(expr.labels.len(), 2);
        assert!(expr.holds(1500.0) && !expr.holds(1499.0));
        assert!(!expr.holds(f64::NAN));
        assert_eq!(parse("debt>0").unwrap().op.to_string(), ">");
    }

    #[test]
    fn what_is_no_expression_says_what_was_expected() {
        let check = |text: &str, expected: &str| assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        check("", "expected the name of a metric first, as in `mainstay_task_overdue_seconds > 0`");
        check("5 > x", "expected the name of a metric first, as in `mainstay_task_overdue_seconds > 0`");
        check("rate(x[5m]) > 1", "expected one of `== != < <= > >=` after the metric");
        check("x = 1", "expected one of `== != < <= > >=` after the metric");
        check("x > y", "expected a number after `>`");
        check("x > NaN", "expected a number after `>`");
        check("x{a=1} > 1", "expected a value in double quotes");
        check("x{a=\"1\" > 1", "expected `,` or `}` after a label");
        check("x{a=\"1\",a=\"2\"} > 1", "expected the label `a` once");
    }
}
