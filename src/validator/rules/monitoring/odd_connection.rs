//! MS618: connection that is no base URL.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS618",
    title: "connection that is no base URL",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "mainstay appends the paths of the API itself; a URL that ends in one of them asks for \
          `/api/v1/api/v1`, which answers 404.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090/api/v1"}
"#,
    after: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
"#,
    finder: Finder::Look(look),
};

/// Ends of URLs that people copy from a browser or a script.
const ENDS: [&str; 9] =
    ["/api/v1", "/api/v2", "/graph", "/query", "/targets", "/metrics", "/-/ready", "/-/healthy", "/#/alerts"];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (_, url) in facts.plan.connections.urls() {
        let base = url.value.trim_end_matches('/');
        if let Some(end) = ENDS.iter().find(|end| base.ends_with(**end)) {
            let message = format!("the connection ends in `{end}`, which is no base URL");
            faults.push(Fault::new(RULE.code, url.span, message).help(format!("remove `{end}`")));
        }
    }
}
