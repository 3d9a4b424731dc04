//! XML as Checkstyle writes it, which many review tools read: findings by file.

use std::collections::HashMap;

use super::xml::Xml;
use super::{is_vacuous, location, path, why_unknown, words};
use crate::model::Severity;
use crate::text::inert_line;
use crate::validator::report::{FileReport, Report};

/// One `error` element.
struct Entry {
    line: u32,
    column: u32,
    severity: &'static str,
    message: String,
    source: String,
}

/// The entries of every file, in the order in which the report names the files.
#[derive(Default)]
struct Files {
    entries: Vec<(String, Vec<Entry>)>,
    index: HashMap<String, usize>,
}

/// Writes every finding from `least` on, and an error for every file in which nothing was evaluated.
pub fn checkstyle(report: &Report, least: Severity) -> String {
    let mut xml = Xml::new();
    xml.open("checkstyle", &[("version", "4.3")]);
    for (name, entries) in files(report, least).entries {
        xml.open("file", &[("name", &name)]);
        for entry in entries {
            let (line, column) = (entry.line.to_string(), entry.column.to_string());
            let place = [("line", line.as_str()), ("column", &column)];
            let rest = [("severity", entry.severity), ("message", &entry.message), ("source", &entry.source)];
            xml.empty("error", &[&place[..], &rest].concat());
        }
        xml.close();
    }
    xml.finish()
}

fn files(report: &Report, least: Severity) -> Files {
    let mut files = Files::default();
    for file in &report.files {
        let of_file = files.of(&file.source.path);
        if is_vacuous(file) {
            of_file.push(vacuous(file));
        }
        for finding in file.findings.iter().filter(|finding| finding.severity >= least) {
            let (place, start, _) = location(file, finding);
            files.of(place).push(Entry {
                line: start.line,
                column: start.column,
                severity: severity(finding.severity),
                message: words::lines(finding).join("; "),
                source: format!("mainstay.{}", finding.code),
            });
        }
    }
    files
}

impl Files {
    /// The entries of a file.
    fn of(&mut self, path: &str) -> &mut Vec<Entry> {
        let name = inert_line(&path::plain(path));
        let at = *self.index.entry(name.clone()).or_insert(self.entries.len());
        if at == self.entries.len() {
            self.entries.push((name, Vec::new()));
        }
        &mut self.entries[at].1
    }
}

fn vacuous(file: &FileReport) -> Entry {
    Entry {
        line: 1,
        column: 1,
        severity: "error",
        message: why_unknown(file),
        source: "mainstay.nothing-evaluated".to_owned(),
    }
}

/// The severities of Checkstyle.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::reporter::sample;

    #[test]
    fn findings_stand_in_their_files_and_a_clean_file_has_none() {
        let clean = sample::WRONG.replace("nigth", "night").replace("tidi", "kernel");
        let files =
            [("a.yaml", "mainstay: 1\ntitel: '<x>'\n"), ("./b.yaml", "mainstay: 1\n"), ("c.yaml", &clean)];
        let expected = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<checkstyle version=\"4.3\">
  <file name=\"a.yaml\">
    <error line=\"2\" column=\"1\" severity=\"error\" message=\"unknown key `titel`; help: did you mean `title`?\" \
source=\"mainstay.MS112\"/>
  </file>
  <file name=\"b.yaml\">
    <error line=\"1\" column=\"1\" severity=\"error\" message=\"nothing to evaluate, there is no task\" \
source=\"mainstay.nothing-evaluated\"/>
  </file>
  <file name=\"c.yaml\">
  </file>
</checkstyle>
";
        assert_eq!(checkstyle(&sample::files(&files), Severity::Error), expected);
    }
}
