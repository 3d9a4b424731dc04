//! XML 1.0, as much of it as reports need: elements, attributes, text.
//!
//! Attributes and each line of a text are inert lines: XML 1.0 has no way to write most control characters, and a
//! parser refuses the whole document for one of them.

/// A document that is being written.
pub(super) struct Xml {
    text: String,
    open: Vec<&'static str>,
}

/// The name and the value of an attribute.
pub(super) type Attribute<'a> = (&'static str, &'a str);

impl Xml {
    /// An empty document.
    pub(super) fn new() -> Self {
        Self { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() }
    }

    /// Begins an element.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[Attribute]) {
        self.tag(name, attributes, ">\n");
        self.open.push(name);
    }

    /// Ends the element that was begun last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.text.extend(["</", name, ">\n"]);
        }
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[Attribute]) {
        self.tag(name, attributes, "/>\n");
    }

    /// An element that holds a text.
    pub(super) fn holding(&mut self, name: &'static str, attributes: &[Attribute], text: &str) {
        self.tag(name, attributes, ">");
        escape(text, &mut self.text);
        self.text.extend(["</", name, ">\n"]);
    }

    /// The document.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn tag(&mut self, name: &'static str, attributes: &[Attribute], end: &str) {
        self.indent();
        self.text.extend(["<", name]);
        for (name, value) in attributes {
            self.text.extend([" ", name, "=\""]);
            escape(value, &mut self.text);
            self.text.push('"');
        }
        self.text.push_str(end);
    }

    fn indent(&mut self) {
        self.text.extend(self.open.iter().map(|_| "  "));
    }
}

/// Writes a text so that it stays what it is, in an attribute and between tags.
fn escape(text: &str, to: &mut String) {
    for c in text.chars() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            c => to.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_xml_is_written_as_text() {
        let mut xml = Xml::new();
        xml.open("a", &[("b", "\"<&>'")]);
        xml.holding("c", &[], "]]> <![CDATA[ &amp;");
        xml.empty("d", &[]);
        let expected = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<a b=\"&quot;&lt;&amp;&gt;'\">
  <c>]]&gt; &lt;![CDATA[ &amp;amp;</c>
  <d/>
</a>
";
        assert_eq!(xml.finish(), expected);
    }
}
