//! `mainstay run --resume`: says how far a run came, and goes on with it.

use std::fmt::Write as _;

use super::progress::Screen;
use super::work::Site;
use super::{Assume, RunArgs};
use crate::cli::output::{self, Format};
use crate::cli::{Exit, Global, Terminal};
use crate::executor::coordinator::{Account, Crew};
use crate::executor::monitor::Resumed;
use crate::executor::resume::change::Change;
use crate::executor::resume::outlook::{Item, State as Came};
use crate::executor::resume::{self, Interrupted, Question, Verdict};
use crate::manager::Manager;
use crate::model::{Phase, Run, RunId};
use crate::state::State;
use crate::table::{Tone, table};
use crate::text::{inert, inert_line};

/// Goes on with a run; the exit code when there is none, or when it cannot go on like this.
pub fn resume(
    args: &RunArgs,
    wanted: Option<RunId>,
    global: &Global,
    crew: &Crew,
    (terminal, screen): (&mut Terminal, &Screen),
) -> anyhow::Result<Result<Account, Exit>> {
    let run = match choose(wanted, crew.journal.state(), terminal)? {
        Ok(run) => run,
        Err(exit) => return Ok(Err(exit)),
    };
    let interrupted = Interrupted::look(crew.journal.state(), crew.plan, crew.source, run)?;
    let is_text = global.format.is_none_or(|format| format == Format::Text);
    if is_text {
        let text = outlook(&interrupted, terminal);
        terminal.result(&text)?;
    }
    let answered = match changed(&interrupted, args.replan, terminal) {
        Err(exit) => Err(exit),
        Ok(()) => verdicts(&interrupted, args.assume, crew, terminal),
    };
    Ok(match answered {
        Ok(verdicts) => {
            screen.resumes(interrupted.run.id, so_far(&interrupted, &verdicts));
            Ok(resume::go_on(crew, &interrupted, &verdicts)?)
        }
        Err(exit) => {
            if !is_text {
                terminal.result(&json(&interrupted)?)?;
            }
            Err(exit)
        }
    })
}

/// How far the work has come, with what is said of the steps that were interrupted.
fn so_far(interrupted: &Interrupted, verdicts: &[(u32, Verdict)]) -> Resumed {
    let items = interrupted.items();
    let work = || items.iter().filter(|item| item.phase == Phase::Steps);
    let n_done = work().filter(|item| item.state == Came::Done).count();
    let n_settled = verdicts.iter().filter(|(_, verdict)| verdict.done).count();
    Resumed {
        targets: interrupted.run.targets.clone(),
        n_steps: work().count(),
        n_done: n_done + n_settled.min(work().filter(|item| item.state == Came::Interrupted).count()),
    }
}

/// Says how far a run came, and whether it could go on; changes nothing.
pub fn dry_run(
    wanted: Option<RunId>,
    global: &Global,
    site: Site,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Some(state) = manager.existing_state()? else {
        terminal.status(NOTHING);
        return Ok(Exit::Done);
    };
    let run = match choose(wanted, &state, terminal)? {
        Ok(run) => run,
        Err(exit) => return Ok(exit),
    };
    let interrupted = Interrupted::look(&state, site.plan, site.source, run)?;
    let text = outlook(&interrupted, terminal);
    output::deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, _| match format {
        Format::Json => json(&interrupted),
        _ => Ok(text.clone()),
    })?;
    let is_changed = changed(&interrupted, false, terminal).is_err();
    let asked: Vec<_> =
        interrupted.questions(false).into_iter().filter(|question| question.step.done_if.is_none()).collect();
    if !asked.is_empty() {
        say_what_to_type(&interrupted, &asked, terminal);
    }
    Ok(if is_changed || !asked.is_empty() { Exit::No } else { Exit::Done })
}

const NOTHING: &str = "no run was interrupted";

