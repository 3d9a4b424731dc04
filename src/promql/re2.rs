//! Whether Go's `regexp` takes a pattern, and whether the pattern matches the empty text.
//!
//! The `regex` crate speaks another dialect: it refuses `a{`, `\Q.\E` and `[a&&b]` as Go reads them, and
//! takes `a**`, `(?x)` and `a{1001}`, which Go refuses. So the syntax is checked here, in one pass over the
//! text.
//!
//! Not checked are Go's bounds on the size of the compiled program, beyond that on repetitions.
//!
//! Source: the manual of `regexp/syntax`, Go 1.19.

use std::iter::Peekable;
use std::str::Chars;

/// The most a part may be repeated, nested repetitions multiplied.
const MOST_REPEATS: u32 = 1000;

/// General categories of Unicode.
const CATEGORIES: &str = "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc \
    Sk Sm So Z Zl Zp Zs Any";

/// Scripts of Unicode 13, as Go 1.19 knows them.
const SCRIPTS: &str = "\
    Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali \
    Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian \
    Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari \
    Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian Glagolitic \
    Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran \
    Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese \
    Kaithi Kannada Katakana Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin \
    Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean \
    Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive \
    Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nandinagari New_Tai_Lue \
    Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian \
    Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Oriya Osage Osmanya Pahawh_Hmong \
    Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra \
    Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Syloti_Nagri \
    Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangut Telugu Thaana Thai Tibetan \
    Tifinagh Tirhuta Ugaritic Vai Wancho Warang_Citi Yezidi Yi Zanabazar_Square";

/// Classes of POSIX, which stand in a class as `[:alpha:]` or `[:^alpha:]`.
const POSIX: &str = "alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit";

/// Checks a pattern, and says whether it matches the empty text from end to end.
///
/// # Errors
/// What Go has against it, as a phrase.
pub fn matches_empty(pattern: &str) -> Result<bool, String> {
    let rest = pattern.chars().peekable();
    let mut reader = Reader { rest, groups: vec![Group::default()], has_no_posix_end: false };
    let mut was_repeat = false;
    while let Some(c) = reader.rest.next() {
        was_repeat = reader.step(c, was_repeat)?;
    }
    match reader.groups.as_slice() {
        [whole] => Ok(whole.can_be_empty()),
        _ => Err("a parenthesis is not closed".to_owned()),
    }
}

/// A part of a pattern that a repetition may follow.
#[derive(Debug, Clone, Copy)]
struct Item {
    can_be_empty: bool,
    /// The product of the repetitions in it.
    n_repeats: u32,
}

const CHARACTER: Item = Item { can_be_empty: false, n_repeats: 1 };
const ASSERTION: Item = Item { can_be_empty: true, n_repeats: 1 };

/// An open group: its alternatives so far, and the one that is being read.
#[derive(Debug)]
struct Group {
    can_earlier_be_empty: bool,
    can_this_be_empty: bool,
    n_repeats: u32,
    last: Option<Item>,
}

impl Default for Group {
    fn default() -> Self {
        Self { can_earlier_be_empty: false, can_this_be_empty: true, n_repeats: 1, last: None }
    }
}

impl Group {
    fn push(&mut self, item: Item) {
        self.settle();
        self.last = Some(item);
    }

    /// Counts the last item in, which no repetition can follow any more.
    fn settle(&mut self) {
        if let Some(last) = self.last.take() {
            self.can_this_be_empty &= last.can_be_empty;
            self.n_repeats = self.n_repeats.max(last.n_repeats);
        }
    }

    fn end_alternative(&mut self) {
        self.settle();
        self.can_earlier_be_empty |= self.can_this_be_empty;
        self.can_this_be_empty = true;
    }

    fn can_be_empty(&self) -> bool {
        let can_last_be_empty = self.last.is_none_or(|last| last.can_be_empty);
        self.can_earlier_be_empty || (self.can_this_be_empty && can_last_be_empty)
    }
}

struct Reader<'p> {
    rest: Peekable<Chars<'p>>,
    /// The open groups; the first is the whole pattern.
    groups: Vec<Group>,
    /// Whether there is no `:]` ahead.
    has_no_posix_end: bool,
}

