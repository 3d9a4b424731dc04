//! MS619: one system taken for the other.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS619",
    title: "one system taken for the other",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Prometheus and Alertmanager behind one URL, or each on the other's usual port, are swapped \
          more often than meant: silences would go to a server that knows none.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9093"}
  alertmanager: {url: "http://127.0.0.1:9090"}
"#,
    after: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
  alertmanager: {url: "http://127.0.0.1:9093"}
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let connections = &facts.plan.connections;
    let (Some(prometheus), Some(alertmanager)) = (&connections.prometheus, &connections.alertmanager) else {
        return;
    };
    let (prometheus, alertmanager) = (&prometheus.url, &alertmanager.url);
    let ends_in = |url: &str, port: &str| url.trim_end_matches('/').ends_with(port);
    let is_same = prometheus.trim_end_matches('/') == alertmanager.trim_end_matches('/');
    let is_swapped = ends_in(prometheus, ":9093") && ends_in(alertmanager, ":9090");
    if is_same || is_swapped {
        let what = if is_same { "are the same" } else { "look swapped" };
        faults.push(
            Fault::new(RULE.code, alertmanager.span, format!("the two connections {what}"))
                .related(prometheus.span, "the connection to Prometheus"),
        );
    }
}
