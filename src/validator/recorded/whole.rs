//! What is asked about all runs together: quality metrics against thresholds, the modes of the state, the ledger itself.

use std::path::PathBuf;

use super::{Account, Answered, Aspect, Case, Question, Said, Words};
use crate::ledger::{Verdict, Verification};
use crate::model::{Outcome, Phase};
use crate::quality::{self, Held, Measures, Sample, Thresholds, measure};
use crate::validator::codes::recorded as codes;

const SUCCESS: Question = Question {
    code: &codes::FEW_SUCCESSES,
    name: "success rate",
    aspect: Aspect::Quality,
    asks: "do enough runs succeed?",
};
const REWORK: Question = Question {
    code: &codes::MUCH_REWORK,
    name: "rework",
    aspect: Aspect::Quality,
    asks: "is little work done twice, or undone?",
};
const ESTIMATES: Question = Question {
    code: &codes::POOR_ESTIMATES,
    name: "estimate error",
    aspect: Aspect::Quality,
    asks: "does the work take as long as planned?",
};
const COMPLIANCE: Question = Question {
    code: &codes::POOR_COMPLIANCE,
    name: "compliance",
    aspect: Aspect::Quality,
    asks: "is the work approved, in its window and verified?",
};
const MODES: Question = Question {
    code: &codes::EXPOSED,
    name: "state kept private",
    aspect: Aspect::Security,
    asks: "can nobody but their owner read or write the state file, its folder and the logs?",
};
const LEDGER: Question = Question {
    code: &codes::BROKEN_LEDGER,
    name: "ledger whole",
    aspect: Aspect::Security,
    asks: "is the chain of the ledger unbroken, and is every line of it understood?",
};

/// A file or folder that others than its owner can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposed {
    /// Which.
    pub path: PathBuf,
    /// Its permissions.
    pub mode: u32,
    /// What they should be.
    pub expected: u32,
}

/// What the questions about all runs rest on.
#[derive(Debug)]
pub struct Whole<'a> {
    /// The runs that are measured.
    pub samples: &'a [Sample],
    /// The same by their tasks, in the order of their names.
    pub by_task: &'a [(String, Vec<Sample>)],
    /// Which these are, for people: `the 12 newest runs of `tidy``.
    pub of: String,
    /// What must be so.
    pub thresholds: Thresholds,
    /// What others can use of the state.
    pub exposed: &'a [Exposed],
    /// What was found out about the ledger.
    pub ledger: &'a Verification,
    /// The lines that could not be understood.
    pub unreadable: &'a [u64],
}

/// One run, as far as the metrics go, by what was answered about it.
pub fn sample(case: &Case, answers: &[Answered]) -> Sample {
    let account = case.account;
    let answer = |code: &str| {
        let said = answers.iter().find(|it| it.question.code.code == code).map(|it| &it.said);
        match said {
            Some(Said::Yes(_)) => Some(true),
            Some(Said::No(_)) => Some(false),
            _ => None,
        }
    };
    let is_repeated = account.attempts.iter().any(|it| it.ended.as_ref().is_some_and(|ended| ended.retried));
    let is_undone = account.of_phase(Phase::Rollback).next().is_some();
    let before = case.around.history.before(&account.task, account.run);
    let before = before
        .filter_map(Account::outcome)
        .find(|outcome| !matches!(outcome, Outcome::Skipped | Outcome::Refused));
    let repeats_failure = before.is_some_and(|outcome| outcome != Outcome::Succeeded);
    Sample {
        outcome: account.outcome(),
        is_rework: is_repeated || is_undone || repeats_failure || !account.resumed.is_empty(),
        planned: case.task.map(|task| task.estimate(account.targets.len())),
        n_batches: case
            .task
            .map_or(1, |task| i32::try_from(task.batches(&account.targets).count()).unwrap_or(i32::MAX)),
        took: account.took(),
        approved: answer(codes::NOT_APPROVED.code),
        in_window: answer(codes::OUT_OF_WINDOW.code),
        verified: answer(codes::NOT_VERIFIED.code),
    }
}

/// One metric: its number, and what that has to be.
struct Metric {
    question: &'static Question,
    held: fn(&Measures, &Thresholds) -> Held,
    number: fn(&Measures) -> String,
    wanted: fn(&Thresholds) -> String,
}

