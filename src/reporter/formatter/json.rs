//! The result for programs: `mainstay/report/v1`.

use serde::Serialize;

use crate::reporter::StatusReport;
use crate::text::inert_json;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    report: &'a StatusReport,
}

/// Formats `report`.
///
/// # Errors
/// When it cannot be serialized.
pub fn format(report: &StatusReport) -> Result<String, serde_json::Error> {
    let document = Document { schema: "mainstay/report/v1", kind: "status", report };
    Ok(inert_json(&serde_json::to_string_pretty(&document)?) + "\n")
}
