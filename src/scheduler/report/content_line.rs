//! One line of iCalendar: escaped, folded, and with its line end.
//!
//! By hand because the `icalendar` crate (0.17.17) folds some lines at 76 octets instead of 75, and puts a DTSTAMP and
//! a UID into each part of a VTIMEZONE, where the format forbids them.
//!
//! Source: RFC 5545, 3.1 and 3.3.11.

/// The most octets of a line, without its end.
const LONGEST: usize = 75;

/// The line `NAME:VALUE`, whose value is in the form of its type.
pub fn line(name: &str, value: &str) -> String {
    folded(&format!("{name}:{value}"))
}

/// The line of a text.
pub fn text_line(name: &str, text: &str) -> String {
    line(name, &escaped(text))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ',' | ';' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Breaks a line between characters; what goes on begins with a blank, which is not part of it.
fn folded(line: &str) -> String {
    let mut folded = String::with_capacity(line.len() + line.len() / LONGEST * 3 + 2);
    let mut n_octets = 0;
    for c in line.chars() {
        if LONGEST < n_octets + c.len_utf8() {
            folded.push_str("\r\n ");
            n_octets = 1;
        }
        folded.push(c);
        n_octets += c.len_utf8();
    }
    folded + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(text_line("SUMMARY", "a\\b, c; d: e\nf"), "SUMMARY:a\\\\b\\, c\\; d: e\\nf\r\n");
    }

    #[test]
    fn no_line_is_longer_than_75_octets_and_no_character_is_broken() {
        for filler in ["x", "é", "漢", "🎉"] {
            for n in 0..300 {
                let value = "a".repeat(n % 7) + &filler.repeat(n);
                let folded = line("X", &value);
                let body = folded.strip_suffix("\r\n").expect("a line end");
                assert!(body.split("\r\n").all(|line| line.len() <= LONGEST), "{folded}");
                assert_eq!(body.replace("\r\n ", ""), format!("X:{value}"));
            }
        }
        assert_eq!(line("X", &"y".repeat(73)).matches("\r\n").count(), 1);
        assert_eq!(line("X", &"y".repeat(73 + 74)).matches("\r\n").count(), 2);
        assert_eq!(line("X", &"y".repeat(73 + 75)).matches("\r\n").count(), 3);
    }
}