impl Reader<'_> {
    /// Reads what `c` begins; answers whether it was a repetition.
    fn step(&mut self, c: char, was_repeat: bool) -> Result<bool, String> {
        match c {
            '(' => self.open()?,
            ')' => self.close()?,
            '|' => self.group().end_alternative(),
            '^' | '$' => self.group().push(ASSERTION),
            '[' => self.class()?,
            '\\' => self.escape()?,
            '*' | '?' => return self.repeat(0, None, was_repeat).map(|()| true),
            '+' => return self.repeat(1, None, was_repeat).map(|()| true),
            '{' => match self.counts() {
                Some((min, max)) => return self.repeat_counted(min, max, was_repeat).map(|()| true),
                None => self.group().push(CHARACTER),
            },
            _ => self.group().push(CHARACTER),
        }
        Ok(false)
    }

    fn group(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    fn takes(&mut self, c: char) -> bool {
        self.rest.next_if_eq(&c).is_some()
    }

    fn close(&mut self) -> Result<(), String> {
        if self.groups.len() < 2 {
            return Err("a parenthesis is closed that was not opened".to_owned());
        }
        if let Some(mut closed) = self.groups.pop() {
            let can_be_empty = closed.can_be_empty();
            closed.settle();
            self.group().push(Item { can_be_empty, n_repeats: closed.n_repeats });
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), String> {
        if !self.takes('?') {
            self.groups.push(Group::default());
            return Ok(());
        }
        if self.takes('P') { self.named() } else { self.flags() }
    }

    /// `(?P<name>`, from behind the `P`.
    fn named(&mut self) -> Result<(), String> {
        let fault = || Err("a named group is written `(?P<name>...)`".to_owned());
        if !self.takes('<') {
            return fault();
        }
        let mut is_empty = true;
        for c in self.rest.by_ref() {
            match c {
                '>' if !is_empty => {
                    self.groups.push(Group::default());
                    return Ok(());
                }
                'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => is_empty = false,
                _ => break,
            }
        }
        fault()
    }

    /// `(?i)` or `(?i-s:`, from behind the question mark; which flags are set matters to nobody here.
    fn flags(&mut self) -> Result<(), String> {
        let (mut is_off, mut had_flag) = (false, false);
        for c in self.rest.by_ref() {
            match c {
                'i' | 'm' | 's' | 'U' => had_flag = true,
                '-' if !is_off => (is_off, had_flag) = (true, false),
                ':' if had_flag || !is_off => {
                    self.groups.push(Group::default());
                    return Ok(());
                }
                ')' if had_flag || !is_off => return Ok(()),
                _ => break,
            }
        }
        Err("neither a group nor one of the flags `imsU`".to_owned())
    }

    /// `{2}`, `{2,}` or `{2,3}`, from behind the brace; anything else is the brace itself.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let mut ahead = self.rest.clone();
        let min = count(&mut ahead)?;
        let max = match ahead.next_if_eq(&',') {
            None => Some(min),
            Some(_) if ahead.peek() == Some(&'}') => None,
            Some(_) => Some(count(&mut ahead)?),
        };
        ahead.next_if_eq(&'}')?;
        self.rest = ahead;
        Some((min, max))
    }

    fn repeat_counted(&mut self, min: u32, max: Option<u32>, was_repeat: bool) -> Result<(), String> {
        if MOST_REPEATS < min || max.is_some_and(|max| MOST_REPEATS < max || max < min) {
            return Err("a repetition has at most 1000 rounds, the smaller number first".to_owned());
        }
        self.repeat(min, Some(max.unwrap_or(min)), was_repeat)
    }

    /// Applies a repetition to the last item; `rounds` is what counts towards the limit.
    fn repeat(&mut self, min: u32, rounds: Option<u32>, was_repeat: bool) -> Result<(), String> {
        self.takes('?');
        if was_repeat {
            return Err("a repetition of a repetition".to_owned());
        }
        let group = self.group();
        let Some(item) = &mut group.last else {
            return Err("a repetition of nothing".to_owned());
        };
        item.can_be_empty |= min == 0;
        match rounds {
            None => {}
            // Go looks no further below a part that never comes; `{0,}` has no maximum and is looked through.
            Some(0) if min == 0 => {}
            Some(rounds) => {
                item.n_repeats = item.n_repeats.saturating_mul(rounds);
                if 2 <= rounds && MOST_REPEATS < item.n_repeats {
                    return Err("nested repetitions of more than 1000 rounds".to_owned());
                }
            }
        }
        Ok(())
    }

    /// An escape outside of a class, from behind the backslash.
    fn escape(&mut self) -> Result<(), String> {
        let item = match self.rest.peek() {
            Some('A' | 'B' | 'z') => ASSERTION,
            // In the empty text there is no word, and so no boundary of one.
            Some('b') => CHARACTER,
            Some('Q') => return self.quoted(),
            _ => {
                if !self.class_escape()? {
                    self.character_escape()?;
                }
                self.group().push(CHARACTER);
                return Ok(());
            }
        };
        self.rest.next();
        self.group().push(item);
        Ok(())
    }

    /// `\Q...\E`, in which everything is itself.
    fn quoted(&mut self) -> Result<(), String> {
        self.rest.next();
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.takes('E') {
                return Ok(());
            }
            self.group().push(CHARACTER);
        }
        // Alone it would do, but Prometheus puts a parenthesis behind it.
        Err("`\\Q` without `\\E`".to_owned())
    }

    /// `\d`, `\pL` or `\p{Greek}`, from behind the backslash.
    fn class_escape(&mut self) -> Result<bool, String> {
        let is_class = |c: &char| matches!(c, 'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P');
        match self.rest.next_if(is_class) {
            None => Ok(false),
            Some('p' | 'P') => self.unicode_class().map(|()| true),
            Some(_) => Ok(true),
        }
    }

    fn unicode_class(&mut self) -> Result<(), String> {
        let mut name = String::new();
        match self.rest.next() {
            Some('{') => loop {
                match self.rest.next() {
                    Some('}') => break,
                    Some(c) => name.push(c),
                    None => return Err("a class of Unicode is not closed".to_owned()),
                }
            },
            Some(c) => name.push(c),
            None => {}
        }
        let plain = name.strip_prefix('^').unwrap_or(&name);
        let mut known = CATEGORIES.split_whitespace().chain(SCRIPTS.split_whitespace());
        if known.any(|known| known == plain) {
            return Ok(());
        }
        Err(format!("no class of Unicode is called `{}`", plain.escape_debug()))
    }

    /// An escape that stands for one character, which is the answer.
    fn character_escape(&mut self) -> Result<char, String> {
        let Some(c) = self.rest.next() else { return Err("a backslash at the end".to_owned()) };
        match c {
            '0' => Ok(self.octal(c)),
            '1'..='7' if self.rest.peek().is_some_and(|next| next.is_digit(8)) => Ok(self.octal(c)),
            'x' => self.hexadecimal().ok_or_else(|| "`\\x` without two digits, or some in braces".to_owned()),
            'a' => Ok('\x07'),
            'f' => Ok('\x0c'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\x0b'),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(c),
            _ => Err(format!("an unknown escape `\\{}`", c.escape_debug())),
        }
    }

    fn octal(&mut self, first: char) -> char {
        let mut value = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = self.rest.next_if(|c| c.is_digit(8)) else { break };
            value = value * 8 + digit.to_digit(8).unwrap_or(0);
        }
        char::from_u32(value).unwrap_or_default()
    }

    fn hexadecimal(&mut self) -> Option<char> {
        if !self.takes('{') {
            let high = self.rest.next()?.to_digit(16)?;
            let low = self.rest.next()?.to_digit(16)?;
            return char::from_u32(high * 16 + low);
        }
        let mut value = self.rest.next()?.to_digit(16)?;
        loop {
            match self.rest.next()? {
                // Go takes surrogates here; none can come first in a range that has an end.
                '}' => return Some(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)),
                c => value = value * 16 + c.to_digit(16)?,
            }
            if u32::from(char::MAX) < value {
                return None;
            }
        }
    }

    /// `[a-z]`, from behind the bracket.
    fn class(&mut self) -> Result<(), String> {
        self.takes('^');
        let mut is_first = true;
        while is_first || self.rest.peek() != Some(&']') {
            is_first = false;
            if self.posix_class()? {
                continue;
            }
            let Some(low) = self.class_character()? else { continue };
            if self.rest.peek() != Some(&'-') || matches!(self.rest.clone().nth(1), None | Some(']')) {
                continue;
            }
            self.rest.next();
            match self.rest.peek() {
                // A class ends no range.
                Some('\\') => {
                    self.rest.next();
                    ordered(low, self.character_escape()?)?;
                }
                _ => ordered(low, self.rest.next().unwrap_or(low))?,
            }
        }
        self.rest.next();
        self.group().push(CHARACTER);
        Ok(())
    }

    /// A character of a class; none for a class in the class.
    fn class_character(&mut self) -> Result<Option<char>, String> {
        match self.rest.next() {
            None => Err("a bracket is not closed".to_owned()),
            Some('\\') if self.class_escape()? => Ok(None),
            Some('\\') => self.character_escape().map(Some),
            Some(c) => Ok(Some(c)),
        }
    }

    /// `[:alpha:]` in a class; without `:]` somewhere ahead, the bracket is itself.
    fn posix_class(&mut self) -> Result<bool, String> {
        let mut ahead = self.rest.clone();
        if self.has_no_posix_end || ahead.next() != Some('[') || ahead.next() != Some(':') {
            return Ok(false);
        }
        let mut name = String::new();
        loop {
            match ahead.next() {
                Some(':') if ahead.next_if_eq(&']').is_some() => break,
                Some(c) => name.push(c),
                None => {
                    // To look again at each bracket would take quadratic time.
                    self.has_no_posix_end = true;
                    return Ok(false);
                }
            }
        }
        let plain = name.strip_prefix('^').unwrap_or(&name);
        if !POSIX.split_whitespace().any(|known| known == plain) {
            return Err(format!("no class is called `[:{}:]`", plain.escape_debug()));
        }
        self.rest = ahead;
        Ok(true)
    }
}

