//! Tokens to a tree.
//!
//! Operators by increasing precedence: `or`; `and`, `unless`; comparisons; `+`, `-`; `*`, `/`, `%`, `atan2`;
//! signs; `^`, which alone groups from the right; then ranges, `offset` and `@`, which belong to what they
//! follow directly.

use super::ast::{
    AGGREGATORS, Aggregation, Aggregator, At, Binary, BinaryOp, Call, Cardinality, Expr, ExprKind, Grouping,
    LabelMatcher, MatchOp, Matching, Modifiers, RangeSelector, Selector, Span, Subquery, Unary,
};
use super::error::SyntaxError;
use super::functions::{self, FUNCTIONS};
use super::lexer::{Keyword, Kind, Token, lex};
use super::{MAX_HEIGHT, MAX_LENGTH, MAX_NESTING, literal, re2};
use crate::text::nearest;

/// Reads a query; its types are not looked at.
pub fn parse(text: &str) -> Result<Expr, SyntaxError> {
    if MAX_LENGTH < text.len() {
        let message = format!("a query of more than {MAX_LENGTH} bytes");
        return Err(SyntaxError::new(0..text.len(), message));
    }
    let (tokens, lexical) = lex(text);
    let mut parser = Parser { text, tokens, lexical, at: 0, depth: 0 };
    if parser.is_end() && parser.lexical.is_none() {
        return Err(SyntaxError::new(0..text.len(), "there is no expression"));
    }
    let expr = parser.expr(Precedence::Or)?;
    match parser.peek() {
        Kind::End if parser.lexical.is_none() => Ok(expr),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precedence {
    Or,
    And,
    Comparison,
    Sum,
    Product,
    Power,
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    /// The fault that ended the tokens early.
    lexical: Option<SyntaxError>,
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, SyntaxError>;

impl Parser<'_> {
    /// An expression of operators that bind at least as tightly as `least`.
    fn expr(&mut self, least: Precedence) -> Parsed<Expr> {
        self.depth += 1;
        if MAX_NESTING < self.depth {
            let message = format!("a query nested more than {MAX_NESTING} levels deep");
            return Err(SyntaxError::new(self.span(), message));
        }
        let mut left = self.operand()?;
        while let Kind::Op(op) = self.peek() {
            let precedence = precedence(op);
            if precedence < least {
                break;
            }
            left = self.binary(left, op, precedence)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn binary(&mut self, left: Expr, op: BinaryOp, precedence: Precedence) -> Parsed<Expr> {
        let op_span = self.next().span;
        let is_bool = self.takes(Kind::Keyword(Keyword::Bool));
        let (matching, cardinality) = self.matching()?;
        let right = self.expr(match precedence {
            Precedence::Or => Precedence::And,
            Precedence::And => Precedence::Comparison,
            Precedence::Comparison => Precedence::Sum,
            Precedence::Sum => Precedence::Product,
            Precedence::Product | Precedence::Power => Precedence::Power,
        })?;
        let span = left.span.start..right.span.end;
        let height = left.height.max(right.height);
        let binary = Binary { op, op_span, is_bool, matching, cardinality, left, right };
        above(height, ExprKind::Binary(Box::new(binary)), span)
    }

    /// `on (...) group_left (...)` and the like, when they stand here.
    fn matching(&mut self) -> Parsed<(Option<Matching>, Cardinality)> {
        let is_on = match self.peek() {
            Kind::Keyword(Keyword::On) => true,
            Kind::Keyword(Keyword::Ignoring) => false,
            _ => return Ok((None, Cardinality::Plain)),
        };
        self.next();
        let matching = Matching { is_on, labels: self.labels()? };
        let cardinality = match self.peek() {
            Kind::Keyword(Keyword::GroupLeft) => Cardinality::GroupLeft,
            Kind::Keyword(Keyword::GroupRight) => Cardinality::GroupRight,
            _ => return Ok((Some(matching), Cardinality::Plain)),
        };
        self.next();
        let brought = if self.peek() == Kind::LeftParen { self.labels()? } else { Vec::new() };
        Ok((Some(matching), cardinality(brought)))
    }

    /// A sign and its operand, or a primary with what follows it.
    fn operand(&mut self) -> Parsed<Expr> {
        let is_negative = match self.peek() {
            Kind::Op(BinaryOp::Subtract) => true,
            Kind::Op(BinaryOp::Add) => false,
            _ => {
                let primary = self.primary()?;
                return self.suffixes(primary);
            }
        };
        let start = self.next().span.start;
        let expr = self.expr(Precedence::Power)?;
        let (span, height) = (start..expr.span.end, expr.height);
        above(height, ExprKind::Unary(Box::new(Unary { is_negative, expr })), span)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let token = self.token();
        match token.kind {
            Kind::Number => {
                self.next();
                let value = literal::number(self.slice(&token.span), token.span.clone())?;
                Ok(leaf(ExprKind::Number(value), token.span))
            }
            Kind::Text => {
                self.next();
                let value = literal::unquote(self.slice(&token.span)).unwrap_or_else(|lossy| lossy);
                Ok(leaf(ExprKind::Text(value), token.span))
            }
            Kind::LeftParen => self.paren(),
            Kind::LeftBrace => self.selector(None),
            Kind::Aggregator(op) if self.is_aggregation() => self.aggregation(op),
            Kind::Identifier if self.peek_second() == Kind::LeftParen => self.call(),
            kind if is_metric_name(kind) => {
                self.next();
                self.selector(Some(token.span))
            }
            _ => Err(self.unexpected("an expression")),
        }
    }

    fn paren(&mut self) -> Parsed<Expr> {
        let open = self.next().span;
        let inner = self.expr(Precedence::Or)?;
        let end = self.close_paren(&open, "an operator or `)`")?;
        let height = inner.height;
        above(height, ExprKind::Paren(Box::new(inner)), open.start..end)
    }

    /// `{...}` behind a name, or without one.
    fn selector(&mut self, name: Option<Span>) -> Parsed<Expr> {
        let start = name.clone().unwrap_or_else(|| self.span()).start;
        let mut end = name.clone().map_or(start, |name| name.end);
        let mut matchers = Vec::new();
        if self.takes(Kind::LeftBrace) {
            while self.peek() != Kind::RightBrace {
                matchers.push(self.matcher()?);
                if !self.takes(Kind::Comma) {
                    break;
                }
            }
            end = self.expect(Kind::RightBrace, "`,` or `}`")?.end;
        }
        let name = name.map(|name| self.slice(&name).to_owned());
        let selector = Selector { name, matchers, modifiers: Modifiers::default(), span: start..end };
        Ok(leaf(ExprKind::Selector(selector), start..end))
    }

    fn matcher(&mut self) -> Parsed<LabelMatcher> {
        let label = self.expect(Kind::Identifier, "a label or `}`")?;
        let op = match self.peek() {
            Kind::Assign => MatchOp::Equal,
            Kind::Op(BinaryOp::NotEqual) => MatchOp::NotEqual,
            Kind::MatchRegex => MatchOp::Regex,
            Kind::MatchNotRegex => MatchOp::NotRegex,
            _ => return Err(self.unexpected("one of `= != =~ !~`")),
        };
        self.next();
        let value_span = self.expect(Kind::Text, "a value in quotes")?;
        let value = literal::unquote(self.slice(&value_span));
        if matches!(op, MatchOp::Regex | MatchOp::NotRegex) {
            let pattern = value.as_ref().map_err(|_| "bytes that are no UTF-8".to_owned());
            pattern.and_then(|pattern| re2::matches_empty(pattern)).map_err(|why| {
                SyntaxError::new(value_span.clone(), format!("not a regular expression: {why}"))
            })?;
        }
        let value = value.unwrap_or_else(|lossy| lossy);
        let span = label.start..value_span.end;
        Ok(LabelMatcher { label: self.slice(&label).to_owned(), op, value, span, value_span })
    }

    /// Whether the aggregator here is one, and not a metric of that name.
    fn is_aggregation(&self) -> bool {
        matches!(self.peek_second(), Kind::LeftParen | Kind::Keyword(Keyword::By | Keyword::Without))
    }

    fn aggregation(&mut self, op: Aggregator) -> Parsed<Expr> {
        let op_span = self.next().span;
        let mut grouping = self.grouping()?;
        let open = self.span();
        let (mut args, mut end) = self.args()?;
        if grouping.is_none() {
            grouping = self.grouping()?;
            end = self.end_of_previous().max(end);
        }
        let (span, expected) = (op_span.start..end, 1 + usize::from(op.takes_parameter()));
        let n = args.len();
        let (Some(expr), true) = (args.pop(), n == expected) else {
            let expected = crate::counted(expected, "argument");
            return Err(SyntaxError::new(open.start..end, format!("`{op}` takes {expected}, found {n}")));
        };
        let parameter = args.pop();
        let height = expr.height.max(parameter.as_ref().map_or(0, |parameter| parameter.height));
        let aggregation = Aggregation { op, op_span, grouping, parameter, expr };
        above(height, ExprKind::Aggregation(Box::new(aggregation)), span)
    }

    fn grouping(&mut self) -> Parsed<Option<Grouping>> {
        let is_without = match self.peek() {
            Kind::Keyword(Keyword::By) => false,
            Kind::Keyword(Keyword::Without) => true,
            _ => return Ok(None),
        };
        self.next();
        Ok(Some(Grouping { is_without, labels: self.labels()? }))
    }

    /// `(a, b)`
    fn labels(&mut self) -> Parsed<Vec<String>> {
        let open = self.expect(Kind::LeftParen, "`(` and labels")?;
        let mut labels = Vec::new();
        while self.peek() != Kind::RightParen {
            if !is_label(self.peek()) {
                return Err(self.unexpected("a label or `)`"));
            }
            let span = self.next().span;
            labels.push(self.slice(&span).to_owned());
            if !self.takes(Kind::Comma) {
                break;
            }
        }
        self.close_paren(&open, "`,` or `)`")?;
        Ok(labels)
    }

    fn call(&mut self) -> Parsed<Expr> {
        let name_span = self.next().span;
        let name = self.slice(&name_span);
        let Some(function) = functions::find(name) else {
            let error = SyntaxError::new(name_span.clone(), format!("there is no function `{name}`"));
            let known =
                FUNCTIONS.iter().map(|function| function.name).chain(AGGREGATORS.map(|(name, _)| name));
            return Err(match nearest(name, known) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error,
            });
        };
        let (args, end) = self.args()?;
        let height = args.iter().map(|arg| arg.height).max().unwrap_or(0);
        let span = name_span.start..end;
        above(height, ExprKind::Call(Call { function, name_span, args }), span)
    }

    /// `(a, b)`, and where it ends.
    fn args(&mut self) -> Parsed<(Vec<Expr>, usize)> {
        let open = self.expect(Kind::LeftParen, "`(` and arguments")?;
        let mut args = Vec::new();
        if self.peek() != Kind::RightParen {
            loop {
                args.push(self.expr(Precedence::Or)?);
                if !self.takes(Kind::Comma) {
                    break;
                }
            }
        }
        let end = self.close_paren(&open, "`,` or `)`")?;
        Ok((args, end))
    }

    /// Ranges, `offset` and `@` behind an expression.
    fn suffixes(&mut self, mut expr: Expr) -> Parsed<Expr> {
        loop {
            expr = match self.peek() {
                Kind::LeftBracket => self.range(expr)?,
                Kind::Keyword(Keyword::Offset) => self.offset(expr)?,
                Kind::At => self.at_instant(expr)?,
                _ => return Ok(expr),
            };
        }
    }

    fn range(&mut self, expr: Expr) -> Parsed<Expr> {
        let open = self.next().span;
        let range = self.duration()?;
        if self.takes(Kind::Colon) {
            let step = if self.peek() == Kind::RightBracket { None } else { Some(self.duration()?) };
            let end = self.expect(Kind::RightBracket, "a duration or `]`")?.end;
            let (span, height) = (expr.span.start..end, expr.height);
            let subquery = Subquery { expr, range, step, modifiers: Modifiers::default() };
            return above(height, ExprKind::Subquery(Box::new(subquery)), span);
        }
        let end = self.expect(Kind::RightBracket, "`:` or `]`")?.end;
        let fault = |message: &str| Err(SyntaxError::new(open.start..end, message));
        let ExprKind::Selector(selector) = expr.kind else {
            return fault("a range stands only behind a selector").map_err(|error| {
                error.help("a subquery, as in `[1h:1m]`, stands behind any instant vector")
            });
        };
        if selector.modifiers.offset.is_some() {
            return fault("`offset` stands behind the range, not before it");
        }
        // `@ start()` before a range is taken by Prometheus 2.42.
        if matches!(selector.modifiers.at, Some(At::Time(_))) {
            return fault("`@` stands behind the range, not before it");
        }
        Ok(leaf(ExprKind::Range(RangeSelector { selector, range }), expr.span.start..end))
    }

    fn offset(&mut self, mut expr: Expr) -> Parsed<Expr> {
        let keyword = self.next().span;
        let is_negative = self.takes(Kind::Op(BinaryOp::Subtract));
        let length = self.duration()?;
        let modifiers = modifiers(&mut expr, &keyword, "offset")?;
        if modifiers.offset.is_some() {
            return Err(SyntaxError::new(keyword, "a second `offset`"));
        }
        modifiers.offset = Some(if is_negative { -length } else { length });
        expr.span.end = self.end_of_previous();
        Ok(expr)
    }

    fn at_instant(&mut self, mut expr: Expr) -> Parsed<Expr> {
        let sign = self.next().span;
        let at = match self.peek() {
            Kind::Keyword(keyword @ (Keyword::Start | Keyword::End)) => {
                self.next();
                let open = self.expect(Kind::LeftParen, "`()`")?;
                self.close_paren(&open, "`)`")?;
                if keyword == Keyword::Start { At::Start } else { At::End }
            }
            _ => At::Time(self.instant()?),
        };
        let modifiers = modifiers(&mut expr, &sign, "@")?;
        if modifiers.at.is_some() {
            return Err(SyntaxError::new(sign, "a second `@`"));
        }
        modifiers.at = Some(at);
        expr.span.end = self.end_of_previous();
        Ok(expr)
    }

    /// Seconds since 1970, with or without a sign.
    fn instant(&mut self) -> Parsed<f64> {
        // The bound of signed numbers of 64 bits, itself not included.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        let start = self.span().start;
        let is_negative = self.takes(Kind::Op(BinaryOp::Subtract));
        if !is_negative {
            self.takes(Kind::Op(BinaryOp::Add));
        }
        let span = self.expect(Kind::Number, "a number of seconds, `start()` or `end()`")?;
        let seconds = literal::number(self.slice(&span), span.clone())?;
        if !(-LIMIT < seconds && seconds < LIMIT) {
            return Err(SyntaxError::new(start..span.end, "an instant that is out of bounds"));
        }
        Ok(if is_negative { -seconds } else { seconds })
    }

    fn duration(&mut self) -> Parsed<chrono::TimeDelta> {
        let span = self.expect(Kind::Duration, "a duration such as `5m`")?;
        literal::duration(self.slice(&span), span)
    }

    fn close_paren(&mut self, open: &Span, expected: &str) -> Parsed<usize> {
        if self.is_end() && self.lexical.is_none() {
            return Err(SyntaxError::new(open.clone(), "a parenthesis that is not closed"));
        }
        Ok(self.expect(Kind::RightParen, expected)?.end)
    }

    fn expect(&mut self, kind: Kind, expected: &str) -> Parsed<Span> {
        if self.peek() == kind { Ok(self.next().span) } else { Err(self.unexpected(expected)) }
    }

    fn takes(&mut self, kind: Kind) -> bool {
        let is_here = self.peek() == kind;
        self.at += usize::from(is_here);
        is_here
    }

    fn unexpected(&self, expected: &str) -> SyntaxError {
        let span = self.span();
        match &self.lexical {
            Some(error) if self.is_end() => error.clone(),
            _ if self.is_end() => SyntaxError::new(span, format!("expected {expected}, found the end")),
            _ => {
                let found = self.slice(&span).escape_debug().to_string();
                SyntaxError::new(span, format!("expected {expected}, found `{found}`"))
            }
        }
    }

    fn slice(&self, span: &Span) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The token here; the last one is never passed.
    fn token(&self) -> Token {
        let end = || Token { kind: Kind::End, span: self.text.len()..self.text.len() };
        self.tokens.get(self.at).or(self.tokens.last()).cloned().unwrap_or_else(end)
    }

    fn peek(&self) -> Kind {
        self.token().kind
    }

    fn peek_second(&self) -> Kind {
        self.tokens.get(self.at + 1).map_or(Kind::End, |token| token.kind)
    }

    fn span(&self) -> Span {
        self.token().span
    }

    fn is_end(&self) -> bool {
        self.peek() == Kind::End
    }

    fn next(&mut self) -> Token {
        let token = self.token();
        self.at += 1;
        token
    }

    fn end_of_previous(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.span.end)
    }
}

fn precedence(op: BinaryOp) -> Precedence {
    match op {
        BinaryOp::Or => Precedence::Or,
        BinaryOp::And | BinaryOp::Unless => Precedence::And,
        BinaryOp::Add | BinaryOp::Subtract => Precedence::Sum,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo | BinaryOp::Atan2 => Precedence::Product,
        BinaryOp::Power => Precedence::Power,
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual => Precedence::Comparison,
    }
}

/// Words that Prometheus takes for the name of a metric when they stand alone.
fn is_metric_name(kind: Kind) -> bool {
    match kind {
        Kind::Identifier
        | Kind::MetricName
        | Kind::Aggregator(_)
        | Kind::Op(BinaryOp::And | BinaryOp::Or | BinaryOp::Unless) => true,
        Kind::Keyword(word) => {
            use Keyword::{By, End, Offset, Start, Without};
            matches!(word, By | End | Offset | Start | Without)
        }
        _ => false,
    }
}

/// Words that Prometheus takes for labels in a list; `without` is none of them.
fn is_label(kind: Kind) -> bool {
    match kind {
        Kind::Identifier
        | Kind::Aggregator(_)
        | Kind::Op(BinaryOp::And | BinaryOp::Or | BinaryOp::Unless | BinaryOp::Atan2) => true,
        Kind::Keyword(word) => word != Keyword::Without,
        _ => false,
    }
}

fn leaf(kind: ExprKind, span: Span) -> Expr {
    Expr::new(kind, span, 1)
}

/// An expression above others of which the highest has `height` levels.
fn above(height: usize, kind: ExprKind, span: Span) -> Parsed<Expr> {
    if MAX_HEIGHT <= height {
        return Err(SyntaxError::new(span, format!("a chain of more than {MAX_HEIGHT} operators")));
    }
    Ok(Expr::new(kind, span, height + 1))
}

/// The modifiers of what may have some.
fn modifiers<'e>(expr: &'e mut Expr, place: &Span, what: &str) -> Parsed<&'e mut Modifiers> {
    match &mut expr.kind {
        ExprKind::Selector(selector) => Ok(&mut selector.modifiers),
        ExprKind::Range(range) => Ok(&mut range.selector.modifiers),
        ExprKind::Subquery(subquery) => Ok(&mut subquery.modifiers),
        _ => {
            let message = format!("`{what}` stands only behind a selector or a subquery");
            Err(SyntaxError::new(place.clone(), message))
        }
    }
}
