//! What steps remove for good, and what they save before.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{PrometheusAction, Span, Step};
use crate::validator::facts::{Facts, beginning, stands};
use crate::validator::work::{Call, StepWork};

/// Something that a step removes for good.
pub(in crate::validator::rules) struct Destruction {
    /// What removes it, in short: `rm -rf`.
    pub(in crate::validator::rules) what: String,
    /// Where that stands.
    pub(in crate::validator::rules) span: Span,
}

/// What a step removes for good, as far as its action shows.
pub(in crate::validator::rules) fn of_step(facts: &Facts, step: &StepWork) -> Option<Destruction> {
    if let Some(action) = &step.step.prometheus
        && matches!(action.value, PrometheusAction::CleanTombstones | PrometheusAction::DeleteSeries(_))
    {
        let what = format!("prometheus: {}", action.in_short());
        return Some(Destruction { what, span: beginning(action.span) });
    }
    if let Some(http) = step.step.http.as_ref().filter(|http| stands(&http.url)) {
        let is_delete = http.method.as_deref().is_some_and(|method| method.eq_ignore_ascii_case("DELETE"));
        let what = match deleting_endpoint(&http.url) {
            Some(endpoint) => endpoint.to_owned(),
            None if is_delete => "DELETE".to_owned(),
            None => return None,
        };
        return Some(Destruction { what, span: http.url.span });
    }
    step.calls.iter().find_map(|call| {
        let what = destroys(call)?;
        Some(Destruction { what, span: facts.work().place_of(facts.tree, step, call) })
    })
}

/// The part of a URL that makes Prometheus delete.
fn deleting_endpoint(url: &str) -> Option<&'static str> {
    ["admin/tsdb/delete_series", "admin/tsdb/clean_tombstones"].into_iter().find(|end| url.contains(end))
}

/// Statements that remove tables or rows.
static SQL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:drop\s+(?:table|database|schema|measurement|series)|truncate\s+table|delete\s+from)\b",
    )
    .ok()
});

/// What a program removes for good, in short.
fn destroys(call: &Call) -> Option<String> {
    let program = call.program();
    let said = |what: &str| Some(format!("{program} {what}"));
    let first_two = || call.operands().map(|word| word.text.as_str()).take(2).collect::<Vec<_>>();
    match program {
        "rm" => call.has_option(&['r', 'R'], &["--recursive"]).then(|| call.in_short()),
        "find" => {
            let removes = call.texts().zip(call.texts().skip(1)).any(|(exec, program)| {
                matches!(exec, "-exec" | "-execdir" | "-ok") && matches!(program, "rm" | "/bin/rm" | "shred")
            });
            (removes || call.has(&["-delete"])).then(|| "find -delete".to_owned())
        }
        "shred" | "blkdiscard" | "lvremove" | "vgremove" | "pvremove" => Some(program.to_owned()),
        "wipefs" => call.has_option(&['a', 'o'], &["--all", "--offset"]).then(|| program.to_owned()),
        _ if program == "mkfs" || program.starts_with("mkfs.") || program == "mke2fs" => {
            Some(program.to_owned())
        }
        "truncate" => shrinks(call).then(|| program.to_owned()),
        "dd" => {
            let is_device = |text: &str| {
                let target = text.strip_prefix("of=/dev/");
                target.is_some_and(|target| !matches!(target, "null" | "stdout" | "stderr" | "fd/1"))
            };
            call.texts().any(is_device).then(|| "dd of=/dev/...".to_owned())
        }
        "psql" | "mysql" | "mariadb" | "sqlite3" | "clickhouse-client" | "influx" | "cockroach" => {
            let sql = SQL.as_ref()?;
            call.texts().find_map(|text| sql.find(text)).and_then(|found| said(found.as_str()))
        }
        "zfs" | "zpool" => call.has(&["destroy"]).then(|| format!("{program} destroy")),
        "rsync" => call.texts().any(|text| text.starts_with("--delete")).then(|| "rsync --delete".to_owned()),
        "docker" | "podman" => match first_two().as_slice() {
            ["volume", what @ ("rm" | "remove" | "prune")] => said(&format!("volume {what}")),
            ["system", "prune"] if call.has(&["--volumes"]) => said("system prune --volumes"),
            _ => None,
        },
        "kubectl" => match first_two().as_slice() {
            ["delete", what] => {
                const KINDS: [&str; 6] =
                    ["pvc", "pv", "ns", "namespace", "persistentvolume", "persistentvolumeclaim"];
                let kind = what.split('/').next().unwrap_or_default().trim_end_matches('s');
                KINDS
                    .iter()
                    .any(|known| known.trim_end_matches('s') == kind)
                    .then(|| format!("kubectl delete {what}"))
            }
            _ => None,
        },
        "restic" => call.has(&["forget", "prune"]).then(|| call.in_short()),
        "borg" => call.has(&["delete", "prune"]).then(|| call.in_short()),
        "curl" | "wget" => {
            let is_delete = call.texts().zip(call.texts().skip(1)).any(|(option, method)| {
                matches!(option, "-X" | "--request" | "--method") && method.eq_ignore_ascii_case("DELETE")
            });
            let is_delete = is_delete || call.has(&["-XDELETE", "--request=DELETE", "--method=DELETE"]);
            match call.texts().find_map(deleting_endpoint) {
                Some(endpoint) => Some(endpoint.to_owned()),
                None => is_delete.then(|| format!("{program} DELETE")),
            }
        }
        _ => None,
    }
}

