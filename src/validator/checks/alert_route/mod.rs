//! `alert_route`: Alertmanager's configuration sends alerts where they are meant to go. Nothing is posted.

mod reach;
mod rule_files;
mod tests_of_routes;

use std::time::Duration;

use super::alert_path::NO_ALERTMANAGER;
use super::{Answer, NO_PROMETHEUS, no_answer, reading};
use crate::model::{AlertRouteCheck, RouteTest};
use crate::routing::Routing;
use crate::world::{World, ask_at_once};

pub(super) use rule_files::{GroupInFile, WrittenRule, groups_in};

/// So many of what is wrong are told.
const MOST_TOLD: usize = 10;

pub fn ask(check: &AlertRouteCheck, world: &World, timeout: Duration) -> Answer {
    let Configs { read: configs, unanswered } = match configs(check, world, timeout) {
        Ok(configs) => configs,
        Err(why) => return why,
    };
    let questions = match questions(check, world, timeout) {
        Ok(questions) => questions,
        Err(why) => return why,
    };
    let mut all = Findings::default();
    for (name, routing) in &configs {
        let mut found = Findings::default();
        for (place, test) in &questions.tests {
            tests_of_routes::hold(test, place, routing, world, &mut found);
        }
        for rule in &questions.rules {
            reach::judge(rule, check, routing, &mut found);
        }
        all.add(found, (configs.len() > 1).then_some(name.as_str()));
    }
    let (n_tests, n_rules) = (questions.tests.len(), questions.rules.len());
    let mut asked = Vec::new();
    if n_tests > 0 {
        asked.push(crate::counted(n_tests, "route"));
    }
    if n_rules > 0 {
        asked.push(crate::counted(n_rules, "alerting rule"));
    }
    let asked = asked.join(" and ");
    if !all.wrong.is_empty() {
        return Answer::no(format!("{asked} as intended"), all.in_words() + &not_asked(&unanswered));
    }
    if !all.open.is_empty() {
        return Answer::unknown(format!("of {asked}: {}{}", all.in_words(), not_asked(&unanswered)));
    }
    let names: Vec<_> = configs.iter().map(|(name, _)| name.as_str()).collect();
    Answer::Yes { found: format!("{asked} as intended, by {}{}", names.join(", "), not_asked(&unanswered)) }
}

/// Members that were not asked, to stand behind what the others say.
fn not_asked(unanswered: &[String]) -> String {
    let Some(first) = unanswered.first() else { return String::new() };
    let more = match unanswered.len() - 1 {
        0 => String::new(),
        n => format!("; nor {}", crate::counted(n, "other member")),
    };
    format!("; not asked: {first}{more}")
}

/// What was found.
#[derive(Default)]
pub(super) struct Findings {
    /// What does not hold.
    pub(super) wrong: Vec<String>,
    /// What cannot be told.
    pub(super) open: Vec<String>,
}

impl Findings {
    fn add(&mut self, other: Self, of: Option<&str>) {
        let named = |text: String| of.map_or(text.clone(), |of| format!("{of}: {text}"));
        self.wrong.extend(other.wrong.into_iter().map(named));
        self.open.extend(other.open.into_iter().map(named));
    }

    fn in_words(&self) -> String {
        let list = |all: &[String]| {
            let (some, more) = all.split_at(all.len().min(MOST_TOLD));
            let more = if more.is_empty() { String::new() } else { format!("; and {} more", more.len()) };
            some.join("; ") + &more
        };
        match (self.wrong.as_slice(), self.open.as_slice()) {
            ([], open) => list(open),
            (wrong, []) => list(wrong),
            (wrong, open) => format!("{}; of {} more it is not known", list(wrong), open.len()),
        }
    }
}

/// The configurations to ask.
struct Configs {
    /// By what names them: the file, or the first member that serves it.
    read: Vec<(String, Routing)>,
    /// Why a member did not answer. The others route alerts meanwhile, so that theirs is the answer, and this is told.
    unanswered: Vec<String>,
}

/// The file's, or what each member serves.
fn configs(check: &AlertRouteCheck, world: &World, timeout: Duration) -> Result<Configs, Answer> {
    let read = |name: String, text: &str| match Routing::read(text) {
        Ok(routing) => Ok((name, routing)),
        Err(error) => Err(Answer::unknown(format!("{name}: {error}"))),
    };
    if let Some(path) = &check.config {
        let text = text_of(&path.value, world)?;
        return Ok(Configs { read: vec![read(path.value.clone(), &text)?], unanswered: Vec::new() });
    }
    let (mut texts, mut unanswered): (Vec<(String, String)>, _) = (Vec::new(), Vec::new());
    let members: Vec<_> = world.each_alertmanager().collect();
    // One that hangs leaves time for all that is asked after this.
    let answers = ask_at_once(&members, |member| member.status(timeout / 2));
    for (member, answer) in members.into_iter().zip(answers) {
        match answer {
            Ok(status) if texts.iter().any(|(_, text)| *text == status.config.original) => {}
            Ok(status) => texts.push((member.url(), status.config.original)),
            Err(error) => unanswered.push(crate::in_words(&error)),
        }
    }
    if texts.is_empty() {
        return Err(Answer::unknown(if unanswered.is_empty() {
            format!("{NO_ALERTMANAGER}, and the check no `config`")
        } else {
            unanswered.join("; ")
        }));
    }
    let read = texts.into_iter().map(|(name, text)| read(name, &text)).collect::<Result<_, _>>()?;
    Ok(Configs { read, unanswered })
}

pub(super) fn text_of(path: &str, world: &World) -> Result<String, Answer> {
    reading::text_of(&world.folder.join(path)).map_err(Answer::unknown)
}

/// What is asked.
struct Questions {
    /// Each with the place where it stands.
    tests: Vec<(String, RouteTest)>,
    rules: Vec<reach::AlertingRule>,
}

fn questions(check: &AlertRouteCheck, world: &World, timeout: Duration) -> Result<Questions, Answer> {
    let mut tests: Vec<_> = check
        .routes
        .iter()
        .enumerate()
        .map(|(number, test)| (format!("route {}", number + 1), test.value.clone()))
        .collect();
    for path in check.tests.iter().flat_map(|paths| paths.iter()) {
        tests.extend(tests_of_routes::in_file(&path.value, &text_of(&path.value, world)?)?);
    }
    let mut rules = Vec::new();
    for from in check.rules.iter().flat_map(|from| from.iter()) {
        let found = if from.value == AlertRouteCheck::ALL_RULES {
            loaded_rules(world, timeout)?
        } else {
            reach::of_files(&from.value, world)?
        };
        if found.is_empty() {
            return Err(Answer::unknown(format!("there is no alerting rule in `{}`", from.value)));
        }
        rules.extend(found);
    }
    Ok(Questions { tests, rules })
}

/// The alerting rules of every Prometheus, equal ones once.
fn loaded_rules(world: &World, timeout: Duration) -> Result<Vec<reach::AlertingRule>, Answer> {
    let mut found: Vec<reach::AlertingRule> = Vec::new();
    let mut is_asked = false;
    for prometheus in world.each_prometheus() {
        is_asked = true;
        let groups = prometheus.rules(timeout).map_err(|error| no_answer(prometheus, &error, timeout))?;
        let config = prometheus.config(timeout).map_err(|error| no_answer(prometheus, &error, timeout))?;
        for rule in reach::of_groups(&groups, &config) {
            if !found.contains(&rule) {
                found.push(rule);
            }
        }
    }
    if is_asked { Ok(found) } else { Err(Answer::unknown(NO_PROMETHEUS)) }
}
