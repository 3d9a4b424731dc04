//! Arguments as a person types them into a shell.

use std::fmt::Write as _;

use crate::text::inert_line;

/// A program and its arguments as a line for a POSIX shell: whatever is in an argument, the shell takes it as text.
pub fn command<'a>(argv: impl IntoIterator<Item = &'a str>) -> String {
    argv.into_iter().map(word).collect::<Vec<_>>().join(" ")
}

/// One word. What a terminal would obey is written as an escape, `$'\x1b'` (POSIX.1-2024, 2.2.4).
pub fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) && !text.starts_with('=') {
        return text.to_owned();
    }
    let acts = |c: char| c != '\n' && inert_line(&c.to_string()).starts_with('\\') && c != '\\';
    if !text.chars().any(acts) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut word = String::from("$'");
    for c in text.chars() {
        match c {
            '\n' => word.push_str(r"\n"),
            '\t' => word.push_str(r"\t"),
            '\\' | '\'' => word.extend(['\\', c]),
            c if acts(c) => {
                for byte in c.to_string().bytes() {
                    // In octal: three digits end by themselves, whatever stands behind them.
                    write!(word, "\\{byte:03o}").unwrap_or_default();
                }
            }
            c => word.push(c),
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn words_are_quoted_where_they_have_to_be() {
        let check = |argv: &[&str], expected: &str| assert_eq!(command(argv.iter().copied()), expected);
        check(&["apt-get", "install", "-y", "prometheus=2.42.0"], "apt-get install -y prometheus=2.42.0");
        check(&["find", ".", "-name", "*.prom"], "find . -name '*.prom'");
        check(&["echo", "", "it's", "$HOME `id`"], r"echo '' 'it'\''s' '$HOME `id`'");
        check(&["printf", "\u{1b}[2J'\\\t"], r"printf $'\033[2J\'\\\t'");
    }

    #[test]
    fn a_shell_reads_what_was_meant() {
        let argv =
            ["a b", "it's", "$HOME", "`id`", "two\nlines", "\u{1b}[2J1", "\u{202e}x\\", "", "=ls", "~", "#"];
        let line = format!("printf '%s\\0' {}", command(argv));
        let output = Command::new("bash").args(["-c", &line]).output().expect("a shell");
        let read = String::from_utf8(output.stdout).expect("text");
        assert_eq!(read.split_terminator('\0').collect::<Vec<_>>(), argv, "{line}");
    }
}
