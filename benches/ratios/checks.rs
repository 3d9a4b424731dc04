//! `validate --live` of many checks of this machine, against the system calls that they cannot do without.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use rustix::fs::statvfs;

use crate::row::{Quantity, Row};
use crate::{mainstay, this_program, with_arguments};

/// So many checks of each of ten kinds.
const N_OF_EACH: usize = 100;

pub fn row(dir: &Path) -> Row {
    let folder = dir.join("live");
    Row {
        name: format!("live: {} mixed checks of this machine", 10 * N_OF_EACH),
        floor_name: "a Rust program with the same system calls, that looks at nothing",
        quantity: Quantity::WallTime,
        limit: Some(2.0),
        most: None,
        n_rounds: 30,
        subject: Box::new({
            let folder = folder.clone();
            move |round| {
                if round == 0 {
                    prepare(&folder);
                }
                let mut command = mainstay();
                command
                    .arg("-f")
                    .arg(folder.join("maintenance.yaml"))
                    .args(["validate", "--live", "--format", "json"]);
                command
            }
        }),
        exit_code: 0,
        floor: Box::new(move |_| with_arguments(this_program("floor-checks"), &[&folder])),
    }
}

/// A plan file whose checks all hold on any Linux, and the files that they look at.
fn prepare(folder: &Path) {
    fs::create_dir_all(folder).expect("a writable directory");
    let mut plan = "mainstay: 1\nchecks:\n".to_owned();
    for n in 0..N_OF_EACH {
        fs::write(folder.join(format!("file-{n}")), format!("line one\nnumber {n}\n"))
            .expect("a writable directory");
        for (name, check) in [
            ("stat", format!("file: {{path: file-{n}, type: file, size: {{gt: 1}}}}")),
            ("text", format!("file: {{path: file-{n}, contains: number {n}}}")),
            ("owner", format!("file: {{path: file-{n}, owner: {{len: {{ge: 1}}}}}}")),
            ("process", format!("process: {{name: no-such-{n}, running: false}}")),
            ("port", format!("port: {{port: {}, listening: false}}", 1 + n)),
            ("user", "user: {name: root, uid: 0}".to_owned()),
            ("mount", "mount: {path: /proc, filesystem: proc}".to_owned()),
            ("disk", "disk: {path: ., used: {le: 100}}".to_owned()),
            ("kernel", "kernel_param: {name: kernel.ostype, value: Linux}".to_owned()),
            ("package", format!("package: {{name: no-such-{n}, installed: false}}")),
        ] {
            writeln!(plan, "  {name}-{n}: {{{check}}}").expect("memory");
        }
    }
    fs::write(folder.join("maintenance.yaml"), plan).expect("a writable directory");
}

/// The same system calls, without a look at what they return.
pub fn floor(folder: &Path) {
    let mut buffer = vec![0; 64 * 1024];
    let mut read = |path: &Path| {
        // Port tables, package lists and processes may be missing or gone.
        if let Ok(mut file) = File::open(path) {
            while file.read(&mut buffer).is_ok_and(|n_bytes| n_bytes > 0) {}
        }
    };
    read(&folder.join("maintenance.yaml"));
    for n in 0..N_OF_EACH {
        let path = folder.join(format!("file-{n}"));
        for _ in 0..3 {
            let _ = path.symlink_metadata();
        }
        read(&path);
        let _ = statvfs(folder);
        read(Path::new("/proc/sys/kernel/ostype"));
    }
    for path in ["net/tcp", "net/tcp6", "net/udp", "net/udp6", "self/mountinfo"] {
        read(&Path::new("/proc").join(path));
    }
    for path in ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/var/lib/dpkg/status"] {
        read(Path::new(path));
    }
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        if process.file_name().to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
            read(&process.path().join("stat"));
        }
    }
}
