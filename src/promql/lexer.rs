//! Text to tokens.
//!
//! The state decides what a character is: in braces there are no keywords, and in brackets a letter is a
//! colon.

use super::ast::{AGGREGATORS, Aggregator, BinaryOp, Span};
use super::error::SyntaxError;
use super::literal;

/// One token and its place.
#[derive(Debug, Clone)]
pub struct Token {
    pub kind: Kind,
    pub span: Span,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    End,
    Comma,
    Colon,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    /// `=`, `=~` and `!~`; `!=` is an operator.
    Assign,
    MatchRegex,
    MatchNotRegex,
    At,
    Number,
    Duration,
    Text,
    Identifier,
    /// A name with a colon, which only a metric may have.
    MetricName,
    Op(BinaryOp),
    Aggregator(Aggregator),
    Keyword(Keyword),
}

/// A word with a meaning of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    Bool,
    By,
    End,
    GroupLeft,
    GroupRight,
    Ignoring,
    Offset,
    On,
    Start,
    Without,
}

/// Words that are neither names nor aggregators; upper and lower case are one.
const WORDS: [(&str, Kind); 16] = [
    ("and", Kind::Op(BinaryOp::And)),
    ("or", Kind::Op(BinaryOp::Or)),
    ("unless", Kind::Op(BinaryOp::Unless)),
    ("atan2", Kind::Op(BinaryOp::Atan2)),
    ("bool", Kind::Keyword(Keyword::Bool)),
    ("by", Kind::Keyword(Keyword::By)),
    ("end", Kind::Keyword(Keyword::End)),
    ("group_left", Kind::Keyword(Keyword::GroupLeft)),
    ("group_right", Kind::Keyword(Keyword::GroupRight)),
    ("ignoring", Kind::Keyword(Keyword::Ignoring)),
    ("offset", Kind::Keyword(Keyword::Offset)),
    ("on", Kind::Keyword(Keyword::On)),
    ("start", Kind::Keyword(Keyword::Start)),
    ("without", Kind::Keyword(Keyword::Without)),
    ("inf", Kind::Number),
    ("nan", Kind::Number),
];

/// Operators and signs; the longer ones first, because `=` begins `==`.
const SIGNS: [(&str, Kind); 19] = [
    ("==", Kind::Op(BinaryOp::Equal)),
    ("!=", Kind::Op(BinaryOp::NotEqual)),
    ("<=", Kind::Op(BinaryOp::LessOrEqual)),
    (">=", Kind::Op(BinaryOp::GreaterOrEqual)),
    ("<", Kind::Op(BinaryOp::Less)),
    (">", Kind::Op(BinaryOp::Greater)),
    ("+", Kind::Op(BinaryOp::Add)),
    ("-", Kind::Op(BinaryOp::Subtract)),
    ("*", Kind::Op(BinaryOp::Multiply)),
    ("/", Kind::Op(BinaryOp::Divide)),
    ("%", Kind::Op(BinaryOp::Modulo)),
    ("^", Kind::Op(BinaryOp::Power)),
    ("=", Kind::Assign),
    ("@", Kind::At),
    (",", Kind::Comma),
    ("(", Kind::LeftParen),
    (")", Kind::RightParen),
    ("{", Kind::LeftBrace),
    ("]", Kind::RightBracket),
];

/// The same in braces.
const SIGNS_IN_BRACES: [(&str, Kind); 6] = [
    ("=~", Kind::MatchRegex),
    ("!~", Kind::MatchNotRegex),
    ("!=", Kind::Op(BinaryOp::NotEqual)),
    ("=", Kind::Assign),
    (",", Kind::Comma),
    ("}", Kind::RightBrace),
];

/// Where the lexer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    InBraces,
    InBrackets { had_colon: bool },
}

