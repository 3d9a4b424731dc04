//! Command lines that stand in a text.

use clap::error::ErrorKind;

/// Fails unless mainstay understands this line as it stands in a text.
#[track_caller]
pub fn assert_understood(line: &str) {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    let Err(error) = mainstay::cli::command().try_get_matches_from(words_of(line)) else { return };
    let is_help =
        matches!(error.kind(), DisplayHelp | DisplayHelpOnMissingArgumentOrSubcommand | DisplayVersion);
    assert!(is_help, "{line}\n{error}");
}

/// Splits like a shell, up to a description (after two blanks) or a redirection.
fn words_of(line: &str) -> Vec<String> {
    let line = line.split("  ").next().unwrap_or_default();
    let line = line.split(" > ").next().unwrap_or_default();
    let parts = line.split('\'').enumerate();
    parts
        .flat_map(|(n, part)| match n % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}