/// The run that is meant.
fn choose(
    wanted: Option<RunId>,
    state: &State,
    terminal: &mut Terminal,
) -> anyhow::Result<Result<Run, Exit>> {
    if let Some(id) = wanted {
        return Ok(Ok(resume::candidate(state, id)?));
    }
    let mut candidates = resume::candidates(state)?;
    match candidates.pop() {
        None => {
            terminal.status(NOTHING);
            Ok(Err(Exit::Done))
        }
        Some(only) if candidates.is_empty() => Ok(Ok(only)),
        Some(last) => {
            candidates.push(last);
            let mut text =
                format!("{} were interrupted; say which one:", crate::counted(candidates.len(), "run"));
            for run in candidates {
                let since = run.ended.unwrap_or(run.started).format("%Y-%m-%d %H:%MZ");
                let _ = write!(
                    text,
                    "\n  mainstay run --resume {:<4}  {}, {since}",
                    run.id.0,
                    inert_line(&run.task)
                );
            }
            terminal.error(&text);
            Ok(Err(Exit::Wrong))
        }
    }
}

/// Shows what the plan file says now and did not say when the run began; whether the run can go on by it.
fn changed(interrupted: &Interrupted, replan: bool, terminal: &mut Terminal) -> Result<(), Exit> {
    let (id, task) = (interrupted.run.id, inert_line(&interrupted.run.task));
    match &interrupted.change {
        Change::None => Ok(()),
        Change::Edited { diff } => {
            terminal.status(inert(diff).trim_end());
            terminal.status(&format!(
                "`{task}` has changed since the run began, in what is not done yet: that goes by the new text"
            ));
            Ok(())
        }
        Change::Other { diff, why } if replan => {
            terminal.status(inert(diff).trim_end());
            terminal.status(&inert_line(&format!(
                "`{task}` has changed since the run began ({why}): what is not done yet goes by the new text"
            )));
            Ok(())
        }
        Change::Other { diff, why } => {
            terminal.raw_error(&inert(diff));
            terminal.error(&inert_line(&format!("`{task}` has changed since run {id} began: {why}")));
            terminal.hint(&format!(
                "`mainstay run --resume {id} --replan` goes on by the new text with what is not done; or take the \
                 change back"
            ));
            Err(Exit::No)
        }
        Change::Unfit { diff, why } => {
            terminal.raw_error(&inert(diff));
            terminal.error(&inert_line(&format!("`{task}` has changed since run {id} began: {why}")));
            terminal.hint(&format!(
                "take the change back, or `mainstay run --abandon {id} --reason TEXT` and start anew"
            ));
            Err(Exit::No)
        }
    }
}

/// What became of the steps that were interrupted: by their checks, by `--assume`, or by the person at the terminal.
fn verdicts(
    interrupted: &Interrupted,
    assume: Option<Assume>,
    crew: &Crew,
    terminal: &mut Terminal,
) -> Result<Vec<(u32, Verdict)>, Exit> {
    let mut verdicts = Vec::new();
    let mut open = Vec::new();
    for question in interrupted.questions(assume.is_some()) {
        let verdict = match (assume, question.ask(crew)) {
            (Some(assume), _) => {
                let done = assume == Assume::Done;
                let how = if done { "--assume done" } else { "--assume not-done" };
                Some(Verdict { done, how: how.to_owned() })
            }
            (None, Some(Ok(verdict))) => Some(verdict),
            (None, Some(Err(why))) => {
                terminal.warning(&inert_line(&format!("{}: {why}", question.in_words())));
                asked(&question, terminal)
            }
            (None, None) => asked(&question, terminal),
        };
        match verdict {
            Some(verdict) => verdicts.push((question.ordinal, verdict)),
            None => open.push(question),
        }
    }
    if open.is_empty() {
        return Ok(verdicts);
    }
    say_what_to_type(interrupted, &open, terminal);
    Err(Exit::No)
}