/// Splits a query into tokens up to its end, or up to what is none.
///
/// The last token is [`Kind::End`] in both cases, so that the parser can report a fault that comes before.
pub fn lex(text: &str) -> (Vec<Token>, Option<SyntaxError>) {
    let mut lexer = Lexer { text, at: 0, place: Place::Outside };
    let mut tokens = Vec::new();
    loop {
        match lexer.next() {
            Ok(token) => {
                let is_end = token.kind == Kind::End;
                tokens.push(token);
                if is_end {
                    return (tokens, None);
                }
            }
            Err(error) => {
                tokens.push(Token { kind: Kind::End, span: error.span.clone() });
                return (tokens, Some(error));
            }
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    place: Place,
}

impl Lexer<'_> {
    fn next(&mut self) -> Result<Token, SyntaxError> {
        self.skip_blanks();
        let Some(first) = self.rest().chars().next() else { return Ok(self.token(Kind::End, 0)) };
        if matches!(first, '"' | '\'' | '`') {
            let end = literal::text_end(self.text, self.at)?;
            return Ok(self.token(Kind::Text, end - self.at));
        }
        match self.place {
            Place::InBraces => self.in_braces(first),
            Place::Outside => self.outside(first),
            Place::InBrackets { had_colon } => self.in_brackets(first, had_colon),
        }
    }

    fn outside(&mut self, first: char) -> Result<Token, SyntaxError> {
        if is_alpha(first) || first == ':' {
            let len = self.run(|c| is_alphanumeric(c) || c == ':');
            let kind = word(&self.rest()[..len]);
            return Ok(self.token(kind, len));
        }
        self.number_or_sign(first)
    }

    fn in_brackets(&mut self, first: char, had_colon: bool) -> Result<Token, SyntaxError> {
        // Prometheus 2.42 takes any letter for the colon, and so must whoever says whether it loads a query.
        if is_alpha(first) || first == ':' {
            if had_colon {
                return Err(self.fault(first, "a second colon in the brackets"));
            }
            self.place = Place::InBrackets { had_colon: true };
            return Ok(self.token(Kind::Colon, 1));
        }
        self.number_or_sign(first)
    }

    fn in_braces(&mut self, first: char) -> Result<Token, SyntaxError> {
        if is_alpha(first) {
            let len = self.run(is_alphanumeric);
            return Ok(self.token(Kind::Identifier, len));
        }
        let sign = SIGNS_IN_BRACES.iter().find(|(sign, _)| self.rest().starts_with(sign));
        let (sign, kind) = sign.ok_or_else(|| self.fault(first, "an unexpected character in the braces"))?;
        if *kind == Kind::RightBrace {
            self.place = Place::Outside;
        }
        Ok(self.token(*kind, sign.len()))
    }

    fn number_or_sign(&mut self, first: char) -> Result<Token, SyntaxError> {
        let second = self.rest()[first.len_utf8()..].chars().next();
        if first.is_ascii_digit() || (first == '.' && second.is_some_and(|c| c.is_ascii_digit())) {
            return self.number_or_duration();
        }
        if first == '[' {
            return self.left_bracket();
        }
        if self.rest().starts_with("=~") {
            return Err(self.fault(first, "`=~` stands only in braces, as in `up{job=~\"a.*\"}`"));
        }
        let sign = SIGNS.iter().find(|(sign, _)| self.rest().starts_with(sign));
        let (sign, kind) = sign.ok_or_else(|| self.fault(first, "an unexpected character"))?;
        match kind {
            Kind::LeftBrace => self.place = Place::InBraces,
            Kind::RightBracket => self.place = Place::Outside,
            _ => {}
        }
        Ok(self.token(*kind, sign.len()))
    }

    fn number_or_duration(&mut self) -> Result<Token, SyntaxError> {
        let rest = self.rest();
        let number = literal::number_len(rest);
        if !rest[number..].starts_with(is_alphanumeric) {
            return Ok(self.token(Kind::Number, number));
        }
        match literal::duration_len(rest) {
            Some(len) => Ok(self.token(Kind::Duration, len)),
            None => Err(self.bad_word("neither a number nor a duration")),
        }
    }

    /// `[`, behind which only a duration can stand; a comment cannot.
    fn left_bracket(&mut self) -> Result<Token, SyntaxError> {
        if matches!(self.place, Place::InBrackets { .. }) {
            return Err(self.fault('[', "an unexpected character in the brackets"));
        }
        let token = self.token(Kind::LeftBracket, 1);
        self.at += self.run(is_blank);
        self.place = Place::InBrackets { had_colon: false };
        let number = literal::number_len(self.rest());
        if !self.rest()[number..].starts_with(is_alphanumeric) {
            let message = if number == 0 { "a duration is missing" } else { "a duration without a unit" };
            let error = SyntaxError::new(self.at..self.at + number, message);
            return Err(error.help("a range is written as in `[5m]`, a subquery as in `[1h:1m]`"));
        }
        if literal::duration_len(self.rest()).is_none() {
            return Err(self.bad_word("not a duration"));
        }
        Ok(token)
    }

    fn skip_blanks(&mut self) {
        loop {
            self.at += self.run(is_blank);
            if !self.rest().starts_with('#') {
                return;
            }
            self.at += self.run(|c| c != '\n');
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Bytes of the characters ahead that are like this.
    fn run(&self, is_like: impl Fn(char) -> bool) -> usize {
        self.rest().find(|c| !is_like(c)).unwrap_or(self.rest().len())
    }

    fn token(&mut self, kind: Kind, len: usize) -> Token {
        let span = self.at..self.at + len;
        self.at = span.end;
        Token { kind, span }
    }

    fn fault(&self, found: char, message: &str) -> SyntaxError {
        SyntaxError::new(self.at..self.at + found.len_utf8(), message)
    }

    fn bad_word(&self, message: &str) -> SyntaxError {
        let len = self.run(|c| is_alphanumeric(c) || c == '.').max(1);
        SyntaxError::new(self.at..self.at + len, message)
    }
}

/// What a word outside of braces is.
fn word(text: &str) -> Kind {
    let is_same = |word: &str| word.eq_ignore_ascii_case(text);
    if let Some((_, kind)) = WORDS.iter().find(|(word, _)| is_same(word)) {
        return *kind;
    }
    match AGGREGATORS.iter().find(|(word, _)| is_same(word)) {
        Some((_, aggregator)) => Kind::Aggregator(*aggregator),
        None if text.contains(':') => Kind::MetricName,
        None => Kind::Identifier,
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn is_alpha(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
