//! What dashboards read: Grafana's JSON, as it is exported or provisioned.
//!
//! Variables are not known here: a matcher that holds one is left out, so that its selector says what could be read; a
//! length is taken as five minutes. What cannot be read so is told.
//!
//! Source: Grafana, dashboard JSON model (panels, rows, targets, templating) and its variable syntax.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::expect::is_like;
use super::read::Reading;

/// Stands for a variable; nobody calls a label or a metric so.
const VARIABLE: &str = "mainstay_variable";

/// Why a dashboard could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    /// There is no such file, or it cannot be read.
    #[error("cannot read the dashboard {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no JSON.
    #[error("{} is no dashboard", path.display())]
    NoJson {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Nothing is called so.
    #[error("no dashboard is called {}", path.display())]
    NoMatch {
        /// The pattern.
        path: PathBuf,
    },
    /// It reads nothing from Prometheus.
    #[error("{} has no panel with a query of Prometheus", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the dashboards that `patterns` name, from `folder` on.
///
/// # Errors
/// [`DashboardError`] of the first that cannot be read, or that reads nothing.
pub fn read<'p>(patterns: impl Iterator<Item = &'p str>, folder: &Path) -> Result<Reading, DashboardError> {
    let mut reading = Reading::default();
    for pattern in patterns {
        for path in files(&folder.join(pattern))? {
            let unreadable = |source| DashboardError::Unreadable { path: path.clone(), source };
            let text = std::fs::read_to_string(&path).map_err(unreadable)?;
            let value: Value = serde_json::from_str(&text)
                .map_err(|source| DashboardError::NoJson { path: path.clone(), source })?;
            let found = of_dashboard(&value);
            if found == Reading::default() {
                return Err(DashboardError::Empty { path });
            }
            reading.add(found);
        }
    }
    Ok(reading)
}

/// The files of a pattern whose last part may hold `*`, in the order of their names.
fn files(pattern: &Path) -> Result<Vec<PathBuf>, DashboardError> {
    let name = pattern.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
    if !name.contains('*') {
        return Ok(vec![pattern.to_owned()]);
    }
    let folder = pattern.parent().unwrap_or(Path::new("."));
    let unreadable = |source| DashboardError::Unreadable { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.file_name().to_str().is_some_and(|found| is_like(found, name)) {
            found.push(entry.path());
        }
    }
    found.sort();
    if found.is_empty() { Err(DashboardError::NoMatch { path: pattern.to_owned() }) } else { Ok(found) }
}

/// What one dashboard reads.
fn of_dashboard(value: &Value) -> Reading {
    // As the HTTP API gives it, it is one level deeper.
    let value = value.get("dashboard").filter(|inner| inner.is_object()).unwrap_or(value);
    let title = text(value, "title").unwrap_or("untitled");
    let mut reading = Reading::default();
    for panel in list(value, "panels") {
        of_panel(panel, title, &mut reading);
    }
    for row in list(value, "rows") {
        for panel in list(row, "panels") {
            of_panel(panel, title, &mut reading);
        }
    }
    for variable in value.get("templating").into_iter().flat_map(|it| list(it, "list")) {
        if let Some(metric) = label_values(variable) {
            let name = text(variable, "name").unwrap_or("variable");
            query(&metric, &format!("dashboard {title}/${name}"), &mut reading);
        }
    }
    reading
}

fn of_panel(panel: &Value, title: &str, reading: &mut Reading) {
    for inner in list(panel, "panels") {
        of_panel(inner, title, reading);
    }
    let name = text(panel, "title").filter(|name| !name.is_empty()).unwrap_or("untitled");
    for target in list(panel, "targets") {
        let kind = target.get("datasource").or_else(|| panel.get("datasource"));
        let kind = kind.and_then(|source| text(source, "type")).unwrap_or("prometheus");
        // A data source of another kind has another language.
        if kind != "prometheus" {
            continue;
        }
        if let Some(expr) = text(target, "expr").filter(|expr| !expr.trim().is_empty()) {
            query(expr, &format!("dashboard {title}/{name}"), reading);
        }
    }
}

