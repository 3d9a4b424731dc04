//! The data directory of a Prometheus that runs on this machine: its blocks, and the room on its disk.
//!
//! 1. Nothing here writes, but for the removal of a directory that the caller has named as its own.
//! 2. Sizes are those that files have, so that what is reckoned from them is the worst case.
//!
//! Source: Prometheus 2.42, `tsdb/docs/format`: a block is a directory with `meta.json`, `index`, `tombstones` and
//! `chunks/`; the head is `wal/` and `chunks_head/`; snapshots are below `snapshots/`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::{ToSocketAddrs, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::prometheus::Prometheus;
use crate::text::in_bytes;

/// A chunk file is made this large before anything is in it: less room is none.
const CHUNK_FILE: u64 = 512 << 20;
/// What one interval of one series takes in a file of tombstones, at most: a reference and two times.
const TOMBSTONE: u64 = 32;
/// A file system needs this for the names and nodes of new files.
const SMALL_CHANGE: u64 = 1 << 20;

/// A data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tsdb {
    path: PathBuf,
}

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its directory.
    pub path: PathBuf,
    /// Its id.
    pub ulid: String,
    /// Its first sample, in milliseconds since 1970.
    pub min_time: i64,
    /// The end of its time, exclusive, in milliseconds since 1970.
    pub max_time: i64,
    /// How many series of it have deleted samples.
    pub n_tombstones: u64,
    /// What its files have, in bytes.
    pub size: u64,
    /// What its tombstones alone have, in bytes.
    pub size_of_tombstones: u64,
    /// Whether its files have other names, in a snapshot: then its space is not free when it is gone.
    pub is_pinned: bool,
}

/// Room on a disk: what something takes at most, and what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// What it takes at most, in bytes.
    pub needed: u64,
    /// What is free for it, in bytes.
    pub free: u64,
    /// Where.
    pub at: PathBuf,
}

impl Room {
    /// Whether there is enough.
    pub fn is_enough(&self) -> bool {
        self.needed <= self.free
    }

    /// In words: `takes up to 512 MiB, and 4.2 GiB are free in /var/lib/prometheus`.
    pub fn in_words(&self) -> String {
        let (needed, free) = (in_bytes(self.needed), in_bytes(self.free));
        format!("takes up to {needed}, and {free} are free in {}", self.at.display())
    }
}

impl Tsdb {
    /// The data directory of `prometheus`, when that runs on this machine.
    ///
    /// # Errors
    /// Why it is not known, as a phrase.
    pub fn of(prometheus: &Prometheus, timeout: Duration) -> Result<Self, String> {
        if !is_here(&prometheus.url()) {
            return Err(format!("{} runs on another machine", prometheus.url()));
        }
        let flags = prometheus.flags(timeout).map_err(|error| crate::in_words(&error))?;
        let given = flags.get("storage.tsdb.path").ok_or("its flags name no data directory")?;
        let path = beside(prometheus, given, timeout)?;
        match path.join("wal").metadata() {
            Ok(meta) if meta.is_dir() => Ok(Self { path }),
            Ok(_) => Err(format!("{} is no data directory of Prometheus", path.display())),
            Err(error) => Err(format!("its data directory {} cannot be read here: {error}", path.display())),
        }
    }

