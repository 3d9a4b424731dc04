//! `disk`: a file system has room.

use std::path::Path;
use std::time::Duration;

use rustix::fs::{StatVfs, statvfs};

use super::Answer;
use super::attributes::Attributes;
use crate::model::{DiskCheck, Found};
use crate::text::in_bytes;
use crate::world::World;
use crate::world::host::Host;

pub fn ask(check: &DiskCheck, world: &World, host: &Host, timeout: Duration) -> Answer {
    let path = world.folder.join(&check.path.value);
    if let Err(error) = host.answers(&path, timeout) {
        return Answer::unknown(error.to_string());
    }
    match statvfs(&path) {
        Ok(stat) => held(check, &stat),
        Err(error) => Answer::unknown(format!("{}: {}", path.display(), std::io::Error::from(error))),
    }
}

fn held(check: &DiskCheck, stat: &StatVfs) -> Answer {
    let mut found = Attributes::default();
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if stat.f_blocks == 0 {
        return Answer::unknown(format!("{} is on a file system that counts no blocks", check.path.value));
    }
    found.hold(check.used.as_ref(), "used %", || Found::number_or_text(&used_percent(stat)));
    found.hold(check.free.as_ref(), "free bytes", || free);
    if let Some(least) = check.min_free {
        found.take(if free >= least.0 {
            Answer::Yes { found: format!("{} free", in_bytes(free)) }
        } else {
            Answer::no(format!("at least {least} free"), in_bytes(free))
        });
    }
    if check.inodes_used.is_some() && stat.f_files == 0 {
        found.take(Answer::unknown("its file system does not count inodes"));
    } else {
        let used = stat.f_files - stat.f_ffree.min(stat.f_files);
        found.hold(check.inodes_used.as_ref(), "inodes used %", || {
            Found::number_or_text(&percent(used, used + stat.f_favail))
        });
    }
    found.answer()
}

/// The share in use of the file system that a file or folder is on, in percent.
///
/// # Errors
/// Why it cannot be found out.
pub(super) fn used(path: &Path) -> Result<String, String> {
    let stat =
        statvfs(path).map_err(|error| format!("{}: {}", path.display(), std::io::Error::from(error)))?;
    Ok(used_percent(&stat))
}

fn used_percent(stat: &StatVfs) -> String {
    let used = stat.f_blocks - stat.f_bfree.min(stat.f_blocks);
    percent(used, used + stat.f_bavail)
}

/// The share with one decimal place, rounded up: a disk that is full is never shown as nearly full.
fn percent(part: u64, all: u64) -> String {
    let tenths = (u128::from(part) * 1000).div_ceil(u128::from(all.max(1)));
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    fn answer(text: &str) -> String {
        // 1000 blocks of 4 KiB, 50 of them for root only, 250 free for all.
        let stat = StatVfs {
            f_bsize: 4096,
            f_frsize: 4096,
            f_blocks: 1000,
            f_bfree: 300,
            f_bavail: 250,
            f_files: 0,
            f_ffree: 0,
            f_favail: 0,
            f_fsid: 0,
            f_flag: rustix::fs::StatVfsMountFlags::empty(),
            f_namemax: 255,
        };
        held(&check(&format!("disk: {{path: /, {text}}}")).disk.unwrap(), &stat).in_words()
    }

    #[test]
    fn the_share_in_use_is_that_of_df_and_what_is_free_is_free_for_all() {
        assert_eq!(answer("used: {lt: 80}"), "used % 73.7");
        assert_eq!(
            answer("used: {lt: 70}, min_free: 2MiB"),
            "expected used % below 70 and at least 2 MiB free, found 73.7 and 1000 KiB"
        );
        assert_eq!(answer("free: {ge: 1024000}, min_free: 1MB"), "free bytes 1024000, 1000 KiB free");
        assert_eq!(
            answer("inodes_used: {lt: 90}"),
            "could not be found out: its file system does not count inodes"
        );
    }

    #[test]
    fn this_file_system_has_room_and_one_that_is_not_there_is_unknown() {
        let world = |folder: &str| {
            let file = std::path::Path::new(folder).join("maintenance.yaml");
            World::new(&crate::model::Connections::default(), &file, crate::world::clock::Clock::new(None))
        };
        let disk = check("disk: {path: ., min_free: 1}").disk.unwrap();
        let asked = |folder| ask(&disk, &world(folder), &Host::default(), Duration::from_mins(1));
        assert!(asked("/").is_yes());
        assert!(asked("/no/such").in_words().contains("No such file or directory"));
    }
}
