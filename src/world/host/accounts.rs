//! Users and groups.

use std::collections::HashMap;
use std::fs;

use super::{Program, Unreadable};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The number.
    pub uid: u32,
    /// The number of the primary group.
    pub gid: u32,
    /// The home folder.
    pub home: String,
    /// The login shell.
    pub shell: String,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The number.
    pub gid: u32,
    /// Those that it lists.
    pub members: Vec<String>,
}

/// The users and groups of `/etc`, and whether a directory knows of more.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    users: HashMap<String, User>,
    groups: HashMap<String, Group>,
    names_of_users: HashMap<u32, String>,
    names_of_groups: HashMap<u32, String>,
    has_directory: bool,
}

const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

pub(super) fn read() -> Result<Accounts, Unreadable> {
    let text = |path: &str| {
        let bytes = fs::read(path).map_err(|error| Unreadable::file(path, &error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let switch = fs::read_to_string("/etc/nsswitch.conf").unwrap_or_default();
    Ok(parse(&text(USERS)?, &text(GROUPS)?, has_directory(&switch)))
}

fn parse(users: &str, groups: &str, has_directory: bool) -> Accounts {
    let mut accounts = Accounts { has_directory, ..Accounts::default() };
    // Of two lines with one name or number the first one counts, as it does for the C library.
    for (name, user) in users.lines().filter_map(user_of) {
        accounts.names_of_users.entry(user.uid).or_insert_with(|| name.to_owned());
        accounts.users.entry(name.to_owned()).or_insert(user);
    }
    for (name, group) in groups.lines().filter_map(group_of) {
        accounts.names_of_groups.entry(group.gid).or_insert_with(|| name.to_owned());
        accounts.groups.entry(name.to_owned()).or_insert(group);
    }
    accounts
}

/// Source: passwd(5).
fn user_of(line: &str) -> Option<(&str, User)> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, _, home, shell] = fields[..] else { return None };
    let user = User {
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        home: home.to_owned(),
        shell: shell.trim_end().to_owned(),
    };
    Some((name, user))
}

/// Source: group(5).
fn group_of(line: &str) -> Option<(&str, Group)> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, gid, members] = fields[..] else { return None };
    let members = members.split(',').map(str::trim).filter(|member| !member.is_empty());
    Some((name, Group { gid: gid.parse().ok()?, members: members.map(str::to_owned).collect() }))
}

/// Whether users or groups come from elsewhere, too: LDAP, SSSD, winbind.
///
/// Source: nsswitch.conf(5). `systemd` adds names of units that run, which `/etc` need not have.
fn has_directory(switch: &str) -> bool {
    let sources = switch.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default().trim();
        line.strip_prefix("passwd:").or_else(|| line.strip_prefix("group:"))
    });
    let is_local = |source: &str| source.starts_with('[') || matches!(source, "files" | "compat");
    sources.flat_map(str::split_ascii_whitespace).any(|source| !is_local(source))
}

impl Accounts {
    /// The user of this name; `None` when there is none, also in a directory.
    ///
    /// # Errors
    /// [`Unreadable`] when the directory cannot be asked.
    pub fn user(&self, name: &str) -> Result<Option<User>, Unreadable> {
        if let Some(user) = self.users.get(name) {
            return Ok(Some(user.clone()));
        }
        let line = self.in_directory("passwd", name)?;
        Ok(line.as_deref().and_then(user_of).map(|(_, user)| user))
    }

    /// The group of this name; `None` when there is none, also in a directory.
    ///
    /// # Errors
    /// [`Unreadable`] when the directory cannot be asked.
    pub fn group(&self, name: &str) -> Result<Option<Group>, Unreadable> {
        if let Some(group) = self.groups.get(name) {
            return Ok(Some(group.clone()));
        }
        let line = self.in_directory("group", name)?;
        Ok(line.as_deref().and_then(group_of).map(|(_, group)| group))
    }