    /// The directory at `path`, whatever it is.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its blocks, oldest first; a directory that is being written, or has gone meanwhile, is none.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn blocks(&self) -> io::Result<Vec<Block>> {
        let mut blocks = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            blocks.extend(block_at(&entry?.path()));
        }
        blocks.sort_by_key(|block: &Block| (block.min_time, block.max_time));
        Ok(blocks)
    }

    /// The names of its snapshots, oldest first: a name begins with its time.
    ///
    /// # Errors
    /// When they cannot be read; there may be none yet.
    pub fn snapshots(&self) -> io::Result<BTreeSet<String>> {
        match fs::read_dir(self.path.join("snapshots")) {
            Ok(entries) => {
                Ok(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
            Err(error) => Err(error),
        }
    }

    /// Where a snapshot of this name is.
    pub fn snapshot(&self, name: &str) -> PathBuf {
        self.path.join("snapshots").join(name)
    }

    /// Directories that a compaction, a cleaning or a deletion has begun and not ended.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn unfinished(&self) -> io::Result<BTreeSet<PathBuf>> {
        let is_unfinished = |path: &PathBuf| {
            let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
            ["tmp", "tmp-for-creation", "tmp-for-deletion"].contains(&end)
        };
        let paths = fs::read_dir(&self.path)?.filter_map(|entry| Some(entry.ok()?.path()));
        Ok(paths.filter(is_unfinished).collect())
    }

    /// The room for a snapshot: blocks are hard links, and the head becomes a block, whose chunk file is made large
    /// before anything is in it.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn room_for_snapshot(&self) -> io::Result<Room> {
        let head = size_of(&self.path.join("wal"))? + size_of(&self.path.join("chunks_head"))?;
        self.room(CHUNK_FILE.saturating_add(head))
    }

    /// The room for writing all blocks anew that have tombstones. One after the other is written, and the one that
    /// it replaces is removed; one that a snapshot holds as well stays on the disk.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn room_for_cleaning(&self) -> io::Result<Room> {
        let blocks = self.blocks()?;
        let marked = blocks.iter().filter(|block| block.n_tombstones > 0);
        let (pinned, others): (Vec<_>, Vec<_>) = marked.partition(|block| block.is_pinned);
        let kept: u64 = pinned.iter().map(|block| block.size).fold(0, u64::saturating_add);
        let largest = others.iter().map(|block| block.size).max().unwrap_or_default();
        let is_any = !pinned.is_empty() || !others.is_empty();
        let needed = if is_any { kept.saturating_add(largest).saturating_add(CHUNK_FILE) } else { 0 };
        self.room(needed)
    }

    /// The room for the tombstones of `n_series` in every block that overlaps a time, in milliseconds since 1970:
    /// each block's file of them is written anew beside the old one.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn room_for_deletion(&self, n_series: usize, (start, end): (i64, i64)) -> io::Result<Room> {
        let blocks = self.blocks()?;
        let changed = blocks.iter().filter(|block| block.min_time <= end && start < block.max_time);
        let new = TOMBSTONE.saturating_mul(n_series as u64);
        // The head keeps its own in its WAL.
        let needed = changed
            .map(|block| block.size_of_tombstones.saturating_add(new))
            .fold(new.saturating_add(SMALL_CHANGE), u64::saturating_add);
        self.room(needed)
    }

    fn room(&self, needed: u64) -> io::Result<Room> {
        let disk = rustix::fs::statvfs(&self.path)?;
        Ok(Room { needed, free: disk.f_bavail.saturating_mul(disk.f_frsize), at: self.path.clone() })
    }
}

/// A path that Prometheus was given: it counts from the folder that Prometheus was started in.
///
/// # Errors
/// Why that folder is not known.
pub fn beside(prometheus: &Prometheus, given: &str, timeout: Duration) -> Result<PathBuf, String> {
    let path = Path::new(given);
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    let runtime = prometheus.runtime_info(timeout).map_err(|error| crate::in_words(&error))?;
    if runtime.cwd.is_empty() {
        return Err(format!("the folder that `{given}` counts from is not known"));
    }
    Ok(Path::new(&runtime.cwd).join(path))
}

/// Whether a URL's host is this machine: an address of one of its interfaces.
pub fn is_here(url: &str) -> bool {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    let Ok(mut addresses) = (host, 0).to_socket_addrs() else { return false };
    // Only an address of our own can be bound; nothing is sent.
    addresses.any(|address| UdpSocket::bind(address).is_ok())
}