static METRICS: [Metric; 4] = [
    Metric {
        question: &SUCCESS,
        held: |are, is| quality::at_least(are.success, is.success),
        number: |are| are.success.to_string(),
        wanted: |is| format!("at least {} %", is.success),
    },
    Metric {
        question: &REWORK,
        held: |are, is| quality::at_most(are.rework, is.rework),
        number: |are| are.rework.to_string(),
        wanted: |is| format!("at most {} %", is.rework),
    },
    Metric {
        question: &ESTIMATES,
        held: |are, is| quality::error_at_most(are.estimate_error, is.estimate_error),
        number: |are| estimate_error_in_words(are.estimate_error),
        wanted: |is| format!("at most {} %", is.estimate_error),
    },
    Metric {
        question: &COMPLIANCE,
        held: |are, is| quality::at_least(are.compliance, is.compliance),
        number: |are| are.compliance.to_string(),
        wanted: |is| format!("at least {} %", is.compliance),
    },
];

fn estimate_error_in_words(error: Option<(f64, usize)>) -> String {
    let Some((error, n)) = error else { return "no success has an estimate".to_owned() };
    let successes = crate::counted(n, "success").replace("successs", "successes");
    format!("{:.0} % off in the median of {successes}", error * 100.0)
}

/// More tasks are not named for one metric.
const MOST_TASKS: usize = 5;

impl Metric {
    fn said(&self, whole: &Whole) -> Said {
        let measures = measure(whole.samples);
        let (number, wanted) = ((self.number)(&measures), (self.wanted)(&whole.thresholds));
        let of_tasks = self.of_tasks(whole);
        let words = Words::new(format!("{number}, of {}; {wanted}{of_tasks}", whole.of), []);
        match (self.held)(&measures, &whole.thresholds) {
            Held::Well => Said::Yes(words),
            Held::Badly => Said::No(vec![words]),
            Held::TooFew => Said::does_not_arise(format!(
                "{number}, of {}; too few to judge, which takes {}",
                whole.of,
                quality::LEAST
            )),
        }
    }

    /// The tasks with enough runs that would not do by themselves: those that are responsible, also where the others
    /// make up for them.
    fn of_tasks(&self, whole: &Whole) -> String {
        let is_bad = |measures: &Measures| (self.held)(measures, &whole.thresholds) == Held::Badly;
        let measured = whole.by_task.iter().map(|(task, samples)| (task, measure(samples)));
        let bad: Vec<_> = measured.filter(|(_, measures)| is_bad(measures)).collect();
        if whole.by_task.len() < 2 || bad.is_empty() {
            return String::new();
        }
        let named = bad.iter().take(MOST_TASKS);
        let named: Vec<_> =
            named.map(|(task, measures)| format!("`{task}` {}", (self.number)(measures))).collect();
        let more = bad.len() - named.len();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("; tasks that do not by themselves: {}{more}", named.join(", "))
    }
}

/// Asks everything that is about all runs.
pub fn judge(whole: &Whole) -> Vec<Answered> {
    let metrics = METRICS.iter().map(|metric| (metric.question, metric.said(whole)));
    let others = [(&MODES, modes(whole)), (&LEDGER, ledger(whole))];
    let answers = metrics.chain(others);
    answers.map(|(question, said)| Answered { question, run: None, said }).collect()
}

fn modes(whole: &Whole) -> Said {
    let against = whole.exposed.iter().map(|exposed| {
        let Exposed { path, mode, expected } = exposed;
        let words = format!("{} has the mode {mode:04o}; {expected:04o} keeps it private", path.display());
        Words::new(words, []).help(format!("chmod {expected:04o} {}", path.display()))
    });
    Said::unless(against.collect(), || Words::new("only their owner can", []))
}

fn ledger(whole: &Whole) -> Said {
    let mut against = Vec::new();
    if let Some(fault) = &whole.ledger.first_bad {
        against.push(Words::new(format!("at entry {}: {}", fault.seq, fault.what), [fault.seq]));
    } else if whole.ledger.verdict == Verdict::Tampered {
        against.push(Words::new("it is not as it was written", []));
    }
    if against.is_empty() && !whole.unreadable.is_empty() {
        let n = crate::counted(whole.unreadable.len(), "entry").replace("entrys", "entries");
        return Said::unknown(
            format!("{n} cannot be understood: a newer mainstay wrote them"),
            whole.unreadable.iter().copied().take(10),
        );
    }
    let entries = whole.ledger.entries;
    let words = match entries {
        1 => "1 entry".to_owned(),
        n => format!("{n} entries"),
    };
    Said::unless(against, || Words::new(format!("{words}, unbroken"), []))
}
