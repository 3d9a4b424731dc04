//! What is wrong with YAML, in words for people.

use serde_yaml::granit_parser::ErrorKind;

use crate::model::Span;
use crate::planfile::source::offset;

/// The parser's complaint for people.
pub(super) fn in_words(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (message, help) = match kind {
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => {
            ("a tab is used as indentation", Some("use spaces"))
        }
        ErrorKind::UnclosedQuotedScalar => ("a quote is not closed", None),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey | ErrorKind::ExpectedBlockMappingKey => (
            "expected a key and a colon",
            Some("put a colon and a space behind the key, or indent the line like its neighbours"),
        ),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a colon does not make a key here",
            Some("put text that holds a colon and a space in quotes, or begin a new line for the key"),
        ),
        ErrorKind::MappingKeyNotAllowed => ("a key is not allowed here", None),
        ErrorKind::InvalidIndentation => ("the indentation fits no line above", None),
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::ExpectedBlockSequenceEntry => {
            ("a list element is not allowed here", Some("indent all elements of a list alike"))
        }
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => ("a bracket is not closed", None),
        ErrorKind::ExpectedFlowMappingSeparator => ("expected `,` or `}`", None),
        ErrorKind::ExpectedFlowSequenceSeparator => ("expected `,` or `]`", None),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            ("text follows the closing quote", Some("put the whole value in quotes"))
        }
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
            let shown = character.escape_unicode();
            return (format!("the character `{shown}` cannot stand in YAML"), None);
        }
        ErrorKind::UnexpectedCharacter { character } => {
            let help = "put the value in quotes if the character belongs to it";
            return (format!("a value cannot begin with `{character}`"), Some(help));
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            ("unknown escape in double quotes", Some("use single quotes for text with backslashes"))
        }
        ErrorKind::UnexpectedEof => ("the file ends in the middle of a value", None),
        ErrorKind::BomInsideDocument => ("a byte order mark stands in the middle of the file", None),
        other => {
            let text = other.to_string();
            return (format!("not YAML: {}", lower_first(text.trim_end_matches('.'))), None);
        }
    };
    (message.to_owned(), help)
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Where Jinja or Helm text stands in place of YAML: at the start of a line, of a value or of a list element.
pub(super) fn template(text: &str) -> Option<Span> {
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let code = line.trim_start();
        let found = ["{{", "{%"].iter().filter_map(|mark| line.find(mark)).min();
        if let Some(at) = found
            && !code.starts_with('#')
        {
            let before = line[..at].trim_end();
            if before.is_empty() || before.ends_with([':', '-', ',', '[', '{']) {
                let start = offset(line_start + at);
                return Some(Span { start, end: start + offset(line[at..].trim_end().len()) });
            }
        }
        line_start += line.len();
    }
    None
}
