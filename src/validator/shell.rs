//! Shell text to the simple commands that it is made of: a reader that would rather say nothing than be wrong.
//!
//! 1. It knows words, quoting, expansions, operators, comments, here-documents and the compound commands that
//!    people write into plan files. `case`, functions and what only other shells have are not understood, and
//!    then nothing at all is said about the text.
//! 2. What a substitution runs is not looked at.

use std::ops::Range;

/// A simple command, with what links it to its neighbours.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// `NAME=VALUE` before the program, or alone.
    pub assignments: Vec<Word>,
    /// The program and its arguments.
    pub words: Vec<Word>,
    /// Whether its input comes from a file or a here-document.
    pub has_input: bool,
    /// What stands before it.
    pub before: Link,
    /// What stands after it.
    pub after: Link,
    /// What it is for.
    pub role: Role,
    /// How many subshells, groups, conditions and loops it stands in.
    pub depth: u32,
}

/// What stands between two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The beginning or the end of the text.
    Edge,
    /// `;` or the end of a line.
    Sequence,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `&`
    Background,
}

/// What a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Its effect.
    Work,
    /// Its exit code decides what happens next: `if`, `while`, `until`, `!`, `[[`.
    Condition,
    /// It is no command but the list of `for NAME in`.
    Items,
}

/// One word, quotes removed; expansions stand in it as they are written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Word {
    /// What it says.
    pub text: String,
    /// Where it stands in the text that was read.
    pub range: Range<usize>,
    /// The expansions in it.
    pub expansions: Vec<Expansion>,
    /// Whether any of it is quoted.
    pub is_quoted: bool,
}

impl Word {
    /// A word that says just this.
    pub fn literal(text: &str, range: Range<usize>) -> Self {
        Self { text: text.to_owned(), range, expansions: Vec::new(), is_quoted: true }
    }

    /// Whether nothing in it is replaced by the shell.
    pub fn is_literal(&self) -> bool {
        self.expansions.is_empty()
    }
}

/// A part of a word that the shell replaces.
#[derive(Debug, Clone, PartialEq)]
pub struct Expansion {
    /// What it is replaced by.
    pub kind: ExpansionKind,
    /// Where it stands in the word's text.
    pub range: Range<usize>,
    /// Whether it stands in double quotes.
    pub is_quoted: bool,
    /// Whether it says what happens when it is empty: `${NAME:?}`, `${NAME:-x}`.
    pub is_guarded: bool,
}

/// What an expansion is replaced by.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpansionKind {
    /// The value of a variable, by its name.
    Variable(String),
    /// `$1`, `$?`, `${#x}`.
    Special,
    /// What a command prints.
    Command,
    /// A number.
    Arithmetic,
}

/// The commands of a text, in the order in which they stand; `None` when it is not understood.
pub fn read(text: &str) -> Option<Vec<Command>> {
    let lexer = Lexer { text, at: 0, documents: Vec::new() };
    let parser =
        Parser { lexer, commands: Vec::new(), now: None, link: Link::Edge, depth: 0, is_condition: false };
    parser.read()
}

enum Token {
    Word(Word),
    /// Input (`<`) or output (`>`), with the word that follows.
    Redirect {
        is_input: bool,
    },
    /// Input that stands in the text, on the lines that follow.
    Document,
    Link(Link),
    Open,
    Close,
    End,
}

const LINKS: [(&str, Link); 7] = [
    ("&&", Link::And),
    ("||", Link::Or),
    ("|&", Link::Pipe),
    ("|", Link::Pipe),
    ("&", Link::Background),
    (";", Link::Sequence),
    ("\n", Link::Sequence),
];

/// Longer ones first.
const REDIRECTS: [(&str, bool); 10] = [
    ("&>>", false),
    ("<<<", true),
    ("&>", false),
    (">>", false),
    (">|", false),
    (">&", false),
    ("<&", true),
    ("<>", true),
    (">", false),
    ("<", true),
];