fn ordered(low: char, high: char) -> Result<(), String> {
    if high < low {
        return Err(format!("a range from `{}` down to `{}`", low.escape_debug(), high.escape_debug()));
    }
    Ok(())
}

/// A count without needless zeros; one that is too large for anybody stays too large.
fn count(text: &mut Peekable<Chars>) -> Option<u32> {
    let first = text.next_if(char::is_ascii_digit)?.to_digit(10)?;
    let mut value = first;
    while let Some(digit) = text.next_if(char::is_ascii_digit) {
        if first == 0 {
            return None;
        }
        value = value.saturating_mul(10).saturating_add(digit.to_digit(10).unwrap_or(0));
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_empty_text_or_does_not() {
        for pattern in [
            "",
            "a*",
            "a?",
            "|a",
            "(a|)",
            "()",
            "^$",
            r"\B",
            r"\A\z",
            "(?i)",
            "a{0,3}",
            "(a{0}){9}",
            "x(?i)*",
            "()+",
        ] {
            assert_eq!(matches_empty(pattern), Ok(true), "{pattern}");
        }
        for pattern in [
            "a",
            "a+",
            ".",
            "a|b",
            "[^a]",
            r"\b",
            r"\Q\E.",
            "a{",
            "{",
            "a{,1}",
            "a{01}",
            "[[a]]",
            "[a&&b]",
            r"\p{Greek}",
        ] {
            assert_eq!(matches_empty(pattern), Ok(false), "{pattern}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            "(",
            ")",
            "[a",
            "a**",
            "a{1}{2}",
            "*",
            "a|*",
            "(?i)*",
            "a{1001}",
            "a{2,1}",
            "(a{100}){11}",
            "(?x)",
            "(?-)",
            "(?i-)",
            "(?=a)",
            "(?<n>a)",
            "(?P<>a)",
            "(?P=n)",
            r"\C",
            r"\Z",
            r"\1",
            r"\8",
            r"\u0041",
            r"\Qa",
            r"\p{greek}",
            r"\pQ",
            "[z-a]",
            r"[a-\d]",
            "[[:foo:]]",
            r"[\b]",
            r"\xg",
            r"\x{110000}",
            "\\",
            "\\\u{e9}",
        ] {
            assert!(matches_empty(pattern).is_err(), "{pattern}");
        }
    }
}
