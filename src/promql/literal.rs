//! Numbers, durations and texts: how far they reach, and what they mean.

use chrono::TimeDelta;

use super::ast::Span;
use super::error::SyntaxError;
use super::length::{LengthError, length};

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Bytes of what begins like a number, malformed ones included.
pub fn number_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_hex = bytes.len() > 1 && bytes[0] == b'0' && matches!(bytes[1], b'x' | b'X');
    let digits_from = |at: usize| {
        let is_digit = |byte: &&u8| byte.is_ascii_digit() || (is_hex && byte.is_ascii_hexdigit());
        at + bytes[at..].iter().take_while(is_digit).count()
    };
    let mut end = digits_from(if is_hex { 2 } else { 0 });
    if bytes.get(end) == Some(&b'.') {
        end = digits_from(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        end += 1;
        end += usize::from(matches!(bytes.get(end), Some(b'+' | b'-')));
        end += digits(&text[end..]);
    }
    end
}

/// Bytes of what looks like a duration and is followed by no letter; whether it is one, [`duration`] tells.
pub fn duration_len(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut end = number_len(text);
    let mut units: &[u8] = b"smhdwy";
    loop {
        if !bytes.get(end).is_some_and(|byte| units.contains(byte)) {
            return None;
        }
        end += 1;
        end += usize::from(bytes.get(end) == Some(&b's'));
        // Years come first or not at all.
        units = b"smhdw";
        match digits(&text[end..]) {
            0 => break,
            n => end += n,
        }
    }
    let is_over = !bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    is_over.then_some(end)
}

/// The meaning of a number: decimal, hexadecimal, octal after a zero, `Inf` or `NaN`.
///
/// # Errors
/// It has no meaning, or is larger than any number.
pub fn number(text: &str, span: Span) -> Result<f64, SyntaxError> {
    let lower = text.to_ascii_lowercase();
    let integer = match lower.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None if lower.len() > 1 && lower.starts_with('0') => i64::from_str_radix(&lower, 8).ok(),
        None => None,
    };
    #[expect(clippy::cast_precision_loss, reason = "values are doubles")]
    let value = match integer {
        Some(integer) => integer as f64,
        None => lower.parse().map_err(|_| SyntaxError::new(span.clone(), "not a number"))?,
    };
    if value.is_infinite() && lower != "inf" {
        return Err(SyntaxError::new(span, "a number that is too large; `Inf` is written so"));
    }
    Ok(value)
}

/// The meaning of a duration in a query, which has to be longer than zero.
///
/// # Errors
/// [`LengthError`], or zero.
pub fn duration(text: &str, span: Span) -> Result<TimeDelta, SyntaxError> {
    let length = length(text).map_err(|error| {
        let fault = SyntaxError::new(span.clone(), error.to_string());
        match error {
            LengthError::Form => {
                fault.help("write whole numbers with units from large to small, as in `1h30m`")
            }
            LengthError::TooLong => fault,
        }
    })?;
    if length.is_zero() {
        return Err(SyntaxError::new(span, "a duration has to be longer than zero"));
    }
    Ok(length)
}

/// Where the text that begins at `start` ends, behind its closing quote.
///
/// # Errors
/// No closing quote, or an escape that there is not.
pub fn text_end(text: &str, start: usize) -> Result<usize, SyntaxError> {
    let mut chars = text[start..].char_indices();
    let quote = chars.next().map_or('"', |(_, quote)| quote);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Ok(start + at + 1),
            // The lexer of Prometheus cannot tell it from bytes that are no UTF-8.
            char::REPLACEMENT_CHARACTER => {
                let span = start + at..start + at + c.len_utf8();
                return Err(SyntaxError::new(span, "a replacement character, which Prometheus refuses"));
            }
            '\n' if quote != '`' => break,
            '\\' if quote != '`' => {
                let (_, len) = escape(&text[start + at..], start + at, quote)?;
                while chars.offset() < at + len && chars.next().is_some() {}
            }
            _ => {}
        }
    }
    Err(SyntaxError::new(start..start + 1, "a text without its closing quote"))
}