fn query(expr: &str, reader: &str, reading: &mut Reading) {
    reading.read(&without_variables(expr), reader, |text| text.contains(VARIABLE));
}

/// `label_values(METRIC, LABEL)` of a variable.
fn label_values(variable: &Value) -> Option<String> {
    let asked = variable.get("query")?;
    let asked = asked.as_str().or_else(|| text(asked, "query"))?;
    let inner = asked.trim().strip_prefix("label_values(")?.strip_suffix(')')?;
    let (metric, _) = inner.rsplit_once(',')?;
    Some(metric.trim().to_owned())
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// Puts a name in the place of each `$name`, `${name}`, `${name:format}` and `[[name]]`, and five minutes where a length
/// has to stand.
fn without_variables(expr: &str) -> String {
    let mut filled = String::with_capacity(expr.len());
    let mut rest = expr;
    while let Some(at) = rest.find(['$', '[']) {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(length) = variable(rest) else {
            let one = rest.chars().next().map_or(0, char::len_utf8);
            filled.push_str(&rest[..one]);
            rest = &rest[one..];
            continue;
        };
        let is_length = filled.trim_end().ends_with(['[', ':']) && is_in_brackets(&filled)
            || filled.trim_end().ends_with("offset");
        filled.push_str(if is_length { "5m" } else { VARIABLE });
        rest = &rest[length..];
    }
    filled.push_str(rest);
    filled
}

fn is_in_brackets(text: &str) -> bool {
    text.rfind('[').is_some_and(|open| !text[open..].contains(']'))
}

/// The length of the variable that `text` begins with.
fn variable(text: &str) -> Option<usize> {
    let name = |text: &str| text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    if let Some(rest) = text.strip_prefix("${") {
        return Some(2 + rest.find('}')? + 1);
    }
    if let Some(rest) = text.strip_prefix("[[") {
        return Some(2 + rest.find("]]")? + 2);
    }
    let length = name(text.strip_prefix('$')?);
    (0 < length).then_some(1 + length)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_filled_in_where_a_query_can_be_read_without_them() {
        for (expr, expected) in [
            ("rate(a{job=\"$job\"}[$__rate_interval])", "rate(a{job=\"mainstay_variable\"}[5m])"),
            ("max_over_time(a[1h:$step])", "max_over_time(a[1h:5m])"),
            ("a{x=~\"${x:regex}\"} offset $by", "a{x=~\"mainstay_variable\"} offset 5m"),
            ("sum by ([[label]]) (a[[suffix]])", "sum by (mainstay_variable) (amainstay_variable)"),
            ("a{x=~\"b$\"}", "a{x=~\"b$\"}"),
        ] {
            assert_eq!(without_variables(expr), expected);
        }
    }

    #[test]
    fn panels_rows_and_variables_of_prometheus_are_read() {
        let dashboard = json!({
            "title": "Nodes",
            "panels": [
                {"title": "CPU", "targets": [{"expr": "rate(node_cpu{instance=\"$node\",mode=\"idle\"}[$__interval])"}]},
                {"title": "logs", "datasource": {"type": "loki"}, "targets": [{"expr": "{app=\"x\"}"}]},
                {"type": "row", "panels": [{"title": "", "targets": [{"expr": "$metric + up"}, {"expr": ""}]}]}
            ],
            "rows": [{"panels": [{"title": "old", "targets": [{"expr": "sum(up"}]}]}],
            "templating": {"list": [{"name": "node", "query": {"query": "label_values(node_uname_info, instance)"}}]}
        });
        let reading = of_dashboard(&json!({"dashboard": dashboard}));
        let selectors: Vec<_> = reading.selectors.keys().map(String::as_str).collect();
        assert_eq!(selectors, ["node_cpu{mode=\"idle\"}", "node_uname_info", "up"]);
        assert_eq!(reading.selectors["node_uname_info"], ["dashboard Nodes/$node"]);
        assert_eq!(reading.unread, ["dashboard Nodes/untitled", "dashboard Nodes/old"]);
    }
}