/// What the person at the terminal says; `None` when there is nobody, or nobody who knows.
fn asked(question: &Question, terminal: &mut Terminal) -> Option<Verdict> {
    let what = inert_line(&question.in_words());
    loop {
        let answer = terminal.ask(&format!(
            "{what} was interrupted. Did it do all that it should? [d]one, [n]ot done: do it again, [q]uit"
        ))?;
        let verdict = |done| Some(Verdict { done, how: "said at the terminal".to_owned() });
        match answer.to_lowercase().as_str() {
            "d" | "done" => return verdict(true),
            "n" | "not done" | "not-done" => return verdict(false),
            "q" | "quit" => return None,
            _ => {}
        }
    }
}

fn say_what_to_type(interrupted: &Interrupted, open: &[Question], terminal: &mut Terminal) {
    let id = interrupted.run.id;
    for question in open {
        terminal.error(&inert_line(&format!(
            "{} was interrupted, and nobody knows whether it is done; it is not `idempotent`",
            question.in_words()
        )));
    }
    terminal.hint(&format!("`mainstay audit log --run {id}` shows everything that happened"));
    terminal.hint(&format!("`mainstay run --resume {id} --assume done` goes on after it"));
    terminal.hint(&format!("`mainstay run --resume {id} --assume not-done` does it again"));
}

fn json(interrupted: &Interrupted) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&resume::report::report(std::iter::once(interrupted)))? + "\n")
}

/// The most steps of one kind in a row that are all shown.
const MOST_ALIKE: usize = 6;

/// How far a run came, for people: a line, and a table of its steps.
fn outlook(interrupted: &Interrupted, terminal: &Terminal) -> String {
    let run = &interrupted.run;
    let mut text = format!("run {} of `{}`, on {}", run.id, run.task, run.targets.join(", "));
    if let Some(reason) = &run.reason {
        let _ = write!(text, ": {reason}");
    }
    let items = interrupted.items();
    let rows = items.chunk_by(is_alike).flat_map(rows_of);
    let table = table(["Phase", "Target", "Step", "State", ""], rows, &[], terminal.screen());
    let count = |came| items.iter().filter(|item| item.state == came).count();
    let all = [Came::Done, Came::Failed, Came::Interrupted, Came::NotStarted];
    let counts = all.into_iter().filter(|came| count(*came) > 0);
    let counts: Vec<_> = counts.map(|came| format!("{} {}", count(came), came.as_str())).collect();
    format!("{}\n\n{table}\n{}: {}\n", inert(&text), crate::counted(items.len(), "step"), counts.join(", "))
}

fn is_alike(one: &Item, next: &Item) -> bool {
    let key = |item: &Item| (item.phase, item.state, item.note.clone());
    one.state != Came::Interrupted && key(one) == key(next)
}

fn rows_of(alike: &[Item]) -> Vec<Vec<(String, Tone)>> {
    let n_hidden = alike.len().saturating_sub(MOST_ALIKE);
    let [first, .., last] = alike else { return alike.iter().map(row_of).collect() };
    if n_hidden < 2 {
        return alike.iter().map(row_of).collect();
    }
    let hidden = format!("... {} more", alike.len() - 2);
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    let between = vec![plain(""), plain(""), plain(&hidden), plain(first.state.as_str()), plain("")];
    vec![row_of(first), between, row_of(last)]
}

fn row_of(item: &Item) -> Vec<(String, Tone)> {
    let tone = match item.state {
        Came::Done => Tone::Good,
        Came::Failed => Tone::Bad,
        Came::Interrupted => Tone::Warning,
        Came::NotStarted => Tone::Plain,
    };
    vec![
        (item.phase.as_str().to_owned(), Tone::Plain),
        (item.target.clone(), Tone::Plain),
        (format!("{}. {}", item.number, item.name), Tone::Plain),
        (item.state.as_str().to_owned(), tone),
        (item.note.clone().unwrap_or_default(), Tone::Plain),
    ]
}
