//! What this host shows: files and file systems, services and packages, users and the kernel.

use std::os::unix::fs::MetadataExt;

use super::super::{Answer, disk, file, kernel_param, mount, package};
use super::{Attributes, scalar, subject, unknown};
use crate::model::{
    DiskCheck, FileCheck, FileType, GroupCheck, KernelParamCheck, MountCheck, PackageCheck, ServiceCheck,
    UserCheck, Value,
};
use crate::world::World;
use crate::world::host::{Host, Unreadable};

/// Of a link what it is and where it leads; owner, group and mode are always those of what it leads to.
pub(super) fn file(check: &FileCheck, world: &World, host: &Host) -> Result<Attributes, Unreadable> {
    let path = world.folder.join(&check.path.value);
    let unreadable = |error: std::io::Error| Unreadable(format!("{}: {error}", path.display()));
    let link = path.symlink_metadata().map_err(unreadable)?;
    let target = path.metadata().map_err(unreadable)?;
    let accounts = host.accounts()?;
    let kind = file::kind(&link);
    let mut found = vec![("type", Value::from(kind.name()))];
    if kind == FileType::Symlink {
        let to = std::fs::read_link(&path).map_err(unreadable)?;
        found.extend(to.to_str().map(|to| ("linked_to", Value::from(to))));
    }
    found.extend([
        ("mode", Value::from(format!("{:04o}", target.mode() & 0o7777))),
        ("owner", scalar(&accounts.name_of_user(target.uid()))),
        ("group", scalar(&accounts.name_of_group(target.gid()))),
    ]);
    Ok(found)
}

/// A limit is no lower than that: below it nobody has to act.
const LEAST_LIMIT: u64 = 80;

/// The next ten percent above what is used, and at least [`LEAST_LIMIT`].
pub(super) fn disk(check: &DiskCheck, world: &World) -> Result<Attributes, Unreadable> {
    let path = world.folder.join(&check.path.value);
    let used = disk::used(&path).map_err(Unreadable)?;
    let whole: u64 = used.split('.').next().and_then(|whole| whole.parse().ok()).unwrap_or(100);
    Ok(vec![("used", subject::at_most(limit(whole)))])
}

fn limit(used: u64) -> u64 {
    ((used / 10 + 1) * 10).clamp(LEAST_LIMIT, 100)
}

/// The options that say who may do what there; the others depend on the kernel.
const OPTIONS: [&str; 5] = ["ro", "rw", "nosuid", "nodev", "noexec"];

pub(super) fn mount(check: &MountCheck, host: &Host) -> Result<Attributes, Unreadable> {
    let Some(found) = mount::at(mount::plain(check), host)? else { return Ok(Vec::new()) };
    let options = found.options.iter().filter(|option| OPTIONS.contains(&option.as_str()));
    let options: Vec<_> = options.map(|option| Value::from(option.as_str())).collect();
    let mut attributes = vec![("filesystem", Value::from(found.filesystem.as_str()))];
    if !options.is_empty() {
        attributes.push(("options", Value::List(options)));
    }
    Ok(attributes)
}

/// The version only of the one that is installed: of several, it changes with every update.
pub(super) fn package(check: &PackageCheck, host: &Host) -> Result<Attributes, Unreadable> {
    let packages = package::packages(check.manager, host)?;
    let known = packages.named(&check.name.value);
    let mut installed = known.iter().filter(|package| package.is_installed());
    let mut found = vec![("installed", true.into())];
    if let (Some(only), None) = (installed.next(), installed.next()) {
        found.push(("version", Value::from(only.version.as_str())));
    }
    Ok(found)
}

/// Whether it runs and is enabled, as it is; what its script does not tell is not said.
pub(super) fn service(check: &ServiceCheck, host: &Host) -> Result<Attributes, Answer> {
    let name = &check.name.value;
    let unit = host.service(name).map_err(unknown)?;
    if !unit.exists {
        return Err(Answer::no(format!("the service {name}"), "no service of that name"));
    }
    let running = unit.is_running.map(|is_running| ("running", is_running.into()));
    Ok(running.into_iter().chain([("enabled", unit.is_enabled.into())]).collect())
}

pub(super) fn user(check: &UserCheck, host: &Host) -> Result<Attributes, Unreadable> {
    let Some(user) = host.accounts()?.user(&check.name.value)? else { return Ok(Vec::new()) };
    let mut found = vec![("uid", scalar(&user.uid)), ("gid", scalar(&user.gid))];
    let texts = [("home", user.home), ("shell", user.shell)];
    found
        .extend(texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| (key, text.into())));
    Ok(found)
}

pub(super) fn group(check: &GroupCheck, host: &Host) -> Result<Attributes, Unreadable> {
    let group = host.accounts()?.group(&check.name.value)?;
    Ok(group.map(|group| ("gid", scalar(&group.gid))).into_iter().collect())
}

pub(super) fn kernel_param(check: &KernelParamCheck) -> Result<Attributes, Unreadable> {
    let value = kernel_param::value(&check.name.value)?;
    Ok(value.ok().map(|value| ("value", scalar(&value))).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_a_disk_is_above_what_is_used() {
        let limits = [0, 79, 80, 93, 99, 100].map(limit);
        assert_eq!(limits, [80, 80, 90, 100, 100, 100]);
    }
}