/// Reads tokens. Every `None` means: not understood.
struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// The here-documents that begin at the next line: how each ends, and whether tabs are stripped.
    documents: Vec<(String, bool)>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let is_there = self.rest().starts_with(text);
        if is_there {
            self.at += text.len();
        }
        is_there
    }

    fn skip_blanks(&mut self) {
        loop {
            if self.eat(" ") || self.eat("\t") || self.eat("\r") || self.eat("\\\n") {
                continue;
            }
            if !self.rest().starts_with('#') {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn next(&mut self) -> Option<Token> {
        self.skip_blanks();
        if self.rest().is_empty() {
            return self.documents.is_empty().then_some(Token::End);
        }
        // Most tokens are words.
        let begins_operator =
            |c: u8| matches!(c, b'<' | b'>' | b'&' | b'|' | b';' | b'\n' | b'(' | b')' | b'0'..=b'9');
        if !self.rest().bytes().next().is_some_and(begins_operator) {
            return self.word().map(Token::Word);
        }
        if self.rest().starts_with("<(") || self.rest().starts_with(">(") {
            return self.word().map(Token::Word);
        }
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let operator = &self.rest()[digits..];
        if operator.starts_with("<<") && !operator.starts_with("<<<") {
            self.at += digits + 2;
            let is_stripped = self.eat("-");
            self.skip_blanks();
            let end = self.word()?;
            self.documents.push((end.text, is_stripped));
            return Some(Token::Document);
        }
        if let Some((written, is_input)) = REDIRECTS.iter().find(|(written, _)| operator.starts_with(written))
        {
            self.at += digits + written.len();
            return Some(Token::Redirect { is_input: *is_input });
        }
        if self.rest().starts_with(";;") {
            return None;
        }
        for (written, link) in LINKS {
            if self.eat(written) {
                if written == "\n" {
                    self.skip_documents()?;
                }
                return Some(Token::Link(link));
            }
        }
        if self.eat("(") {
            return Some(Token::Open);
        }
        if self.eat(")") {
            return Some(Token::Close);
        }
        self.word().map(Token::Word)
    }

    /// Skips the here-documents that begin at this line.
    fn skip_documents(&mut self) -> Option<()> {
        for (end, is_stripped) in std::mem::take(&mut self.documents) {
            loop {
                if self.rest().is_empty() {
                    return None;
                }
                let length = self.rest().find('\n').map_or(self.rest().len(), |at| at + 1);
                let line = self.rest()[..length].trim_end_matches('\n');
                let is_end = if is_stripped { line.trim_start_matches('\t') == end } else { line == end };
                self.at += length;
                if is_end {
                    break;
                }
            }
        }
        Some(())
    }

    fn word(&mut self) -> Option<Word> {
        let mut word = Word { range: self.at..self.at, ..Word::default() };
        while let Some(c) = self.rest().chars().next() {
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '|' | '&' | ')' => break,
                '(' => return None,
                '<' | '>' if !self.rest()[1..].starts_with('(') => break,
                '<' | '>' => {
                    self.at += 2;
                    self.substitution(&mut word, self.at - 2, false)?;
                }
                '\\' => {
                    self.at += 1;
                    word.is_quoted = true;
                    match self.bump()? {
                        '\n' => {}
                        c => word.text.push(c),
                    }
                }
                '\'' => self.single_quoted(&mut word)?,
                '"' => self.double_quoted(&mut word)?,
                '$' => self.expansion(&mut word, false)?,
                '`' => self.backticks(&mut word, false)?,
                c => {
                    word.text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        word.range.end = self.at;
        Some(word)
    }

    fn single_quoted(&mut self, word: &mut Word) -> Option<()> {
        self.at += 1;
        let length = self.rest().find('\'')?;
        word.text.push_str(&self.rest()[..length]);
        word.is_quoted = true;
        self.at += length + 1;
        Some(())
    }

    fn double_quoted(&mut self, word: &mut Word) -> Option<()> {
        self.at += 1;
        word.is_quoted = true;
        loop {
            match self.rest().chars().next()? {
                '"' => {
                    self.at += 1;
                    return Some(());
                }
                '\\' => {
                    self.at += 1;
                    match self.bump()? {
                        '\n' => {}
                        c @ ('$' | '`' | '"' | '\\') => word.text.push(c),
                        c => word.text.extend(['\\', c]),
                    }
                }
                '$' => self.expansion(word, true)?,
                '`' => self.backticks(word, true)?,
                c => {
                    word.text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// Reads what begins with `$`.
    fn expansion(&mut self, word: &mut Word, is_quoted: bool) -> Option<()> {
        let start = self.at;
        self.at += 1;
        if self.eat("(") {
            return self.substitution(word, start, is_quoted);
        }
        if self.eat("{") {
            return self.braces(word, start, is_quoted);
        }
        let name: String =
            self.rest().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let kind = match (name.chars().next(), self.rest().chars().next()) {
            (Some(first), _) if !first.is_ascii_digit() => {
                self.at += name.len();
                ExpansionKind::Variable(name)
            }
            (_, Some('?' | '#' | '$' | '!' | '@' | '*' | '-' | '0'..='9')) => {
                self.at += 1;
                ExpansionKind::Special
            }
            // Quotes of other shells.
            (_, Some('\'' | '"')) if !is_quoted => return None,
            _ => {
                word.text.push('$');
                return Some(());
            }
        };
        self.add(word, start, Expansion { kind, range: 0..0, is_quoted, is_guarded: false });
        Some(())
    }

    /// Adds an expansion that was read from `start` on.
    fn add(&self, word: &mut Word, start: usize, expansion: Expansion) {
        let from = word.text.len();
        word.text.push_str(&self.text[start..self.at]);
        word.expansions.push(Expansion { range: from..word.text.len(), ..expansion });
    }

    /// Reads `$(...)`, `$((...))` and `<(...)` after their first parenthesis.
    fn substitution(&mut self, word: &mut Word, start: usize, is_quoted: bool) -> Option<()> {
        let is_arithmetic = self.rest().starts_with('(');
        let kind = if is_arithmetic { ExpansionKind::Arithmetic } else { ExpansionKind::Command };
        self.skip_to(')')?;
        self.add(word, start, Expansion { kind, range: 0..0, is_quoted, is_guarded: false });
        Some(())
    }

    /// Reads `${...}` after its brace.
    fn braces(&mut self, word: &mut Word, start: usize, is_quoted: bool) -> Option<()> {
        let inner = self.at;
        self.skip_to('}')?;
        let inner = &self.text[inner..self.at - 1];
        let n_name = inner.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let (name, how) = inner.split_at(n_name);
        let is_variable = name.starts_with(|c: char| !c.is_ascii_digit());
        let kind =
            if is_variable { ExpansionKind::Variable(name.to_owned()) } else { ExpansionKind::Special };
        let is_guarded = how.trim_start_matches(':').starts_with(['?', '-', '=']) && how.len() > 1;
        self.add(word, start, Expansion { kind, range: 0..0, is_quoted, is_guarded });
        Some(())
    }

    /// Skips to the end of what was opened, quotes and what is opened in between included.
    fn skip_to(&mut self, close: char) -> Option<()> {
        let mut open = vec![close];
        while let Some(close) = open.last() {
            match self.bump()? {
                c if c == *close => {
                    open.pop();
                }
                '\\' => {
                    self.bump()?;
                }
                '\'' if !open.contains(&'"') => self.at += self.rest().find('\'')? + 1,
                '"' => open.push('"'),
                '(' if *close == ')' => open.push(')'),
                '$' if self.eat("(") => open.push(')'),
                '$' if self.eat("{") => open.push('}'),
                _ => {}
            }
        }
        Some(())
    }

    fn backticks(&mut self, word: &mut Word, is_quoted: bool) -> Option<()> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bump()? {
                '`' => break,
                '\\' => {
                    self.bump()?;
                }
                _ => {}
            }
        }
        let kind = ExpansionKind::Command;
        self.add(word, start, Expansion { kind, range: 0..0, is_quoted, is_guarded: false });
        Some(())
    }
}

/// Puts tokens together to commands.
struct Parser<'t> {
    lexer: Lexer<'t>,
    commands: Vec<Command>,
    /// The command that is being read.
    now: Option<Command>,
    /// What stood last between commands.
    link: Link,
    depth: u32,
    is_condition: bool,
}

impl Parser<'_> {
    fn read(mut self) -> Option<Vec<Command>> {
        loop {
            match self.lexer.next()? {
                Token::Word(word) => self.word(word)?,
                Token::Redirect { is_input } => {
                    let Token::Word(_) = self.lexer.next()? else { return None };
                    self.command().has_input |= is_input;
                }
                Token::Document => self.command().has_input = true,
                Token::Link(link) => self.end(link),
                Token::Open if self.now.is_none() => self.depth += 1,
                // A function, or an array.
                Token::Open => return None,
                Token::Close => self.close()?,
                Token::End => break,
            }
        }
        self.end(Link::Edge);
        if let Some(last) = self.commands.last_mut()
            && last.after == Link::Sequence
        {
            last.after = Link::Edge;
        }
        (self.depth == 0).then_some(self.commands)
    }

    fn close(&mut self) -> Option<()> {
        self.end(Link::Sequence);
        self.depth = self.depth.checked_sub(1)?;
        Some(())
    }

    /// The command that is being read; begins one.
    fn command(&mut self) -> &mut Command {
        let role = if self.is_condition { Role::Condition } else { Role::Work };
        let (before, depth) = (self.link, self.depth);
        self.now.get_or_insert_with(|| Command {
            assignments: Vec::new(),
            words: Vec::new(),
            has_input: false,
            before,
            after: Link::Edge,
            role,
            depth,
        })
    }

    fn end(&mut self, link: Link) {
        match self.now.take().filter(|now| !now.words.is_empty() || !now.assignments.is_empty()) {
            Some(command) => self.commands.push(Command { after: link, ..command }),
            // A line break after `&&` or a keyword does not change what links two commands.
            None if matches!(link, Link::Sequence | Link::Edge) => return,
            // What follows `fi`, `done`, `}` and `)` links the last command that stands in them.
            None => {
                if let Some(last) = self.commands.last_mut() {
                    last.after = link;
                }
            }
        }
        self.link = link;
    }

    fn word(&mut self, word: Word) -> Option<()> {
        let is_first = self.now.as_ref().is_none_or(|now| now.words.is_empty() && now.assignments.is_empty());
        if is_first && !word.is_quoted && word.is_literal() {
            match word.text.as_str() {
                "case" | "function" | "select" | "coproc" => return None,
                "if" | "while" | "until" => {
                    self.depth += 1;
                    self.is_condition = true;
                    return Some(());
                }
                "elif" => {
                    self.is_condition = true;
                    return Some(());
                }
                "then" | "do" | "else" => {
                    self.is_condition = false;
                    return Some(());
                }
                "{" => {
                    self.depth += 1;
                    return Some(());
                }
                "fi" | "done" | "}" => {
                    self.depth = self.depth.checked_sub(1)?;
                    return Some(());
                }
                "!" => {
                    self.command().role = Role::Condition;
                    return Some(());
                }
                "for" => {
                    self.command().role = Role::Items;
                    self.depth += 1;
                }
                "[[" => return self.test(word),
                _ => {}
            }
        }
        let command = self.command();
        if command.words.is_empty() && is_assignment(&word) {
            command.assignments.push(word);
        } else {
            command.words.push(word);
        }
        Some(())
    }

    /// Reads `[[ ... ]]`, in which operators mean something else.
    fn test(&mut self, first: Word) -> Option<()> {
        self.command().role = Role::Condition;
        self.command().words.push(first);
        loop {
            match self.lexer.next()? {
                Token::Word(word) if word.text == "]]" => return Some(()),
                Token::End => return None,
                _ => {}
            }
        }
    }
}

/// Whether a word is `NAME=VALUE`.
fn is_assignment(word: &Word) -> bool {
    assigned(&word.text).is_some()
}

/// The name and the value of `NAME=VALUE`.
pub fn assigned(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a text: a command a line, its words between bars, what links it to the next one at its end.
    fn shown(text: &str) -> String {
        let Some(commands) = read(text) else { return "?".to_owned() };
        let show = |command: &Command| {
            let words: Vec<_> =
                command.assignments.iter().chain(&command.words).map(|word| word.text.as_str()).collect();
            format!("{}{} {:?}", ".".repeat(command.depth as usize), words.join("|"), command.after)
        };
        commands.iter().map(show).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn text_is_read_as_a_shell_does_or_not_at_all() {
        let cases = [
            ("", ""),
            ("# nothing\n\n", ""),
            ("rm -r old", "rm|-r|old Edge"),
            ("a 'b c' \"d e\" f\\ g h\"i\"'j' # k", "a|b c|d e|f g|hij Edge"),
            ("a#b", "a#b Edge"),
            ("a && b || c; d | e & f\n", "a And\nb Or\nc Sequence\nd Pipe\ne Background\nf Edge"),
            ("a &&\n b", "a And\nb Edge"),
            ("X=1 Y='2 3' a Z=4", "X=1|Y=2 3|a|Z=4 Edge"),
            ("a > x 2>&1 <y b", "a|b Edge"),
            ("a <<E\nrm -rf /\nE\nb", "a Sequence\nb Edge"),
            ("a <<-'E F'\n\tx\n\tE F\nb", "a Sequence\nb Edge"),
            ("a <<E\nx", "?"),
            ("if a; then b; else c; fi; d", ".a Sequence\n.b Sequence\n.c Sequence\nd Edge"),
            ("for x in 1 2; do a $x; done | b", "for|x|in|1|2 Sequence\n.a|$x Pipe\nb Edge"),
            ("(a; b) &", ".a Sequence\n.b Background"),
            ("while read x; do a; done < y", ".read|x Sequence\n.a Edge"),
            ("a $(b; 'c)' \"d)\") e", "a|$(b; 'c)' \"d)\")|e Edge"),
            ("a ${b:-\"}\"} `c d`", "a|${b:-\"}\"}|`c d` Edge"),
            ("i=$((i+1))", "i=$((i+1)) Edge"),
            ("a \\\n b", "a|b Edge"),
            ("[[ a && b ]] && c", "[[ And\nc Edge"),
            ("case a in b) c;; esac", "?"),
            ("f() { a; }", "?"),
            ("a 'b", "?"),
            ("a \"b", "?"),
            ("a $'b'", "?"),
            ("a (b)", "?"),
            ("a)", "?"),
            ("(a", "?"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn an_expansion_knows_its_name_its_quotes_and_what_guards_it() {
        let cases = [
            ("$A", "A", false, false),
            ("\"$A\"", "A", true, false),
            ("\"${A:?}\"", "A", true, true),
            ("${A:-x}", "A", false, true),
            ("${A%/}", "A", false, false),
        ];
        for (text, name, is_quoted, is_guarded) in cases {
            let commands = read(text).expect("it is understood");
            let expansion = &commands[0].words[0].expansions[0];
            let kind = ExpansionKind::Variable(name.to_owned());
            assert_eq!(
                (&expansion.kind, expansion.is_quoted, expansion.is_guarded),
                (&kind, is_quoted, is_guarded),
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange_and_words_stand_where_they_say(
            text in "[ a-c$(){}<>|&;'\"`\\\\\n#=?:!-]{0,40}|\\PC{0,40}"
        ) {
            for command in read(&text).unwrap_or_default() {
                for word in command.words {
                    proptest::prop_assert!(text.get(word.range.clone()).is_some());
                }
            }
        }
    }
}
