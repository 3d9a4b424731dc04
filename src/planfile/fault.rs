//! A finding while it is made: with spans, before it has places.

use super::source::Source;
use crate::model::{Finding, Remedy, Severity, Span};
use crate::text::nearest;

/// What is wrong, and where.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The code of the rule that found it.
    pub code: &'static str,
    /// Where; of a fault of the file as a whole, its beginning.
    pub span: Span,
    is_of_file: bool,
    /// The file that it is about when that is not the plan file, by its name there.
    file: Option<String>,
    /// How bad it is when that is not what its rule says.
    severity: Option<Severity>,
    /// The control that asks for what is missing.
    control: Option<String>,
    message: String,
    expected: Option<String>,
    /// Where the names that were expected are defined.
    defined_at: Option<Span>,
    related: Option<(Span, String)>,
    /// The file of `related`, as `file`.
    related_file: Option<String>,
    help: Option<String>,
    remedy: Option<Remedy>,
}

impl Fault {
    /// `message` is a lower-case phrase without a full stop.
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            span,
            is_of_file: false,
            file: None,
            severity: None,
            control: None,
            message: message.into(),
            expected: None,
            defined_at: None,
            related: None,
            related_file: None,
            help: None,
            remedy: None,
        }
    }

    /// Something that is wrong with the file as a whole, and at no place in it.
    pub fn of_file(code: &'static str, message: impl Into<String>) -> Self {
        Self { is_of_file: true, ..Self::new(code, Span::default(), message) }
    }

    /// Whether it says something about what stands in the file; what is said of a stand-in does not.
    pub fn stands(&self) -> bool {
        self.is_of_file || self.file.is_some() || self.span != Span::default()
    }

    /// Says that it is about another file, which the plan file calls `name`, and that `code` found it.
    pub fn in_file(mut self, code: &'static str, name: impl Into<String>) -> Self {
        (self.code, self.file) = (code, Some(name.into()));
        self
    }

    /// The file that it is about when that is not the plan file, by its name there.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// Says how bad it is; without, it is as bad as its rule says.
    pub fn of_severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// Says which control asks for what is missing.
    pub fn asked_for_by(mut self, control: impl Into<String>) -> Self {
        self.control = Some(control.into());
        self
    }

    /// Says that a control makes it as bad as this.
    pub fn raise(&mut self, severity: Severity, control: String) {
        (self.severity, self.control) = (Some(severity), Some(control));
    }

    /// The control that asks for what is missing.
    pub fn control(&self) -> Option<&str> {
        self.control.as_deref()
    }

    /// Says what was expected at its place.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says that a name of a section was expected; its line is added when places are known.
    pub fn expected_from(mut self, section: &str, key: Span) -> Self {
        self.expected = Some(format!("expected a name from `{section}:`"));
        self.defined_at = Some(key);
        self
    }

    /// Points at another place that explains it.
    pub fn related(mut self, span: Span, what: impl Into<String>) -> Self {
        self.related = Some((span, what.into()));
        self
    }

    /// Points at a place of another file, which the plan file calls `name`, that explains it.
    pub fn related_in(mut self, name: impl Into<String>, span: Span, what: impl Into<String>) -> Self {
        self.related_file = Some(name.into());
        self.related(span, what)
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what mends it without a person.
    #[allow(dead_code)]
    pub fn mended_by(mut self, remedy: Remedy) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// Suggests the name of `known` that is nearest to `found`, if one is near.
    pub fn near<'a>(self, found: &str, known: impl Iterator<Item = &'a str>) -> Self {
        match nearest(found, known) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// Whether it already says what to do.
    pub fn has_help(&self) -> bool {
        self.help.is_some()
    }

    /// Whether it is about the file as a whole.
    pub fn is_of_file(&self) -> bool {
        self.is_of_file
    }

    /// The finding about `subject`, with its places, as bad as its rule says unless it is known to be worse.
    pub fn finding(self, severity: Severity, subject: String, source: &Source) -> Finding {
        self.finding_in(severity, subject, |_| source)
    }

    /// The same where there are other files; `source_of` knows the text of each by its name in the plan file,
    /// and that of the plan file as `None`.
    pub fn finding_in<'s>(
        self,
        severity: Severity,
        subject: String,
        source_of: impl Fn(Option<&str>) -> &'s Source,
    ) -> Finding {
        let source = source_of(self.file.as_deref());
        let related_source = source_of(self.related_file.as_deref().or(self.file.as_deref()));
        let expected = match (self.expected, self.defined_at) {
            (Some(expected), Some(key)) => Some(format!("{expected} (line {})", source.line(key.start))),
            (expected, _) => expected,
        };
        Finding {
            code: self.code,
            severity: self.severity.unwrap_or(severity),
            message: self.message,
            place: (!self.is_of_file).then(|| source.place(self.span)),
            expected,
            related: self.related.map(|(span, what)| (related_source.place(span), what)),
            help: self.help,
            control: self.control,
            subject,
            evidence: Vec::new(),
            remedy: self.remedy,
        }
    }
}
