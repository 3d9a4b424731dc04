//! Workflow commands as the runner of GitHub Actions reads them from the lines of a log.

use std::collections::HashMap;

/// One command.
#[derive(Debug)]
pub struct Command {
    pub name: String,
    pub properties: HashMap<String, String>,
    pub message: String,
}

/// The commands in a log, in their order.
#[track_caller]
pub fn commands(log: &str) -> Vec<Command> {
    // The older form is found anywhere in a line.
    assert!(!log.contains("##["), "{log}");
    let is_line_end = |c| matches!(c, '\n' | '\r');
    log.split(is_line_end).filter_map(|line| command(line.trim_start())).collect()
}

fn command(line: &str) -> Option<Command> {
    let (head, data) = line.strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let pairs = properties.split(',').filter_map(|pair| pair.split_once('='));
    let properties = pairs.map(|(key, value)| {
        let value = data_of(&value.replace("%3A", ":").replace("%2C", ","));
        (key.trim().to_owned(), value)
    });
    Some(Command { name: name.to_owned(), properties: properties.collect(), message: data_of(data) })
}

/// The runner replaces the escapes one kind after the other, that of the per cent sign last.
fn data_of(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}
