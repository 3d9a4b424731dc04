//! MS509: template that nobody renders.

use std::sync::LazyLock;

use regex::Regex;

use super::commands::each_call;
use crate::validator::rules::prelude::*;
use crate::validator::work::Call;

pub(super) const RULE: Rule = Rule {
    code: "MS509",
    title: "template that nobody renders",
    severity: Severity::Error,
    standing: Standing::Judgement,
    why: "The braces reach the program as they stand: it looks for a file or a host that is called \
          `{{ host }}`. Something else was to render this, and did not.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [cp, "{{ config }}", /etc/prometheus/prometheus.yml]
"#,
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [cp, prometheus.yml, /etc/prometheus/prometheus.yml]
",
    finder: Finder::Look(look),
};

/// A name in double braces, with filters; templates of Go begin with a dot, a dollar or a function.
static TEMPLATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\{\{-?\s*[A-Za-z_][\w.\[\]'-]*\s*(?:\|[^{}]*)?-?\}\}|\{%-?\s[^{}]*-?%\}").ok()
});

/// Programs that render templates, or write out text that others render.
const RENDERERS: [&str; 24] = [
    "docker",
    "podman",
    "nerdctl",
    "kubectl",
    "oc",
    "amtool",
    "helm",
    "jinja2",
    "j2",
    "gomplate",
    "consul-template",
    "nomad",
    "vault",
    "consul",
    "ansible",
    "ansible-playbook",
    "echo",
    "printf",
    "sed",
    "awk",
    "python3",
    "perl",
    "jq",
    "gh",
];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    each_call(
        facts,
        |step, call| {
            let is_template = |text: &str| template(text).is_some();
            let word = call.words().iter().find(|word| is_template(&word.text)).filter(|_| !renders(call))?;
            let found = template(&word.text)?;
            let message = format!("nobody renders `{found}` in task `{}`", step.task_name.value);
            let span = facts.work().place(facts.tree, step, call, word);
            Some(fault(span, message))
        },
        faults,
    );
    for step in &facts.work().steps {
        let Some(url) = step.step.http.as_ref().map(|http| &http.url) else { continue };
        if let Some(found) = template(&url.value).filter(|_| stands(url)) {
            let message = format!("nobody renders `{}` in task `{}`", found, step.task_name.value);
            faults.push(fault(url.span, message));
        }
    }
}

/// The first piece of template text.
fn template(text: &str) -> Option<&str> {
    let has_braces = text.contains('{') && (text.contains("{{") || text.contains("{%"));
    if !has_braces {
        return None;
    }
    TEMPLATE.as_ref()?.find(text).map(|found| found.as_str())
}

fn fault(span: crate::model::Span, message: String) -> Fault {
    Fault::new(RULE.code, span, message)
        .help("write the value, or render the plan file before mainstay reads it")
}

fn renders(call: &Call) -> bool {
    let is_flag = |text: &str| text.contains("format") || text.contains("template");
    RENDERERS.contains(&call.program()) || call.texts().any(is_flag)
}