fn block_at(path: &Path) -> Option<Block> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Meta {
        ulid: String,
        min_time: i64,
        max_time: i64,
        #[serde(default)]
        stats: Stats,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase")]
    struct Stats {
        #[serde(default)]
        num_tombstones: u64,
    }
    let name = path.file_name()?.to_str()?;
    let is_ulid = name.len() == 26 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let meta = fs::read(path.join("meta.json")).ok().filter(|_| is_ulid)?;
    let meta: Meta = serde_json::from_slice(&meta).ok()?;
    Some(Block {
        ulid: meta.ulid,
        min_time: meta.min_time,
        max_time: meta.max_time,
        n_tombstones: meta.stats.num_tombstones,
        size: size_of(path).ok()?,
        size_of_tombstones: path.join("tombstones").metadata().map_or(0, |meta| meta.len()),
        is_pinned: path.join("index").metadata().is_ok_and(|meta| meta.nlink() > 1),
        path: path.to_owned(),
    })
}

/// What all files below a directory have; what is gone meanwhile has nothing.
fn size_of(directory: &Path) -> io::Result<u64> {
    let mut size: u64 = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        match entry.metadata() {
            Ok(meta) if meta.is_dir() => {
                size = size.saturating_add(size_of(&entry.path()).unwrap_or_default());
            }
            Ok(meta) => size = size.saturating_add(meta.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block with `size` bytes of chunks, and the number of its series with tombstones.
    fn block(data: &Path, n: u8, (min, max): (i64, i64), size: u64, tombstones: u64) -> PathBuf {
        let ulid = format!("01{n:024}");
        let path = data.join(&ulid);
        fs::create_dir_all(path.join("chunks")).unwrap();
        let meta = format!(
            r#"{{"ulid":"{ulid}","minTime":{min},"maxTime":{max},"stats":{{"numTombstones":{tombstones}}}}}"#
        );
        fs::write(path.join("meta.json"), meta).unwrap();
        fs::write(path.join("index"), "").unwrap();
        fs::write(path.join("tombstones"), [0; 9]).unwrap();
        fs::File::create(path.join("chunks/000001")).unwrap().set_len(size).unwrap();
        path
    }

    #[test]
    fn cleaning_takes_the_largest_marked_block_and_all_that_snapshots_hold() {
        let data = tempfile::tempdir().unwrap();
        let tsdb = Tsdb::at(data.path());
        let needed = || tsdb.room_for_cleaning().unwrap().needed;
        block(data.path(), 1, (0, 10), 1 << 40, 0);
        assert_eq!(needed(), 0, "nothing is written anew");
        block(data.path(), 2, (10, 20), 3 << 30, 1);
        block(data.path(), 3, (20, 30), 2 << 30, 7);
        let others = 2 * (1 << 20);
        assert!((3 << 30..others + (3 << 30)).contains(&(needed() - CHUNK_FILE)), "one after the other");
        let held = block(data.path(), 4, (30, 40), 5 << 30, 1);
        fs::hard_link(held.join("index"), data.path().join("held")).unwrap();
        assert!((8 << 30..others + (8 << 30)).contains(&(needed() - CHUNK_FILE)), "what is held stays");
        assert!(!tsdb.room_for_cleaning().unwrap().is_enough() || needed() < 1 << 40);
    }

    #[test]
    fn a_deletion_writes_the_tombstones_of_the_blocks_in_its_time() {
        let data = tempfile::tempdir().unwrap();
        let tsdb = Tsdb::at(data.path());
        block(data.path(), 1, (0, 10), 0, 0);
        block(data.path(), 2, (10, 20), 0, 0);
        let needed = |time| tsdb.room_for_deletion(100, time).unwrap().needed - SMALL_CHANGE;
        assert_eq!(needed((20, 30)), 3200, "the head alone");
        assert_eq!(needed((10, 30)), 3200 + 3209);
        assert_eq!(needed((0, 10)), 3200 + 2 * 3209);
    }

    #[test]
    fn only_addresses_of_this_machine_are_here() {
        for (url, expected) in [
            ("http://127.0.0.1:9090/prom", true),
            ("http://localhost:9090", true),
            ("http://192.0.2.1:9090", false),
            ("http://nowhere.invalid:9090", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_here(url), expected, "{url}");
        }
    }
}
