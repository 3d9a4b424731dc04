//! Series over a while before the work and after it, on a real Prometheus that scrapes an exporter of the test's own.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mainstay::model::SeriesSpec;
use mainstay::planfile::Text;
use mainstay::validator::verifier::series;
use mainstay::world::World;
use mainstay::world::clock::Clock;
use serde_json::Value;

use super::PATIENCE;
use crate::support::{Case, Exporter, Stack, wait_until};

/// An exporter whose gauge wavers about the number in a file, and whose counters grow by the numbers in others.
struct Load {
    exporter: Arc<Exporter>,
    case: Case,
    stop: Arc<AtomicBool>,
    writer: Option<JoinHandle<()>>,
}

/// How the gauge wavers: in no order that a test could see.
const WAVES: [i32; 10] = [3, -2, 0, 2, -3, 1, -1, 3, -2, -1];

impl Load {
    fn start() -> Self {
        let case = Case::new().file("level", "100").file("errors", "0");
        let exporter = Arc::new(Exporter::start(&case.path().join("page")));
        let stop = Arc::new(AtomicBool::new(false));
        let (served, stopped, folder) = (Arc::clone(&exporter), Arc::clone(&stop), case.path().to_owned());
        let writer = thread::spawn(move || {
            let (mut errors, mut requests) = (0_i64, 0_i64);
            let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<i64>().ok();
            for wave in WAVES.iter().cycle() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                errors += number("errors").unwrap_or(0);
                requests += 7;
                let level = number("level").unwrap_or(0) + i64::from(*wave);
                served.write(&format!(
                    "load {level}\nsteady 5\nerrors_total {errors}\nrequests_total {requests}\n"
                ));
                // One page for each scrape of a second, more or less: what it holds then is what counts.
                thread::sleep(Duration::from_millis(500));
            }
        });
        Self { exporter, case, stop, writer: Some(writer) }
    }

    /// Lets Prometheus scrape it, and waits until there are so many samples.
    fn scraped_by(&self, stack: &Stack, seconds: u32) {
        let config = stack.prometheus_config();
        let mut text = fs::read_to_string(&config).expect("a configuration");
        let address = self.exporter.address();
        text.push_str("\n  - job_name: load\n    static_configs: [{targets: [\"");
        text.push_str(&address);
        text.push_str("\"]}]\n");
        fs::write(&config, text).expect("a configuration");
        ureq::post(&format!("{}/-/reload", stack.prometheus_url())).send_empty().expect("a reload");
        let query = format!("count_over_time(load[{}s]) >= {seconds}", seconds + 2);
        wait_until("there are samples", PATIENCE, || {
            stack.try_query(&query).is_some_and(|found| found != serde_json::json!([]))
        });
    }

    /// A task that does this, and compares these series.
    fn plan(&self, stack: &Stack, series: &str, step: &str) {
        let plan = format!(
            "mainstay: 1\nconnections: {{prometheus: {{url: \"{}\"}}}}\ntasks:\n  work:\n    type: routine\n    domain: \
             component\n    duration: 5m\n    baseline:\n      series:\n{series}    steps: [{{shell: {step}}}]\n",
            stack.prometheus_url()
        );
        fs::write(self.case.path().join("maintenance.yaml"), plan).expect("a file");
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// What came out for one series.
fn of<'v>(run: &'v Value, name: &str) -> &'v Value {
    let series = run["runs"][0]["baseline"]["series"].as_array().expect("series");
    series.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no `{name}` in {run:#}"))
}

const SERIES: &str = "\
\x20       - {name: load, promql: 'load', direction: increase, within: 10%, window: 12s}
\x20       - {name: steady, promql: 'steady', window: 12s}
\x20       - {name: errors, promql: 'errors_total', kind: counter, direction: increase, window: 12s}
\x20       - {name: requests, promql: 'requests_total', kind: counter, window: 12s, within: 50%}
";

