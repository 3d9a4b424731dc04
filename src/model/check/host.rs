//! Checks of one host: its programs and services, packages, users and kernel.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{Matcher, Spanned, form};

/// A program ends as expected.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandCheck {
    /// The program and its arguments.
    #[schemars(with = "form::Argv")]
    pub run: Spanned<Vec<String>>,
    /// The exit code; default 0.
    #[schemars(extend("default" = 0))]
    pub exit: Option<Matcher>,
    /// What it prints, without trailing blank space.
    pub stdout: Option<Matcher>,
    /// What it prints on stderr, without trailing blank space.
    pub stderr: Option<Matcher>,
}

/// A process runs. One that has ended and only waits for its parent does not.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependencies" = super::of_one_that_is(&["count", "user"], "running")))]
pub struct ProcessCheck {
    /// The name of the program, without its folder.
    #[schemars(with = "form::NonBlank")]
    pub name: Spanned<String>,
    /// Default true.
    #[schemars(extend("default" = true))]
    pub running: Option<bool>,
    /// How many of that name there are; a `count` that 0 matches asks for none.
    pub count: Option<Matcher>,
    /// The user that each of them runs as.
    pub user: Option<Matcher>,
}

/// A service of the init system runs, or is enabled.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceCheck {
    /// A unit of systemd, `.service` unless it says otherwise, or a script of `/etc/init.d`.
    #[schemars(with = "form::NonBlank")]
    pub name: Spanned<String>,
    /// Whether it runs; true unless `enabled` is all that is asked for.
    pub running: Option<bool>,
    /// Whether it starts at boot.
    pub enabled: Option<bool>,
}

/// A package is installed.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependencies" = super::of_one_that_is(&["version"], "installed")))]
pub struct PackageCheck {
    /// Its name; of another architecture `NAME:ARCH`, as dpkg writes it.
    #[schemars(with = "form::NonBlank")]
    pub name: Spanned<String>,
    /// Default true.
    #[schemars(extend("default" = true))]
    pub installed: Option<bool>,
    /// Its version; where several are installed at once, that of one of them.
    pub version: Option<Matcher>,
    /// Whom to ask; default whichever there is.
    pub manager: Option<PackageManager>,
}

/// Who installs packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(extend("type" = "string"))]
pub enum PackageManager {
    /// Debian's.
    Dpkg,
    /// Red Hat's.
    Rpm,
    /// Alpine's.
    Apk,
}

impl PackageManager {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dpkg => "dpkg",
            Self::Rpm => "rpm",
            Self::Apk => "apk",
        }
    }
}

/// A user exists.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependencies" = super::of_one_that_is(&["uid", "gid", "home", "shell", "groups"], "exists")))]
pub struct UserCheck {
    /// The login name.
    #[schemars(with = "form::NonBlank")]
    pub name: Spanned<String>,
    /// Default true.
    #[schemars(extend("default" = true))]
    pub exists: Option<bool>,
    /// The user's number.
    pub uid: Option<Matcher>,
    /// The number of the primary group.
    pub gid: Option<Matcher>,
    /// The home folder.
    pub home: Option<Matcher>,
    /// The login shell.
    pub shell: Option<Matcher>,
    /// The names of all groups, the primary one first.
    pub groups: Option<Matcher>,
}

/// A group of users exists.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependencies" = super::of_one_that_is(&["gid", "members"], "exists")))]
pub struct GroupCheck {
    /// Its name.
    #[schemars(with = "form::NonBlank")]
    pub name: Spanned<String>,
    /// Default true.
    #[schemars(extend("default" = true))]
    pub exists: Option<bool>,
    /// Its number.
    pub gid: Option<Matcher>,
    /// The names of those that it lists; who has it as primary group is not among them.
    pub members: Option<Matcher>,
}

/// A kernel parameter has a value.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KernelParamCheck {
    /// As `sysctl` names it: `net.ipv4.ip_forward`, or `net/ipv4/conf/eth0.100/forwarding` where a part has a dot.
    #[schemars(with = "form::NonBlank")]
    pub name: Spanned<String>,
    /// Its value, with one blank between several; without it the parameter only has to be there.
    pub value: Option<Matcher>,
}
