//! What a dry run found, as people read it.

use std::fmt::Write as _;

use crate::executor::preflight::{Certainty, Ending, Item, Place};
use crate::executor::report::OutlookReport;
use crate::model::OccurrenceId;
use crate::table::{Screen, Tone, painted};
use crate::text::inert_line;

/// What was found about one piece of work.
#[derive(Debug)]
pub struct Outlook {
    /// The task.
    pub task: String,
    /// What people call it.
    pub title: String,
    /// Its occurrence; `None` on demand.
    pub occurrence: Option<OccurrenceId>,
    /// Its targets.
    pub targets: Vec<String>,
    /// What was found, in the order in which the run would meet it.
    pub items: Vec<Item>,
}

impl Outlook {
    /// As programs read it.
    pub fn report(&self) -> OutlookReport {
        OutlookReport::of(&self.task, self.occurrence.as_ref(), &self.targets, &self.items)
    }
}

/// The state file, then each piece of work with its coverage.
pub fn text(place: &Place, outlooks: &[Outlook], screen: Screen) -> String {
    let mut text = String::new();
    let line = inert_line(&place.note);
    let _ = writeln!(text, "state: {}  {line}", certainty(place.certainty, 0, screen));
    for outlook in outlooks {
        text.push('\n');
        text.push_str(&of_work(outlook, screen));
    }
    text
}

fn of_work(outlook: &Outlook, screen: Screen) -> String {
    let items = &outlook.items;
    let mut text = String::new();
    let name = outlook.occurrence.as_ref().map_or(outlook.task.as_str(), |occurrence| occurrence.0.as_str());
    let _ = writeln!(text, "{}", inert_line(&format!("{name}: {}", outlook.title)));
    let phase = items.iter().map(|item| item.phase.as_str().len()).max().unwrap_or(0);
    let width = items.iter().map(|item| words(item.certainty).len()).max().unwrap_or(0);
    for item in items {
        let note = if item.note.is_empty() { String::new() } else { format!(": {}", item.note) };
        let told = inert_line(&format!("{}{note}", item.name));
        let how = certainty(item.certainty, width, screen);
        let _ = writeln!(text, "  {:<phase$}  {how}  {told}", item.phase.as_str());
    }
    let count = |is: fn(&Certainty) -> bool| items.iter().filter(|item| is(&item.certainty)).count();
    let n_verified = count(|one| matches!(one, Certainty::Verified));
    let n_assumed = count(|one| matches!(one, Certainty::Assumed));
    let n_unknown = count(|one| matches!(one, Certainty::CannotKnow));
    let n_wrong = count(|one| matches!(one, Certainty::Wrong(_)));
    let coverage = format!("  {n_verified} verified, {n_assumed} assumed, {n_unknown} cannot be known");
    let Some((first, ending)) = items.iter().find_map(|item| Some((item, item.ending()?))) else {
        let _ = writeln!(text, "{coverage}; nothing stands against it");
        return text;
    };
    let ends = match ending {
        Ending::NotNow => "it would not start now",
        Ending::Held => "it would not start, because another mainstay holds what it needs",
        Ending::Unknown => "it would not start, because that could not be found out",
        Ending::Failed => "it would fail there",
    };
    let _ = writeln!(text, "{coverage}, {n_wrong} wrong");
    let verdict = inert_line(&format!("{}: {ends}", first.name));
    let _ = writeln!(text, "  {}", painted(&verdict, Tone::Bad, false, screen));
    text
}

fn words(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::CannotKnow => "cannot know",
        other => other.as_str(),
    }
}

fn certainty(certainty: Certainty, width: usize, screen: Screen) -> String {
    let tone = match certainty {
        Certainty::Verified => Tone::Good,
        Certainty::Assumed | Certainty::CannotKnow => Tone::Warning,
        Certainty::Wrong(_) => Tone::Bad,
    };
    painted(&format!("{:<width$}", words(certainty)), tone, false, screen)
}
