//! `process`: a program of that name runs.

use std::collections::BTreeSet;

use super::Answer;
use super::attributes::Attributes;
use crate::model::ProcessCheck;
use crate::world::host::{Host, Unreadable, processes};

pub fn ask(check: &ProcessCheck, host: &Host) -> Answer {
    let name = &check.name.value;
    let pids = match host.processes().and_then(|processes| processes.named(name)) {
        Ok(pids) => pids,
        Err(error) => return Answer::unknown(error.to_string()),
    };
    let counted = || match pids.as_slice() {
        [only] => format!("process {name} ({only})"),
        all => format!("{} processes of {name}", all.len()),
    };
    if check.running == Some(false) {
        return if pids.is_empty() {
            Answer::Yes { found: format!("no process {name}") }
        } else {
            Answer::no(format!("no process {name}"), counted())
        };
    }
    if pids.is_empty() && check.count.is_none() {
        return Answer::no(format!("a process {name}"), "none");
    }
    let mut found = Attributes::of(counted());
    found.hold(check.count.as_ref(), &format!("number of processes {name}"), || pids.len());
    if let Some(matcher) = &check.user
        && !pids.is_empty()
    {
        match users_of(&pids, host) {
            Ok(users) => users.iter().for_each(|user| found.take(Answer::of(matcher, "user", user.as_str()))),
            Err(error) => found.take(Answer::unknown(error.to_string())),
        }
    }
    found.answer()
}

/// The users that they run as, each once.
fn users_of(pids: &[u32], host: &Host) -> Result<BTreeSet<String>, Unreadable> {
    let accounts = host.accounts()?;
    let mut users = BTreeSet::new();
    for pid in pids {
        users.extend(processes::user_of(*pid)?.map(|uid| accounts.name_of_user(uid)));
    }
    if users.is_empty() {
        return Err(Unreadable("it ended while it was looked at".to_owned()));
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    /// A process that does not outlive its test.
    struct Killed(std::process::Child);

    impl Drop for Killed {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn answer(text: &str) -> String {
        let process = check(&format!("process: {{{text}}}")).process.unwrap().value;
        ask(&process, &Host::default()).in_words()
    }

    #[test]
    fn a_program_runs_or_not_so_often_and_as_that_user() {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("ms{}", std::process::id());
        std::fs::copy("/bin/sleep", folder.path().join(&name)).unwrap();
        let start = || std::process::Command::new(folder.path().join(&name)).arg("600").spawn().unwrap();
        let children = [Killed(start()), Killed(start())];
        let me = Host::default().accounts().unwrap().name_of_user(rustix::process::geteuid().as_raw());
        assert_eq!(answer(&format!("name: {name}")), format!("2 processes of {name}"));
        assert_eq!(
            answer(&format!("name: {name}, count: 3, user: nobody-at-all")),
            format!("expected number of processes {name} 3 and user nobody-at-all, found 2 and {me}")
        );
        assert!(answer(&format!("name: {name}, user: {me}")).ends_with(&format!("user {me}")));
        assert_eq!(
            answer(&format!("name: {name}, running: false")),
            format!("expected no process {name}, found 2 processes of {name}")
        );
        drop(children);
        assert_eq!(answer(&format!("name: {name}")), format!("expected a process {name}, found none"));
        assert_eq!(answer(&format!("name: {name}, running: false")), format!("no process {name}"));
        assert!(answer(&format!("name: {name}, count: 0")).ends_with(" 0"));
    }
}
