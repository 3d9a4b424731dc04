//! Text for people: what comes from outside made safe to show, and lengths of time and sizes in words.

use std::fmt::Write;

use chrono::TimeDelta;

/// Makes text from outside safe to show: control characters, escape sequences and bidi overrides become
/// visible escapes; line feeds and tabs stay.
pub fn inert(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => safe.push(c),
            c if acts(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

/// Makes one line of text from outside safe to show: control characters, escape sequences and bidi overrides
/// become visible escapes, and so does the beginning of a command to the machine that reads the log of a CI job
/// (`::error::`, `##[error]`).
pub fn inert_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    if safe.trim_start().starts_with("::") {
        safe = safe.replacen(':', r"\u{3a}", 1);
    }
    safe.replace("##[", r"\u{23}#[").replace("##vso[", r"\u{23}#vso[")
}

/// Makes one line of text from outside safe to show, one character for one, so that columns stay what they are:
/// what acts becomes the replacement character, and so does the first one of a command to the machine that reads
/// the log of a CI job; tabs stay.
pub fn still(text: &str) -> String {
    let still = text.chars().map(|c| if acts(c) && c != '\t' { char::REPLACEMENT_CHARACTER } else { c });
    still.collect::<String>().replace("##[", "\u{fffd}#[").replace("##vso[", "\u{fffd}#vso[")
}

/// JSON that a terminal may show: what acts beyond ASCII is written as an escape with the same meaning.
pub fn inert_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if acts(c) && c != '\n' {
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// One line of text as Markdown that means nothing but itself, also in a cell of a table.
///
/// Escaped punctuation is text. A mention or a reference to an issue becomes text by a zero-width space after
/// its sign: an escape is undone before mentions are looked for.
///
/// Source: GitHub Flavored Markdown.
pub fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if r"\`*_{}[]<>|~$&".contains(c) {
            safe.push('\\');
        }
        safe.push(c);
        if matches!(c, '@' | '#') && rest.peek().is_some_and(|next| next.is_alphanumeric()) {
            safe.push_str("&#8203;");
        }
    }
    safe
}

/// A text of at most `n` characters: of a longer one the beginning, and how long it is.
pub fn shortened(text: &str, n: usize) -> String {
    match text.char_indices().nth(n) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
    }
}

/// A sentence with a large first letter.
pub fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// A length of time as people say it, in its two largest units: `3d 4h`, `12m`, `0s`.
pub fn roughly(length: TimeDelta) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let seconds = length.num_seconds();
    let mut left = seconds.abs();
    let mut words = Vec::new();
    let first = UNITS.iter().position(|(size, _)| *size <= left).unwrap_or(UNITS.len() - 1);
    for (size, name) in UNITS.iter().skip(first).take(2) {
        if size <= &left || (words.is_empty() && left == 0) {
            words.push(format!("{}{name}", left / size));
        }
        left %= size;
    }
    format!("{}{}", if seconds < 0 { "-" } else { "" }, words.join(" "))
}

/// A size for people: `512 MiB`.
pub fn in_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut left = bytes;
    let mut tenths = 0;
    let mut unit = "";
    for name in UNITS {
        (tenths, left, unit) = (left % 1024 * 10 / 1024, left / 1024, name);
        if left < 1024 {
            break;
        }
    }
    if tenths == 0 { format!("{left} {unit}") } else { format!("{left}.{tenths} {unit}") }
}

/// The name that was probably meant: at most a third of its letters differ, a swap counting as one.
pub fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody misspells a word of this length, and the distance takes quadratic time.
    const LONGEST: usize = 64;
    if found.len() > LONGEST {
        return None;
    }
    let lower = found.to_lowercase();
    let fits = |name: &&str| name.len() <= LONGEST && *name != found;
    let scored =
        known.filter(fits).map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name));
    let (distance, name) = scored.min()?;
    (distance <= (found.chars().count().max(name.chars().count()) / 3).max(1)).then_some(name)
}

/// Whether a terminal, or the order of the text around, obeys this character.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
        // No character at all; XML refuses to hold it.
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_said_in_its_two_largest_units() {
        for (seconds, words) in [
            (0, "0s"),
            (59, "59s"),
            (61, "1m 1s"),
            (3_600, "1h"),
            (90_061, "1d 1h"),
            (86_460, "1d"),
            (-90, "-1m 30s"),
        ] {
            assert_eq!(roughly(TimeDelta::seconds(seconds)), words);
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_shown_instead() {
        for (hostile, shown) in [
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\rb", "a\\u{d}b"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{202e}gpj", "\\u{202e}gpj"),
            ("Gr\u{fc}n", "Gr\u{fc}n"),
        ] {
            assert_eq!(inert(hostile), shown);
            assert_eq!(inert_line(hostile), shown);
        }
        assert_eq!(still("\t\u{1b}[2J ##[error] ## x"), "\t\u{fffd}[2J \u{fffd}#[error] ## x");
        assert_eq!(inert("a\n\tb"), "a\n\tb");
        assert_eq!(inert_line("a\nb"), "a\\u{a}b");
        assert_eq!(inert_line(" ::error::x"), " \\u{3a}:error::x");
        assert_eq!(inert_line("a::b ##[error]"), "a::b \\u{23}#[error]");
        assert_eq!(inert_json("\"a\u{9b}\u{202e}\"\n"), "\"a\\u009b\\u202e\"\n");
    }

    #[test]
    fn a_near_miss_is_found_and_a_far_one_is_not() {
        let known = ["weekend-night", "weekday", "crew"];
        assert_eq!(nearest("weekend-nigth", known.into_iter()), Some("weekend-night"));
        assert_eq!(nearest("Crew", known.into_iter()), Some("crew"));
        assert_eq!(nearest("month-end", known.into_iter()), None);
    }

    #[test]
    fn sizes_are_told_in_units_that_people_read() {
        for (bytes, words) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1 << 29, "512 MiB"),
            (1_610_612_736, "1.5 GiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(in_bytes(bytes), words);
        }
    }
}
