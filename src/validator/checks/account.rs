//! `user` and `group`: who is known to the system.

use super::Answer;
use super::attributes::Attributes;
use crate::model::{GroupCheck, UserCheck};
use crate::world::host::Host;

pub fn user(check: &UserCheck, host: &Host) -> Answer {
    let name = &check.name.value;
    let accounts = match host.accounts() {
        Ok(accounts) => accounts,
        Err(error) => return Answer::unknown(error.to_string()),
    };
    let user = match accounts.user(name) {
        Ok(user) => user,
        Err(error) => return Answer::unknown(error.to_string()),
    };
    let user = match wanted("user", name, check.exists, user) {
        Ok(user) => user,
        Err(answer) => return answer,
    };
    let mut found = Attributes::of(format!("user {name}"));
    found.hold(check.uid.as_ref(), "uid", || user.uid);
    found.hold(check.gid.as_ref(), "gid", || user.gid);
    found.hold(check.home.as_ref(), "home", || user.home.clone());
    found.hold(check.shell.as_ref(), "shell", || user.shell.clone());
    found.hold_known(check.groups.as_ref(), "groups", || accounts.groups_of(name, &user));
    found.answer()
}

pub fn group(check: &GroupCheck, host: &Host) -> Answer {
    let name = &check.name.value;
    let group = match host.accounts().and_then(|accounts| accounts.group(name)) {
        Ok(group) => group,
        Err(error) => return Answer::unknown(error.to_string()),
    };
    let group = match wanted("group", name, check.exists, group) {
        Ok(group) => group,
        Err(answer) => return answer,
    };
    let mut found = Attributes::of(format!("group {name}"));
    found.hold(check.gid.as_ref(), "gid", || group.gid);
    found.hold_known(check.members.as_ref(), "members", || Ok(group.members.clone()));
    found.answer()
}

/// What is there and should be; else the answer.
fn wanted<T>(what: &str, name: &str, exists: Option<bool>, found: Option<T>) -> Result<T, Answer> {
    match (found, exists.unwrap_or(true)) {
        (Some(found), true) => Ok(found),
        (None, false) => Err(Answer::Yes { found: format!("no {what} {name}") }),
        (Some(_), false) => Err(Answer::no(format!("no {what} {name}"), "one")),
        (None, true) => Err(Answer::no(format!("the {what} {name}"), "none")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    fn of_user(text: &str) -> String {
        user(&check(&format!("user: {{{text}}}")).user.unwrap(), &Host::default()).in_words()
    }

    fn of_group(text: &str) -> String {
        group(&check(&format!("group: {{{text}}}")).group.unwrap(), &Host::default()).in_words()
    }

    #[test]
    fn root_is_who_it_should_be() {
        assert_eq!(of_user("name: root, uid: 0, gid: 0, home: /root"), "user root, uid 0, gid 0, home /root");
        assert_eq!(of_user("name: root, uid: 1"), "expected uid 1, found 0");
        assert!(of_user("name: root, groups: [root]").starts_with("user root, groups [root"));
        assert_eq!(of_group("name: root, gid: 0"), "group root, gid 0");
    }

    #[test]
    fn nobody_of_that_name_is_what_was_asked_for_or_not() {
        assert_eq!(of_user("name: no-such"), "expected the user no-such, found none");
        assert_eq!(of_user("name: no-such, exists: false"), "no user no-such");
        assert_eq!(of_user("name: root, exists: false"), "expected no user root, found one");
        assert_eq!(of_group("name: no-such"), "expected the group no-such, found none");
    }
}
