//! `validate --explain` and `validate --schema`: what the codes mean, and what a plan file may hold.

use crate::cli::output::{Format, deliver};
use crate::cli::{Exit, Global, Terminal};
use crate::planfile;
use crate::standards;
use crate::text::nearest;
use crate::validator::codes;
use crate::validator::reporter::manual;
use crate::validator::rules;

/// The command line names a rule that there is not.
#[derive(Debug, thiserror::Error)]
#[error("there is no rule and no control `{code}`{}", near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
pub struct NoSuchRule {
    code: String,
    near: Option<&'static str>,
}

/// Shows the manual of one code, or the list of all.
pub fn explain(code: &str, global: &Global, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let wanted = code.to_uppercase();
    if let Some((catalogue, control)) = standards::by_id(&wanted) {
        let page = standards::explain(catalogue, control);
        deliver(global, terminal, &[Format::Text], &mut |_, _| Ok(page.clone()))?;
        return Ok(Exit::Done);
    }
    let (rule, other) = (rules::by_code(&wanted), codes::by_code(&wanted));
    if rule.is_none() && other.is_none() && !code.is_empty() {
        let known = rules::all().map(|rule| rule.code).chain(codes::all().map(|code| code.code));
        return Err(NoSuchRule { code: code.to_owned(), near: nearest(&wanted, known) }.into());
    }
    deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, _| {
        Ok(match (format, rule, other) {
            (Format::Json, None, None) => manual::json(rules::all(), codes::all()),
            (Format::Json, ..) => manual::json(rule.into_iter(), other.into_iter()),
            (_, Some(rule), _) => manual::page(rule),
            (_, None, Some(code)) => manual::page_of_code(code),
            (_, None, None) => manual::list(),
        })
    })?;
    Ok(Exit::Done)
}

/// Prints the JSON Schema of plan files.
pub fn schema(global: &Global, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    deliver(global, terminal, &[Format::Json], &mut |_, _| {
        Ok(serde_json::to_string_pretty(&planfile::schema())? + "\n")
    })?;
    Ok(Exit::Done)
}
