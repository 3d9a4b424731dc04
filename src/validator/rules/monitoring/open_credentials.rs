//! MS624: credentials in the clear.

use std::collections::BTreeMap;

use crate::model::Spanned;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS624",
    title: "credentials in the clear",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A header with credentials over plain HTTP can be read by everybody on the way.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{http: {url: "http://push.example.org/metrics", method: PUT, headers: {Authorization: $PUSH_TOKEN}}}]
"#,
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{http: {url: "https://push.example.org/metrics", method: PUT, headers: {Authorization: $PUSH_TOKEN}}}]
"#,
    finder: Finder::Look(look),
};

/// Headers that carry credentials, in lower case.
const CREDENTIALS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"];
/// The machine itself: nobody listens in between.
const LOOPBACK: [&str; 3] = ["localhost", "127.", "[::1]"];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for step in facts.steps() {
        if let Some(http) = &step.http {
            faults.extend(judge(&http.url, &http.headers));
        }
    }
    for (_, check) in facts.checks() {
        if let Some(http) = &check.http {
            faults.extend(judge(&http.url, &http.headers));
        }
    }
}

fn judge(url: &Spanned<String>, headers: &BTreeMap<String, String>) -> Option<Fault> {
    let host = url.value.strip_prefix("http://")?;
    let is_near = LOOPBACK.iter().any(|near| host.starts_with(near));
    let header = headers.keys().find(|name| CREDENTIALS.contains(&name.to_lowercase().as_str()))?;
    let message = format!("`{header}` goes over the network unencrypted");
    (!is_near).then(|| Fault::new(RULE.code, url.span, message).expected("expected `https://`"))
}
