//! Whether the record keeps secrets.

use super::prelude::*;

pub(super) const QUESTIONS: &[OfRun] = &[
    OfRun {
        question: Question {
            code: "MR402",
            name: "no secret on record",
            aspect: Aspect::Security,
            asks: "does no value of the plan file's `secrets` stand in what is on record of it, or in its logs?",
            severity: Severity::Error,
            why: "What is in the ledger cannot be taken out again, and goes to everybody who reads a report. Values that \
                  mainstay knows are hidden before anything is stored; one that stands there all the same became a secret \
                  later, or was not declared.",
            help: "change the secret: it is known to everybody who can read the record",
        },
        ask: known,
    },
    OfRun {
        question: Question {
            code: "MR403",
            name: "nothing that looks like a secret",
            aspect: Aspect::Security,
            asks: "does nothing that has the form of a token, a key or a password stand in what is on record of it?",
            severity: Severity::Warning,
            why: "mainstay hides what it knows. A token that a program made or found by itself is known to nobody, and \
                  stands in the output as it is.",
            help: "declare it in `secrets:`, or keep the program from printing it; and change it",
        },
        ask: by_their_look,
    },
];

fn known(case: &Case) -> Said {
    answer(case, true)
}

fn by_their_look(case: &Case) -> Said {
    answer(case, false)
}

fn answer(case: &Case, is_known: bool) -> Said {
    let leaks = case.leaks.iter().filter(|leak| leak.is_known == is_known);
    let against: Vec<_> = leaks
        .map(|leak| Words::new(format!("{} stands in {}", leak.what, leak.place), [leak.seq]))
        .collect();
    let account = case.account;
    let evidence = [account.started.seq, account.last_seq()];
    if against.is_empty() && !case.not_looked_at.is_empty() {
        let what = case.not_looked_at.join("; ");
        return Said::yes(format!("none in what could be looked at; not looked at: {what}"), evidence);
    }
    Said::unless(against, || Words::new("none", evidence))
}
