//! Whether alerts were silenced while the run went on, and no longer.

use chrono::TimeDelta;

use super::prelude::*;
use crate::model::silence_tag::is_named;
use crate::validator::recorded::account::Silence;

pub(super) const QUESTIONS: &[OfRun] = &[
    OfRun {
        question: Question {
            code: &codes::NOT_SILENCED,
            name: "silenced before the work",
            aspect: Aspect::Process,
            asks: "was the silence of the task in force before its first step, and kept up?",
        },
        ask: silenced,
    },
    OfRun {
        question: Question {
            code: &codes::SILENCE_LEFT,
            name: "silence ended",
            aspect: Aspect::Process,
            asks: "did its silence end with the run?",
        },
        ask: ended,
    },
];

/// A silence that ends so long after its run was a matter of the same moment.
const MOMENT: TimeDelta = TimeDelta::seconds(10);

fn own(case: &Case) -> Vec<Silence> {
    case.account.silences.iter().filter(|silence| !is_named(&silence.tag)).cloned().collect()
}

fn silenced(case: &Case) -> Said {
    let task = match case.task() {
        Ok(task) => task,
        Err(unknown) => return unknown,
    };
    if task.silence.is_none() {
        return Said::does_not_arise("the task silences nothing");
    }
    let account = case.account;
    let Some(first) = account.first_step() else { return Said::does_not_arise("nothing was touched") };
    let silences = own(case);
    let before = silences.iter().filter_map(|silence| silence.created.as_ref());
    let asked = account
        .of_phase(Phase::Silence)
        .find(|it| it.outcome() == Some(Outcome::Succeeded) && it.last_seq() < first.intended.seq);
    let created = before.map(|mark| mark.seq).filter(|seq| *seq < first.intended.seq).min();
    if asked.is_none() || created.is_none() {
        return Said::no(
            "no silence was in force before the first step",
            [account.started.seq, first.intended.seq],
        );
    }
    let against: Vec<_> = silences
        .iter()
        .filter(|silence| !silence.endangered.is_empty())
        .map(|silence| {
            let text = "it could not be renewed several times, and may have ended in the middle of the work";
            Words::new(text, silence.endangered.iter().map(|mark| mark.seq))
        })
        .collect();
    Said::unless(against, || Words::new("it was", asked.map(Attempt::last_seq).into_iter().chain(created)))
}

fn ended(case: &Case) -> Said {
    let silences = own(case);
    if silences.is_empty() {
        return Said::does_not_arise("it silenced nothing");
    }
    let Some((end, ..)) = case.account.end() else {
        return Said::unknown(super::order::still(case), silences.iter().map(|silence| silence.intended.seq));
    };
    let (mut against, mut evidence) = (Vec::new(), vec![end.seq]);
    for silence in &silences {
        let of = [Some(silence.intended.seq), silence.created.as_ref().map(|mark| mark.seq)];
        let of = || of.into_iter().flatten();
        match &silence.expired {
            None => against.push(Words::new("its end is not on record", of().chain([end.seq]))),
            Some((mark, why)) if end.at + MOMENT < mark.at => {
                let text =
                    format!("it ended {} after the run: {why}", crate::text::roughly(mark.at - end.at));
                against.push(Words::new(text, of().chain([end.seq, mark.seq])));
            }
            Some((mark, _)) => evidence.extend(of().chain([mark.seq])),
        }
    }
    Said::unless(against, || Words::new("with the run", evidence))
}