/// The meaning of a text with its quotes; it went through [`text_end`].
///
/// # Errors
/// Its bytes are no UTF-8: then the text with replacement characters for them.
pub fn unquote(text: &str) -> Result<String, String> {
    let Some(quote) = text.chars().next() else { return Ok(String::new()) };
    let inner = text[1..].strip_suffix(quote).unwrap_or(&text[1..]);
    if quote == '`' || !inner.contains('\\') {
        return Ok(inner.to_owned());
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        let len = match escape(rest, 0, quote) {
            Ok((Meaning::Byte(byte), len)) if c == '\\' => {
                bytes.push(byte);
                len
            }
            Ok((Meaning::Char(meant), len)) if c == '\\' => {
                bytes.extend(meant.encode_utf8(&mut [0; 4]).as_bytes());
                len
            }
            _ => {
                bytes.extend(&rest.as_bytes()[..c.len_utf8()]);
                c.len_utf8()
            }
        };
        rest = &rest[len..];
    }
    String::from_utf8(bytes).map_err(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// What an escape stands for.
enum Meaning {
    Byte(u8),
    Char(char),
}

/// The meaning of the escape that `text` begins with, and its length; `start` is where it stands in the
/// query.
fn escape(text: &str, start: usize, quote: char) -> Result<(Meaning, usize), SyntaxError> {
    let fault = |len: usize, message: &str| {
        let len = text.len().min(len);
        let end = (len..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
        Err(SyntaxError::new(start..start + end, message))
    };
    let Some(kind) = text.chars().nth(1) else { return fault(1, "a text without its closing quote") };
    let simple = match kind {
        'a' => Some(7),
        'b' => Some(8),
        'f' => Some(12),
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        't' => Some(b'\t'),
        'v' => Some(11),
        '\\' => Some(b'\\'),
        _ if kind == quote => u8::try_from(kind).ok(),
        _ => None,
    };
    if let Some(byte) = simple {
        return Ok((Meaning::Byte(byte), 2));
    }
    let (from, n, radix) = match kind {
        '0'..='7' => (1, 3, 8),
        'x' => (2, 2, 16),
        'u' => (2, 4, 16),
        'U' => (2, 8, 16),
        _ => {
            return fault(2, "an unknown escape")
                .map_err(|error| error.help("write `\\\\` for a backslash, or the text in backquotes"));
        }
    };
    let digits = text.get(from..from + n).filter(|digits| digits.chars().all(|c| c.is_digit(radix)));
    let Some(value) = digits.and_then(|digits| u32::from_str_radix(digits, radix).ok()) else {
        return fault(2, "an escape with too few digits");
    };
    if matches!(kind, 'u' | 'U') {
        return match char::from_u32(value) {
            Some(c) => Ok((Meaning::Char(c), from + n)),
            None => fault(from + n, "an escape that is no character"),
        };
    }
    match u8::try_from(value) {
        Ok(byte) => Ok((Meaning::Byte(byte), from + n)),
        Err(_) => fault(from + n, "an escape that is no byte"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_go_reads_it() {
        for (text, value) in [
            ("0x1F", 31.0),
            ("010", 8.0),
            ("08", 8.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("1e3", 1e3),
            ("iNf", f64::INFINITY),
        ] {
            assert_eq!(number(text, 0..1), Ok(value), "{text}");
        }
        assert!(number("NaN", 0..3).unwrap().is_nan());
        for text in ["1e400", "0x", "0x1.8", "1e", "0xffffffffffffffff"] {
            assert!(number(text, 0..1).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_in_a_query_is_longer_than_zero() {
        let said = |text| duration(text, 0..1).map_err(|error| error.message);
        assert_eq!(said("1h30m"), Ok(TimeDelta::minutes(90)));
        assert_eq!(said("0s"), Err("a duration has to be longer than zero".to_owned()));
        assert_eq!(said("30m1h"), Err("not a duration".to_owned()));
        assert_eq!(said("300y"), Err("a duration of more than 292 years".to_owned()));
    }

    #[test]
    fn escapes_mean_bytes_and_characters() {
        for (text, meaning) in [
            (r#""a\tb""#, "a\tb"),
            (r"'it\'s'", "it's"),
            (r"`a\b`", r"a\b"),
            (r#""\x41\101\u00e9\U0001f600""#, "AA\u{e9}\u{1f600}"),
            (r#""\xc3\xa9""#, "\u{e9}"),
            ("\"\u{e9}\"", "\u{e9}"),
        ] {
            assert_eq!(text_end(text, 0), Ok(text.len()), "{text}");
            assert_eq!(unquote(text).as_deref(), Ok(meaning), "{text}");
        }
        assert_eq!(unquote(r#""\xff""#), Err("\u{fffd}".to_owned()));
        for text in
            [r#""\q""#, r#""\'""#, r#""\u12""#, r#""\400""#, r#""\ud800""#, "\"a", "\"a\nb\"", r#""\"#]
        {
            assert!(text_end(text, 0).is_err(), "{text}");
        }
    }
}
