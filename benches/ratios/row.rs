//! One row of the table: two programs that take turns, and what they cost.

use std::fmt::Write as _;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

/// mainstay, and the least that its work could cost.
pub struct Row {
    pub name: String,
    pub floor_name: &'static str,
    pub quantity: Quantity,
    /// The largest ratio that is good enough, where one was agreed.
    pub limit: Option<f64>,
    /// The most that mainstay itself may cost, in the quantity's unit, where that was agreed.
    pub most: Option<f64>,
    pub n_rounds: usize,
    /// Gets the number of the round, for files that must be fresh.
    pub subject: Box<dyn Fn(usize) -> Command>,
    /// What the subject has to exit with: a program that fails early would look fast.
    pub exit_code: i32,
    /// Has to exit with 0.
    pub floor: Box<dyn Fn(usize) -> Command>,
}

/// What is measured of a program.
#[derive(Clone, Copy)]
pub enum Quantity {
    /// From its start to its end.
    WallTime,
    /// The most that it had in memory at once, code and all. The kernel begins to count at what this program
    /// has, a few MiB, so that only what needs more can be measured.
    PeakMemory,
}

/// What one program cost.
struct Cost {
    wall_time: Duration,
    peak_bytes: u64,
}

impl Quantity {
    fn unit(self) -> &'static str {
        match self {
            Self::WallTime => "ms",
            Self::PeakMemory => "MiB",
        }
    }

    fn of(self, cost: &Cost) -> f64 {
        match self {
            Self::WallTime => cost.wall_time.as_secs_f64() * 1e3,
            #[allow(clippy::cast_precision_loss)]
            Self::PeakMemory => cost.peak_bytes as f64 / (1024.0 * 1024.0),
        }
    }
}

/// What stands above the rows.
pub const HEAD: &str = "\
| what | floor | min: mainstay / floor | ratio | median: mainstay / floor | ratio | rounds |
|---|---|---|---|---|---|---|";

/// Measures a row and words it as a line of the table.
pub fn line(row: &Row) -> String {
    let (mut subjects, mut floors) = (Vec::new(), Vec::new());
    for round in 0..=row.n_rounds {
        match (cost((row.subject)(round), row.exit_code), cost((row.floor)(round), 0)) {
            _ if round == 0 => {} // Fills the caches.
            (Ok(subject), Ok(floor)) => {
                subjects.push(row.quantity.of(&subject));
                floors.push(row.quantity.of(&floor));
            }
            (Err(problem), _) | (_, Err(problem)) => {
                return format!("| {} | {} | not measured: {problem} |", row.name, row.floor_name);
            }
        }
    }
    subjects.sort_unstable_by(f64::total_cmp);
    floors.sort_unstable_by(f64::total_cmp);
    let unit = row.quantity.unit();
    let at_most = |limit: Option<f64>| limit.map(|limit| format!(", at most {limit}")).unwrap_or_default();
    let (limit, most) = (at_most(row.limit), at_most(row.most));
    let mut line = format!("| {} | {} ", row.name, row.floor_name);
    for at in [0, row.n_rounds / 2] {
        let (subject, floor) = (subjects[at], floors[at]);
        let _ =
            write!(line, "| {subject:.2} {unit}{most} / {floor:.2} {unit} | {:.2}{limit} ", subject / floor);
    }
    let _ = write!(line, "| {} |", row.n_rounds);
    line
}

/// Runs a program to its end, which has to have this exit code.
fn cost(mut command: Command, exit_code: i32) -> Result<Cost, String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let begun = Instant::now();
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let mut said = Vec::new();
    let stderr = child.stderr.take();
    stderr.map(|mut stderr| stderr.read_to_end(&mut said)).transpose().map_err(|error| error.to_string())?;
    let ended = child.wait4().map_err(|error| error.to_string())?;
    let wall_time = begun.elapsed();
    if ended.status.code() == Some(exit_code) {
        return Ok(Cost { wall_time, peak_bytes: ended.rusage.maxrss });
    }
    let said = String::from_utf8_lossy(&said);
    Err(format!("{}: {}", ended.status, said.lines().next().unwrap_or_default()))
}