#[test]
fn a_series_that_changes_for_the_worse_fails_the_run_and_one_that_does_not_is_the_same() {
    let stack = Stack::prometheus_only();
    let load = Load::start();
    load.scraped_by(&stack, 14);

    load.plan(&stack, SERIES, "'true'");
    let ran = load.case.run("run work --format json").exit(0).json();
    for name in ["load", "steady", "errors", "requests"] {
        assert_eq!(of(&ran, name)["verdict"], "same", "{ran:#}");
    }
    assert_eq!(of(&ran, "steady")["notes"][0], "both hold the same numbers");
    assert_eq!(of(&ran, "errors")["notes"][0], "no event, before or after");
    let shown = load.case.run("run --show 1").exit(0).take_text();
    assert!(shown.contains("compare series") && shown.contains("steady: same"), "{shown}");
    let log = load.case.run("audit log --run 1").exit(0).take_text();
    assert!(log.contains("series compared: load same, steady same, errors same, requests same"), "{log}");
    let report = load.case.run("validate --run last --format json").exit(0).json();
    let items = report["items"].as_array().expect("items");
    let item = items.iter().find(|item| item["name"] == "run 1: monitoring as before").expect("an item");
    assert!(item["said"].as_str().expect("words").starts_with("it was, 4 series included"), "{item}");

    // The work doubles the load, and from then on there are errors.
    load.plan(&stack, SERIES, "'echo 200 > level; echo 1 > errors'");
    let ran = load.case.run("run work --format json").exit(1).json();
    assert_eq!(ran["runs"][0]["outcome"], "failed", "{ran:#}");
    let reason = ran["runs"][0]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("series are not as before: load: worse, +"), "{reason}");
    let worse = of(&ran, "load");
    assert_eq!(
        (&worse["verdict"], &worse["test"], &worse["above"]),
        (&"worse".into(), &"exact_ranks".into(), &1.0.into())
    );
    let shift = worse["shift"].as_f64().expect("a shift");
    assert!((95.0..=105.0).contains(&shift), "{worse:#}");
    let errors = of(&ran, "errors");
    assert_eq!((&errors["verdict"], &errors["test"]), (&"worse".into(), &"exact_rate".into()), "{errors:#}");
    assert_eq!(of(&ran, "steady")["verdict"], "same");
}

#[test]
fn too_little_data_is_told_and_fails_only_what_is_required() {
    let stack = Stack::prometheus_only();
    let load = Load::start();
    load.scraped_by(&stack, 5);
    let short = "        - {name: load, promql: 'load', window: 3s}\n        - {name: none, promql: 'no_such_series', window: 3s}\n";

    load.plan(&stack, short, "'echo 200 > level'");
    let ran = load.case.run("run work --format json").exit(0).json();
    assert_eq!(ran["runs"][0]["reason"], "insufficient data to compare: load, none");
    let told = of(&ran, "load");
    assert_eq!((&told["verdict"], &told["needed"]), (&"insufficient-data".into(), &4.into()), "{told:#}");
    assert_eq!(of(&ran, "none")["notes"][0], "there is no such series, before or after");
    let report = load.case.run("validate --run last --format json").exit(3).json();
    assert_eq!(report["verdict"], "unknown", "too little is no yes");

    load.plan(&stack, &short.replace("'no_such_series'", "'no_such_series', required: true"), "'true'");
    let ran = load.case.run("run work --format json").exit(1).json();
    let reason = ran["runs"][0]["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("series are not as before: none: insufficient-data; there is no such series"),
        "{reason}"
    );
}

#[test]
fn series_that_cannot_be_taken_refuse_the_run_before_anything_is_touched() {
    let stack = Stack::prometheus_only();
    let case = Case::new().plan_file(format!(
        "mainstay: 1\nconnections: {{prometheus: {{url: \"{}\"}}}}\ntasks:\n  work:\n    type: routine\n    domain: \
         component\n    duration: 5m\n    baseline: {{series: [{{promql: 'up + on (job) group_left () up', window: 5s}}]}}\n    \
         steps: [{{shell: touch work}}]\n",
        stack.prometheus_url()
    ));
    // Two targets of one job stand on both sides: Prometheus cannot match them.
    let config = stack.prometheus_config();
    let text = fs::read_to_string(&config).expect("a configuration")
        + "\n  - job_name: two\n    static_configs: [{targets: [\"127.0.0.1:1\", \"127.0.0.1:2\"]}]\n";
    fs::write(&config, text).expect("a configuration");
    ureq::post(&format!("{}/-/reload", stack.prometheus_url())).send_empty().expect("a reload");
    wait_until("both are scraped", PATIENCE, || {
        stack.try_query("count(up{job=\"two\"}) == 2").is_some_and(|found| found != serde_json::json!([]))
    });
    let ran = case.run("run work").exit(1).any_output();
    drop(ran);
    assert!(!case.has("work"));
    let log = case.run("audit log").exit(0).take_text();
    assert!(log.contains("there are no series to compare with: `up + on (job) group_left () up`"), "{log}");
}

