//! MS324: not a pattern of tickets.

use regex::Regex;

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS324",
    title: "not a pattern of tickets",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A pattern that cannot be read lets nobody tell a silence with a ticket from one without.",
    before: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093", silences: {ticket: "OPS-[0-9"}}
"#,
    after: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093", silences: {ticket: "OPS-[0-9]+"}}
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let policy = facts.plan.connections.alertmanager.iter().filter_map(|to| to.silences.as_ref());
    for ticket in policy.filter_map(|policy| policy.ticket.as_ref()) {
        if Regex::new(ticket).is_err() {
            let message = format!("`{}` is not a regular expression", ticket.value);
            faults.push(
                Fault::new(RULE.code, ticket.span, message)
                    .expected("expected a regular expression such as `OPS-[0-9]+`"),
            );
        }
    }
}