/// Whether `truncate` may make a file shorter.
fn shrinks(call: &Call) -> bool {
    let grows = |size: &str| size.starts_with(['+', '>', '%']);
    let mut sizes =
        call.texts().zip(call.texts().skip(1)).filter(|(option, _)| matches!(*option, "-s" | "--size"));
    let joined = call.texts().find_map(|text| text.strip_prefix("--size=").or(text.strip_prefix("-s")));
    let size = sizes.next().map(|(_, size)| size).or(joined);
    !size.is_none_or(grows)
}

/// Whether a step saves something that what it removes can come back from.
pub(in crate::validator::rules) fn saves(step: &Step, calls: &[Call]) -> bool {
    let is_snapshot_url = |url: &str| {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        path.trim_end_matches('/').ends_with("/admin/tsdb/snapshot")
    };
    step.prometheus.as_deref() == Some(&PrometheusAction::Snapshot)
        || step.http.as_ref().is_some_and(|http| is_snapshot_url(&http.url))
        || calls.iter().any(|call| is_backup(call) || call.texts().any(is_snapshot_url))
}

/// Whether a program makes a copy. What is called a backup is taken to be one.
fn is_backup(call: &Call) -> bool {
    const PROGRAMS: [&str; 17] = [
        "cp",
        "pg_dump",
        "pg_dumpall",
        "pg_basebackup",
        "mysqldump",
        "mariadb-dump",
        "mongodump",
        "duplicity",
        "rsnapshot",
        "rdiff-backup",
        "xfsdump",
        "dump",
        "zip",
        "7z",
        "scp",
        "velero",
        "pgbackrest",
    ];
    let program = call.program();
    let is_called_one = ["backup", "snapshot", "dump"].iter().any(|word| program.contains(word));
    is_called_one
        || PROGRAMS.contains(&program)
        || match program {
            "tar" | "bsdtar" => {
                call.has_option(&['c'], &["--create"])
                    || call.texts().next().is_some_and(|flags| !flags.starts_with('-') && flags.contains('c'))
            }
            "rsync" => !call.texts().any(|text| text.starts_with("--delete")),
            "promtool" => call.has(&["dump", "dump-openmetrics"]),
            "restic" | "influx" | "influxd" => call.has(&["backup"]),
            "borg" => call.has(&["create"]),
            "kopia" | "zfs" | "btrfs" | "etcdctl" => call.has(&["snapshot"]),
            "lvcreate" => call.has_option(&['s'], &["--snapshot"]),
            "rclone" | "aws" | "gsutil" | "mc" => call.has(&["copy", "sync", "cp", "mirror"]),
            "sqlite3" => call.texts().any(|text| text.contains(".backup") || text.contains(".dump")),
            _ => false,
        }
}
