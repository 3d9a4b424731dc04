//! Markdown that holds text from anywhere: what it says never acts.
//!
//! Source: CommonMark 0.31, GitHub Flavored Markdown.

use std::fmt::Write as _;

use crate::text::{inert_line, markdown};

/// One line of text.
pub fn plain(text: &str) -> String {
    markdown(&inert_line(text))
}

/// One line that is shown as it is, such as a name or a command.
pub fn code(text: &str) -> String {
    crate::reporter::formatter::markdown::code(&inert_line(text))
}

/// The box that a person ticks.
pub const BOX: &str = "[ ] ";

/// A heading.
pub fn heading(to: &mut String, level: usize, text: &str) {
    paragraph(to, &format!("{} {text}", "#".repeat(level)));
    to.push('\n');
}

/// What stands apart from what is before it.
pub fn paragraph(to: &mut String, text: &str) {
    to.truncate(to.trim_end_matches('\n').len());
    let gap = if to.is_empty() { "" } else { "\n\n" };
    writeln!(to, "{gap}{text}").unwrap_or_default();
}

/// A block of lines that are shown as they are, at `indent` inside a list.
///
/// Its fence is longer than any that stands in it, so that no line ends it.
pub fn fenced(to: &mut String, indent: usize, language: &str, lines: &str) {
    let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat((longest + 1).max(3));
    let pad = " ".repeat(indent);
    write!(to, "\n{pad}{fence}{language}\n").unwrap_or_default();
    for line in lines.trim_end_matches('\n').split('\n') {
        // Tabs are text; everything else that a terminal obeys is not.
        let parts: Vec<_> = line.split('\t').map(inert_line).collect();
        let line = format!("{pad}{}", parts.join("\t"));
        writeln!(to, "{}", line.trim_end_matches(' ')).unwrap_or_default();
    }
    write!(to, "{pad}{fence}\n\n").unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_block_ends_it() {
        let block = |lines: &str| {
            let mut text = String::new();
            fenced(&mut text, 3, "sh", lines);
            text
        };
        assert_eq!(block("a\n\n\tb"), "\n   ```sh\n   a\n\n   \tb\n   ```\n\n");
        assert_eq!(block("```\n````x"), "\n   `````sh\n   ```\n   ````x\n   `````\n\n");
        assert_eq!(block("\u{1b}[2J"), "\n   ```sh\n   \\u{1b}[2J\n   ```\n\n");
    }
}