/// Two stretches of an hour of three days ago, a sample every 15 s: a counter that begins anew in the first stretch, a gauge
/// of which 20 samples are not there in the second one and no marker says why, and one of which every fifth is NaN there.
fn with_odd_series(stack: &Stack) -> (DateTime<Utc>, DateTime<Utc>) {
    let begin = Utc::now().timestamp() / 60 * 60 - 3 * 86_400;
    let (mut requests, mut gauge, mut odd) = (String::new(), String::new(), String::new());
    let mut total = 1_000;
    for n in 0..240_i64 {
        let at = begin + n * 15;
        total = if n == 60 { 3 } else { total + 4 + n % 3 };
        writeln!(requests, "requests_total {total} {at}").expect("memory");
        let wave = i64::from(WAVES[usize::try_from(n).expect("small") % WAVES.len()]);
        if !(150..170).contains(&n) {
            writeln!(gauge, "gauge {} {at}", 100 + wave).expect("memory");
        }
        let value = if 120 <= n && n % 5 == 0 { "NaN".to_owned() } else { (50 + wave).to_string() };
        writeln!(odd, "odd {value} {at}").expect("memory");
    }
    let text = format!(
        "# TYPE gauge gauge\n{gauge}# TYPE odd gauge\n{odd}# TYPE requests counter\n{requests}# EOF\n"
    );
    stack.backfill(&text);
    let moment = |n: i64| DateTime::from_timestamp(begin + n * 15, 0).expect("a time");
    (moment(119), moment(239))
}

fn specs(url: &str, series: &str) -> (World, Vec<mainstay::model::Spanned<SeriesSpec>>) {
    let text = format!(
        "mainstay: 1\nconnections: {{prometheus: {{url: \"{url}\"}}}}\ntasks:\n  a:\n    type: routine\n    domain: data\n    \
         duration: 1m\n    baseline: {{series: [{series}]}}\n    steps: [{{run: [\"true\"]}}]\n"
    );
    let plan = Text::new("a.yaml", text.into_bytes()).read().into_plan().expect("a plan file");
    let world = World::new(&plan.connections, std::path::Path::new("a.yaml"), Clock::new(None));
    let task = plan.tasks.get("a").expect("the task");
    (world, task.baseline.as_ref().expect("a baseline").series.iter().cloned().collect())
}

#[test]
fn case_7_8_10_a_counter_that_began_anew_a_gap_and_nan_are_what_they_are_in_a_real_prometheus() {
    let stack = Stack::prometheus_only();
    let (before, after) = with_odd_series(&stack);
    let series = "{promql: requests_total, kind: counter, window: 20m}, {promql: gauge, window: 20m}, \
                  {promql: odd, window: 20m}, {promql: 'gauge + odd', name: both, window: 20m}";
    let (world, specs) = specs(&stack.prometheus_url(), series);
    let prometheus = world.prometheus.expect("a connection");
    let pace = series::Pace { scrape: Duration::from_secs(15), evaluation: Duration::from_secs(15) };
    let take = |end| series::take(&prometheus, &specs, end, pace).expect("series");
    // The counter begins anew in the middle of the first 80 moments.
    let (was, is) = (take(before), take(after - TimeDelta::seconds(15 * 40)));
    let n = |taken: &[mainstay::model::TakenSeries], place: usize| taken[place].series[0].1.len();
    assert_eq!([n(&was, 0), n(&was, 1), n(&was, 2), n(&was, 3)], [80, 80, 80, 80]);
    // Of 20 samples that are not there the first moment still sees one within two scrapes; no moment repeats an old one.
    assert!((60..=62).contains(&n(&is, 1)), "{}", n(&is, 1));
    assert_eq!((n(&is, 0), n(&is, 2)), (80, 80));
    let nan = is[2].series[0].1.iter().filter(|(_, value)| value == "NaN").count();
    assert_eq!(nan, 16);

    let told = series::judge(&specs, &was, &is);
    let words: Vec<_> = told.iter().map(series::in_words).collect();
    let [requests, gauge, odd, both] = words.as_slice() else { panic!("{words:?}") };
    assert!(requests.starts_with("requests_total: same, "), "{requests}");
    assert!(requests.contains("it began anew 1 time before, first at "), "{requests}");
    assert!(!requests.contains("after, first at"), "{requests}");
    assert!(
        gauge.starts_with("gauge: same, ")
            && gauge.contains("left out after: ")
            && gauge.contains(" missing"),
        "{gauge}"
    );
    assert!(odd.starts_with("odd: same, ") && odd.contains("left out after: 16 NaN"), "{odd}");
    assert!(
        both.contains("left out after: ") && both.contains("NaN, ") && both.contains(" missing"),
        "{both}"
    );

    // A series of which all is in the gap has not vanished and is not the same: there is no number.
    let inside = DateTime::from_timestamp(after.timestamp() - 15 * (239 - 168), 0).expect("a time");
    let (_, short) = self::specs(&stack.prometheus_url(), "{promql: gauge, window: 2m}");
    let take = |end| series::take(&prometheus, &short, end, pace).expect("series");
    let told = series::judge(&short, &take(before), &take(inside));
    let words = series::in_words(&told[0]);
    assert!(words.starts_with("gauge: worse; the series has vanished; its last number is from "), "{words}");
}