    /// The groups of a user, the primary one first.
    ///
    /// # Errors
    /// [`Unreadable`] when the directory cannot be asked.
    pub fn groups_of(&self, name: &str, user: &User) -> Result<Vec<String>, Unreadable> {
        if self.has_directory {
            let answer = Program::ask(&["id", "-Gn", "--", name])?;
            let answer = answer.filter(|answer| answer.code == Some(0));
            let answer =
                answer.ok_or_else(|| Unreadable(format!("`id` does not know the groups of `{name}`")))?;
            return Ok(answer.stdout.split_ascii_whitespace().map(str::to_owned).collect());
        }
        let mut names = vec![self.name_of_group(user.gid)];
        let mut others: Vec<_> = self.groups.iter().filter(|(_, group)| group.gid != user.gid).collect();
        others.sort_by_key(|(_, group)| group.gid);
        let lists = |group: &Group| group.members.iter().any(|member| member == name);
        names.extend(others.into_iter().filter(|(_, group)| lists(group)).map(|(name, _)| name.clone()));
        Ok(names)
    }

    /// The name of a user, or the number of one without a name.
    pub fn name_of_user(&self, uid: u32) -> String {
        self.named(&self.names_of_users, "passwd", uid)
    }

    /// The name of a group, or the number of one without a name.
    pub fn name_of_group(&self, gid: u32) -> String {
        self.named(&self.names_of_groups, "group", gid)
    }

    fn named(&self, names: &HashMap<u32, String>, database: &str, number: u32) -> String {
        let number = number.to_string();
        let known = number.parse().ok().and_then(|number: u32| names.get(&number)).cloned();
        let elsewhere = || {
            let line = self.in_directory(database, &number).ok().flatten()?;
            Some(line.split(':').next()?.to_owned())
        };
        known.or_else(elsewhere).unwrap_or(number)
    }

    /// A line of a directory of users or groups, where there is one.
    ///
    /// Source: getent(1): 2 means that one of the keys was not found.
    fn in_directory(&self, database: &str, key: &str) -> Result<Option<String>, Unreadable> {
        // A name is never an option, and never more than one field of a database.
        if !self.has_directory || key.is_empty() || key.starts_with('-') || key.contains([':', '\n', '\0']) {
            return Ok(None);
        }
        let Some(answer) = Program::ask(&["getent", database, key])? else { return Ok(None) };
        match answer.code {
            Some(0) => Ok(answer.stdout.lines().next().map(str::to_owned)),
            Some(2) => Ok(None),
            _ => Err(Unreadable(format!("`getent {database}` cannot ask the directory"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_group_comes_first_and_the_others_by_number() {
        let users = "root:x:0:0:root:/root:/bin/bash\nme:x:7:8:Me,,,:/home/me:/bin/sh\nme:x:9:9::/:/bin/no\n+::::::\n";
        let groups = "wheel:x:10:root,me\nme:x:8:\nadm:x:4:me\n";
        let accounts = parse(users, groups, false);
        let me = accounts.user("me").unwrap().unwrap();
        assert_eq!((me.uid, me.home.as_str(), me.shell.as_str()), (7, "/home/me", "/bin/sh"));
        assert_eq!(accounts.groups_of("me", &me).unwrap(), ["me", "adm", "wheel"]);
        assert_eq!((accounts.name_of_user(7), accounts.name_of_user(70)), ("me".into(), "70".into()));
        assert_eq!(accounts.user("you").unwrap(), None);
        assert_eq!(accounts.group("wheel").unwrap().unwrap().members, ["root", "me"]);
    }

    #[test]
    fn only_a_directory_makes_another_program_answer() {
        assert!(!has_directory("passwd: files\ngroup: compat [NOTFOUND=return] # ldap\nhosts: files dns\n"));
        assert!(has_directory("passwd:\tfiles sss\n"));
        let accounts = parse("", "", true);
        assert!(accounts.user("root").unwrap().is_some(), "getent knows");
        assert_eq!(accounts.user("no-such-user-at-all").unwrap(), None);
    }
}
