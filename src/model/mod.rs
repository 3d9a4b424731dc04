//! The words of mainstay as plain types with public fields.
//!
//! The types below [`PlanFile`] are the grammar of the plan file: what derives `Deserialize` here is what
//! parses, and the JSON Schema is generated from the same types. The rest is what the pipelines hand to each
//! other. Nothing here does I/O or knows a clock.

mod approval;
mod baseline;
mod basis;
mod change;
mod check;
mod condition;
mod event;
mod finding;
mod form;
mod matcher;
mod monitoring;
pub(crate) mod named;
mod occurrence;
pub mod own_metric;
mod plan_file;
mod quality;
mod rollout;
mod run;
mod scalar;
pub mod script;
mod series;
pub mod silence_tag;
pub(crate) mod span;
mod step;
mod target;
mod task;
mod window;

pub use approval::{
    APPROVAL_NAMESPACE, APPROVAL_SCHEMA, ApprovalStanding, ApprovalStatement, ApprovedOccurrence,
    ApprovedRun, InForce,
};
pub use baseline::{Baseline, Expectation, Tolerances};
pub use basis::{Basis, ClockFace};
pub use change::{ChangeVerdict, Fact, FactChange, ScrapeGap};
pub use check::{
    AlertPathCheck, AlertRouteCheck, AskAgain, CertificateCheck, Check, CheckKind, ClientIdentity,
    CommandCheck, ConfigLiveCheck, DiskCheck, DnsCheck, FileCheck, FileType, GroupCheck, HttpCheck,
    InterfaceCheck, KernelParamCheck, MountCheck, PackageCheck, PackageManager, PortCheck, PortSpec,
    ProcessCheck, PromqlCheck, Protocol, RecordType, RestoreCheck, RouteTest, RulesHealthyCheck,
    ServiceCheck, Sha256, Sha512, Size, TargetUpCheck, TcpCheck, UserCheck,
};
pub use condition::{Condition, Stands};
pub use event::{Entry, Event, Output, OutputLog};
pub use finding::{Finding, Place, Position, Remedy, Severity, Value};
pub use form::{MAX_NAME_LENGTH, MAX_PRIORITY, MAX_REDIRECTS, METRIC_NAME, name_pattern};
pub use matcher::{
    Constraint, Expects, Found, JsonPath, LinePattern, Literal, Matcher, Mismatch, Tests, Why,
};
pub use monitoring::{
    AlertInstance, AlertRule, AlertState, AlertmanagerConnection, Connections, HttpMetric, HttpValue, Metric,
    PrometheusConnection, PromqlMetric, Sample, SilencePolicy,
};
pub use named::{List, Named, OneOrMany};
pub use occurrence::{
    Because, Change, Objective, Occurrence, OccurrenceId, Placed, Schedule, Unplaced, WindowSpan,
};
pub use plan_file::{
    Access, Criticality, Documents, FORMAT_VERSION, PlanFile, Report, Review, Secret, Status, Waiver,
};
pub use quality::Quality;
pub use rollout::{Rollout, wait_for_cover};
pub use run::{Holder, Holds, NOT_NOW, Origin, Outcome, Phase, Run, RunId, StepRecord, Usage};
pub use scalar::{Length, Moment, Name, Percent, Portion, Tolerance};
pub use series::{
    Absent, Direction, SeriesJudgement, SeriesKind, SeriesResult, SeriesSpec, SeriesTest, SeriesVerdict,
    TakenSeries,
};
pub use span::{Span, Spanned};
pub use step::{
    AlertmanagerAction, DEFAULT_METHOD, EnvValue, HttpAction, NamedSilence, Pause, PrometheusAction, Retry,
    SeriesToDelete, Step, Wait,
};
pub use target::{Group, Target};
pub use task::{
    Approval, Claim, ClaimMode, Domain, DstMode, Gate, Missed, Overlap, Recurrence, SilenceSpec, Task,
    TaskType, Unknown,
};
pub use window::{Blackout, Window};

/// The name of the target that a task without `targets` works on: this machine.
pub const IMPLICIT_TARGET: &str = "local";
