//! The forms in which a secret may stand in text: as it is, and as programs write it.

use std::collections::BTreeSet;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// The least number of bytes of a secret, of a line of one, and of anything that is hidden: what is shorter stands
/// in too many other words, and its gaps in them would tell what it is.
pub const SHORTEST: usize = 4;

/// Every form of `secret`, and of each of its lines, that is looked for: as it is, in base64 (wherever it begins
/// within what is encoded, standard and URL-safe, with and without padding, in one line or wrapped), in
/// hexadecimal, percent-encoded, escaped for JSON and XML, and quoted for a shell.
pub fn of(secret: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    let whole = [secret].into_iter();
    for text in whole.chain(secret.lines().map(str::trim)).filter(|text| SHORTEST <= text.len()) {
        forms.insert(text.to_owned());
        forms.extend(base64(text.as_bytes()));
        forms.extend([hexadecimal(text, false), hexadecimal(text, true)]);
        forms.extend(percent(text));
        forms.extend(json(text));
        forms.extend(xml(text));
        forms.extend(shell(text));
    }
    forms.into_iter().map(String::into_bytes).filter(|form| SHORTEST <= form.len()).collect()
}

/// Source: RFC 4648. Three bytes become four characters, so that what a secret becomes depends on how many bytes
/// stand before it; a character at an edge that also depends on its neighbour is left out.
fn base64(secret: &[u8]) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    for before in 0..3 {
        let text = [&[0; 2][..before], secret].concat();
        let unsure_first = [0, 2, 3][before];
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&text);
            let unsure_last = usize::from(!text.len().is_multiple_of(3));
            forms.insert(encoded[unsure_first..encoded.len() - unsure_last].to_owned());
            // Nothing follows it.
            forms.insert(encoded[unsure_first..].to_owned());
        }
        for engine in [&STANDARD, &URL_SAFE] {
            forms.insert(engine.encode(&text)[unsure_first..].to_owned());
        }
    }
    let lines = |width: usize| {
        let encoded = STANDARD.encode(secret);
        let lines = encoded.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned());
        lines.collect::<Vec<_>>()
    };
    // `base64` and `openssl` wrap their lines here.
    forms.extend([76, 64].into_iter().flat_map(lines));
    forms
}

fn hexadecimal(secret: &str, is_upper: bool) -> String {
    secret.bytes().fold(String::new(), |mut text, byte| {
        let _ = if is_upper { write!(text, "{byte:02X}") } else { write!(text, "{byte:02x}") };
        text
    })
}

/// What stays as it is beside letters and digits: by RFC 3986; in a path; for JavaScript's `encodeURIComponent` and
/// `encodeURI`; in a form; and nothing at all.
const KEPT_IN_URLS: [&str; 6] = ["-._~", "-._~/", "-_.!~*'()", ";,/?:@&=+$-_.!~*'()#", "*-._", ""];

fn percent(secret: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    for kept in KEPT_IN_URLS {
        let encoded = |is_upper: bool, plus: bool| {
            secret.bytes().fold(String::new(), |mut text, byte| {
                let c = char::from(byte);
                let _ = match byte {
                    b' ' if plus => write!(text, "+"),
                    _ if c.is_ascii_alphanumeric() || kept.contains(c) => write!(text, "{c}"),
                    _ if is_upper => write!(text, "%{byte:02X}"),
                    _ => write!(text, "%{byte:02x}"),
                };
                text
            })
        };
        for is_upper in [false, true] {
            forms.extend([encoded(is_upper, false), encoded(is_upper, true)]);
        }
    }
    forms
}

/// Source: RFC 8259, and what writers escape beyond it: Go `<`, `>` and `&`, PHP the slash, Python all but ASCII.
fn json(secret: &str) -> BTreeSet<String> {
    let escaped = |beyond: &dyn Fn(char) -> bool, is_upper: bool| {
        secret.chars().fold(String::new(), |mut text, c| {
            match c {
                '"' | '\\' => text.extend(['\\', c]),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\u{8}' => text.push_str("\\b"),
                '\u{c}' => text.push_str("\\f"),
                '/' if beyond(c) => text.push_str("\\/"),
                c if c < ' ' || beyond(c) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let _ = if is_upper {
                            write!(text, "\\u{unit:04X}")
                        } else {
                            write!(text, "\\u{unit:04x}")
                        };
                    }
                }
                c => text.push(c),
            }
            text
        })
    };
    let is_html = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    let is_beyond: [&dyn Fn(char) -> bool; 6] =
        [&|_| false, &|c| c == '/', &is_html, &|c| !c.is_ascii(), &|c| is_html(c) || !c.is_ascii(), &|c| {
            c == '/' || !c.is_ascii()
        }];
    is_beyond.iter().flat_map(|beyond| [escaped(beyond, false), escaped(beyond, true)]).collect()
}

