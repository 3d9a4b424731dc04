//! The page for tickets, wikis and the summary of a CI job.
//!
//! Source: GitHub Flavored Markdown.

use std::fmt::Write;

use super::page::{Page, Section, named_parts};
use crate::text::markdown as escaped;

/// Formats `page`.
pub fn format(page: &Page) -> String {
    let mut text = format!("# {}\n\n", escaped(&page.title));
    for headline in &page.headlines {
        let _ = writeln!(text, "**{}**\n", escaped(&headline.text));
    }
    for fact in &page.facts {
        let _ = writeln!(text, "- {}: {}", fact.label, escaped(&fact.value));
    }
    text.push_str("\n| figure | value |\n| --- | --- |\n");
    for figure in &page.figures {
        let _ = writeln!(text, "| {} | {} |", figure.label, escaped(&figure.value));
    }
    if !page.attention.is_empty() {
        text.push_str("\n## What to do next\n\n");
        for item in &page.attention {
            // A backslash at the end of a line breaks it.
            let _ = writeln!(text, "- {}\\\n  {}", prose(&item.what), code(&item.command));
        }
    }
    for section in &page.sections {
        let _ = write!(text, "\n## {}\n\n{}", section.heading, body(section));
    }
    text
}

fn body(section: &Section) -> String {
    if section.rows.is_empty() {
        return prose(section.empty) + "\n";
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(section.columns.iter().map(|name| (*name).to_owned()).collect());
    text.push_str(&line(vec!["---".to_owned(); section.columns.len()]));
    for row in &section.rows {
        text.push_str(&line(row.cells.iter().map(|cell| escaped(&cell.text)).collect()));
    }
    for row in &section.rows {
        let Some(detail) = &row.detail else { continue };
        let which = format!("{} {}, {}", section.columns[0], row.cells[0].text, detail.text);
        let _ = writeln!(text, "\n{}", escaped(&which));
        if !detail.lines.is_empty() {
            let printed = detail.lines.join("\n");
            let fence = "`".repeat((longest_run(&printed) + 1).max(3));
            let _ = writeln!(text, "\n{fence}text\n{printed}\n{fence}");
        }
    }
    text
}

/// Text in which names stand in backticks.
fn prose(text: &str) -> String {
    let parts = named_parts(text).into_iter().enumerate();
    parts.map(|(index, part)| if index % 2 == 1 { code(part) } else { escaped(part) }).collect()
}

/// One line that is shown as it is, whatever is in it.
pub(crate) fn code(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    let pad = if text.is_empty() || text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markdown_obeys_is_text() {
        for (hostile, safe) in [
            ("a|b", r"a\|b"),
            ("<script>", r"\<script\>"),
            ("[x](javascript:alert(1))", r"\[x\](javascript:alert(1))"),
            ("![](http://x/y.png)", r"!\[\](http://x/y.png)"),
            ("@team #123 a#", "@&#8203;team #&#8203;123 a#"),
            ("`rm`", r"\`rm\`"),
        ] {
            assert_eq!(escaped(hostile), safe);
        }
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(prose("run `a` now"), "run `a` now");
        assert_eq!(prose("a lone ` is text"), r"a lone \` is text");
    }
}
