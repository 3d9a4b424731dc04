//! Whether the record keeps secrets.

use super::prelude::*;

pub(super) const QUESTIONS: &[OfRun] = &[
    OfRun {
        question: Question {
            code: &codes::SECRET_ON_RECORD,
            name: "no secret on record",
            aspect: Aspect::Security,
            asks: "does no value of the plan file's `secrets` stand in what is on record of it, or in its logs?",
        },
        ask: known,
    },
    OfRun {
        question: Question {
            code: &codes::LOOKS_SECRET,
            name: "nothing that looks like a secret",
            aspect: Aspect::Security,
            asks: "does nothing that has the form of a token, a key or a password stand in what is on record of it?",
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
    let against: Vec<_> =
        leaks.map(|leak| Words::new(format!("{} stands in {}", leak.what, leak.place), [leak.seq])).collect();
    let account = case.account;
    let evidence = [account.started.seq, account.last_seq()];
    if against.is_empty() && !case.not_looked_at.is_empty() {
        let what = case.not_looked_at.join("; ");
        return Said::yes(format!("none in what could be looked at; not looked at: {what}"), evidence);
    }
    Said::unless(against, || Words::new("none", evidence))
}