fn xml(secret: &str) -> [String; 3] {
    let minimal = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let quotes = |double: &str, single: &str| minimal.replace('"', double).replace('\'', single);
    [quotes("&quot;", "&#39;"), quotes("&quot;", "&apos;"), quotes("&#34;", "&#39;")]
}

/// What stands between the quotes: of `sh -x`, of `shlex.quote`, in double quotes, behind `$'`, and without quotes, as
/// `printf %q` writes it.
fn shell(secret: &str) -> [String; 5] {
    let behind_backslashes = |needs: &dyn Fn(char) -> bool| {
        secret.chars().fold(String::new(), |mut text, c| {
            text.extend(needs(c).then_some('\\').into_iter().chain([c]));
            text
        })
    };
    let ansi = secret.replace('\\', "\\\\").replace('\'', "\\'");
    let ansi = ansi.replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r");
    [
        secret.replace('\'', r"'\''"),
        secret.replace('\'', r#"'"'"'"#),
        behind_backslashes(&|c| matches!(c, '"' | '\\' | '$' | '`')),
        behind_backslashes(&|c| c.is_ascii() && !c.is_ascii_alphanumeric() && !"_-./:=@%+,".contains(c)),
        ansi,
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn holds(secret: &str, form: &str) {
        assert!(of(secret).contains(form.as_bytes()), "{form} is no form of {secret}");
    }

    #[test]
    fn what_programs_make_of_a_secret_is_a_form_of_it() {
        // printf %s 'p<s "w" é/~' | base64, | xxd -p, | jq -Rr @uri, and so on.
        let secret = "p<s \"w\" \u{e9}/~";
        for form in [
            "cDxzICJ3IiDDqS9+",
            "cDxzICJ3IiDDqS9-",
            "703c73202277222 0c3a92f7e".replace(' ', "").as_str(),
            "p%3Cs%20%22w%22%20%C3%A9%2F~",
            "p%3cs%20%22w%22%20%c3%a9%2f~",
            "p%3Cs+%22w%22+%C3%A9%2F%7E",
            "p%3Cs%20%22w%22%20%C3%A9/~",
            r#"p<s \"w\" é/~"#,
            r#"p<s \"w\" \u00e9/~"#,
            r#"p\u003cs \"w\" é/~"#,
            r#"p<s \"w\" \u00E9\/~"#,
            "p&lt;s &quot;w&quot; é/~",
        ] {
            holds(secret, form);
        }
        holds("it's $5", r"it'\''s $5");
        holds("it's $5", r#"it'"'"'s $5"#);
        holds("it's $5", r"it's \$5");
        holds("it's $5", r"it\'s\ \$5");
        holds("it's\n$5 more", r"it\'s\n$5 more");
    }

    #[test]
    fn each_line_of_a_secret_is_hidden_too_unless_it_is_too_short() {
        let forms = of("-----BEGIN KEY-----\r\n  c2VjcmV0\nab\n");
        assert!(forms.contains(&b"c2VjcmV0"[..]) && !forms.contains(&b"ab"[..]));
        assert!(forms.iter().all(|form| form.len() >= SHORTEST));
    }

    proptest! {
        /// What stands around a secret does not keep its base64 from being found, but for the two characters that
        /// it shares with its neighbours.
        #[test]
        fn base64_is_found_wherever_the_secret_begins(
            before in prop::collection::vec(any::<u8>(), 0..7),
            secret in "[ -~]{4,40}",
            after in prop::collection::vec(any::<u8>(), 0..7),
        ) {
            let text = [&before, secret.as_bytes(), &after].concat();
            for engine in [STANDARD, URL_SAFE, STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                let encoded = engine.encode(&text);
                let forms = of(&secret);
                let longest = forms.iter().filter(|form| encoded.as_bytes().windows(form.len()).any(|w| w == &form[..])).map(Vec::len).max();
                prop_assert!(longest.is_some_and(|found| found + 2 >= secret.len() * 4 / 3), "{encoded} {longest:?}");
            }
        }

        #[test]
        fn json_is_found_as_it_is_written(secret in ".{4,20}") {
            let written = serde_json::to_string(&secret).unwrap();
            let inner = &written[1..written.len() - 1];
            prop_assert!(secret.len() < SHORTEST || of(&secret).contains(inner.as_bytes()), "{inner}");
        }
    }
}
