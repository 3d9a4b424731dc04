//! Steps and checks of a task as a person does them by hand.

use std::fmt::Write as _;

use super::markup::{BOX, code, fenced, plain};
use super::shell;
use super::words::Words;
use crate::model::{
    AlertmanagerAction, Check, CommandCheck, DEFAULT_METHOD, EnvValue, HttpAction, HttpCheck,
    PrometheusAction, PromqlCheck, Step, Task,
};

impl Words<'_> {
    /// Steps as a numbered list of boxes, each with what to type.
    pub fn steps(&self, to: &mut String, task: &Task, steps: &[&Step]) {
        for (n, step) in steps.iter().enumerate() {
            let number = format!("{}. ", n + 1);
            let name = step.name.as_deref().unwrap_or(kind_of(step));
            let how = self.how(task, step).join("; ");
            writeln!(to, "{number}{BOX}**{}**: {how}", self.text(name)).unwrap_or_default();
            if let Some((language, lines)) = self.by_hand(step) {
                fenced(to, number.len(), language, &lines);
            }
        }
    }

    /// What is special about a step: its limits first, its dangers in bold.
    fn how(&self, task: &Task, step: &Step) -> Vec<String> {
        let mut how = vec![format!("timeout {}", step.timeout())];
        if let Some(retry) = &step.retry {
            let attempts = retry.attempts.value;
            how.push(match retry.backoff.filter(|backoff| backoff.0 > chrono::TimeDelta::zero()) {
                Some(backoff) => {
                    format!("up to {attempts} attempts, {} apart, then twice as long", backoff.value)
                }
                None => format!("up to {attempts} attempts"),
            });
        }
        if step.destructive.is_some_and(|destructive| destructive.value) {
            how.push("**destructive**: what it removes cannot be made again".to_owned());
        }
        if step.wait.is_none() && step.pause.is_none() {
            let is_repeatable = step.idempotent.or(task.idempotent).unwrap_or(false);
            how.push(if is_repeatable { "may be repeated" } else { "look before repeating it" }.to_owned());
        }
        if let Some(user) = &step.user {
            how.push(format!("as user {}", self.code(user)));
        }
        if let Some(folder) = &step.cwd {
            how.push(format!("in the folder {}", self.code(folder)));
        }
        for (name, value) in &step.env {
            how.push(match value {
                EnvValue::Text(text) => format!("with {}", self.code(&format!("{name}={text}"))),
                EnvValue::Secret(secret) => {
                    format!("with {} set to the secret {}", self.code(name), self.code(secret))
                }
            });
        }
        if let Some(check) = &step.only_if {
            how.push(format!("only if {}", self.check(check)));
        }
        if let Some(check) = &step.done_if {
            how.push(format!("after an interruption done if {}", self.check(check)));
        }
        if let Some(words) = self.in_words(step) {
            how.push(words);
        }
        how
    }

    /// What a step does, when that is nothing to type.
    fn in_words(&self, step: &Step) -> Option<String> {
        if let Some(wait) = &step.wait {
            return Some(match (&wait.duration, &wait.until) {
                (Some(length), _) => format!("wait {}", length.value),
                (None, Some(check)) => format!("wait until {}", self.check(check)),
                (None, None) => "wait".to_owned(),
            });
        }
        if let Some(pause) = &step.pause {
            return Some(format!("a person confirms: {}", self.text(&pause.0)));
        }
        let status = step.http.as_ref().and_then(|http| http.status.as_ref());
        if let Some(status) = status {
            return Some(format!("expected status {}", self.text(&status.to_string())));
        }
        let as_written = "as it stands in the plan file";
        match (&step.prometheus, &step.alertmanager, &step.ansible) {
            (Some(action), ..) if matches!(action.value, PrometheusAction::DeleteSeries(_)) => {
                Some(format!("Prometheus: delete series, {as_written}"))
            }
            (_, Some(action), _) if !matches!(action.value, AlertmanagerAction::Reload) => {
                Some(format!("Alertmanager: {}, {as_written}", action.in_short()))
            }
            (.., Some(_)) => Some(format!("Ansible, {as_written}")),
            _ => None,
        }
    }

    /// What a person types to do the same.
    fn by_hand(&self, step: &Step) -> Option<(&'static str, String)> {
        let post =
            |url: Option<String>| url.map(|url| ("sh", shell::command(["curl", "-fsS", "-X", "POST", &url])));
        if let Some(argv) = &step.run {
            return Some(("sh", self.command(argv)));
        }
        if let Some(text) = &step.shell {
            return Some(("sh", self.hidden(text)));
        }
        if let Some(http) = &step.http {
            return Some(("sh", self.request(http)));
        }
        if let Some(action) = &step.prometheus {
            return post(match &action.value {
                PrometheusAction::Snapshot => self.prometheus("/api/v1/admin/tsdb/snapshot"),
                PrometheusAction::Reload => self.prometheus("/-/reload"),
                PrometheusAction::CleanTombstones => self.prometheus("/api/v1/admin/tsdb/clean_tombstones"),
                PrometheusAction::DeleteSeries(_) => None,
            });
        }
        let action = step.alertmanager.as_ref()?;
        post(
            matches!(action.value, AlertmanagerAction::Reload)
                .then(|| self.alertmanager("/-/reload"))
                .flatten(),
        )
    }

    /// A program with its arguments as a line for a shell.
    fn command(&self, argv: &[String]) -> String {
        let argv: Vec<_> = argv.iter().map(|word| self.hidden(word)).collect();
        shell::command(argv.iter().map(String::as_str))
    }

    fn request(&self, http: &HttpAction) -> String {
        let mut argv = vec!["curl".to_owned(), "-sS".to_owned(), "-i".to_owned()];
        argv.extend(["-X".to_owned(), http.method.clone().unwrap_or_else(|| DEFAULT_METHOD.to_owned())]);
        for (name, value) in &http.headers {
            argv.extend(["-H".to_owned(), format!("{name}: {value}")]);
        }
        argv.extend(http.body.iter().flat_map(|body| ["--data-raw".to_owned(), body.clone()]));
        argv.push(http.url.value.clone());
        self.command(&argv)
    }

    /// What a check asserts, as the end of a sentence.
    pub fn check(&self, check: &Check) -> String {
        let job = |job: &str| format!("job {}", self.code(job));
        if let Some(file) = check.file.as_ref().filter(|file| file.says_no_more_than_contains()) {
            let path = self.code(&file.path);
            return match (&file.contains, file.exists.unwrap_or(true)) {
                (_, false) => format!("there is no file {path}"),
                (Some(text), true) => format!("the file {path} contains {}", self.code(text)),
                (None, true) => format!("there is a file {path}"),
            };
        }
        if let Some(command) = &check.command {
            return self.ends_as_expected(command);
        }
        if let Some(http) = &check.http {
            return self.answers(http);
        }
        if let Some(tcp) = &check.tcp {
            return format!("{} takes TCP connections", self.code(&tcp.address));
        }
        if let Some(promql) = &check.promql {
            return self.samples(promql);
        }
        if let Some(target) = &check.target_up {
            return match &target.instance {
                Some(instance) => {
                    format!("Prometheus scrapes {} of {} with success", self.code(instance), job(&target.job))
                }
                None => format!("Prometheus scrapes every target of {} with success", job(&target.job)),
            };
        }
        if let Some(rules) = &check.rules_healthy {
            return match &rules.group {
                Some(group) => {
                    format!("Prometheus evaluates the rule group {} without error", self.code(group))
                }
                None => "Prometheus evaluates all its rules without error".to_owned(),
            };
        }
        if let Some(path) = &check.alert_path {
            let (receiver, within) = (self.code(&path.receiver), path.within());
            return format!(
                "a synthetic alert reaches the receiver {receiver} within {within} and is resolved"
            );
        }
        if let Some(live) = &check.config_live {
            let files = live.prometheus.iter().chain(&live.alertmanager).map(|file| self.code(file));
            return format!("what is served is what stands in {}", files.collect::<Vec<_>>().join(" and "));
        }
        format!("the check {} holds, as it stands in the plan file", self.code(&check.in_short()))
    }

    fn ends_as_expected(&self, command: &CommandCheck) -> String {
        let exit = command.exit.as_ref().map_or("0".to_owned(), ToString::to_string);
        let line = code(&self.command(&command.run));
        match &command.stdout {
            Some(stdout) => {
                format!(
                    "{line} exits with {} and prints text {}",
                    plain(&exit),
                    self.text(&stdout.to_string())
                )
            }
            None => format!("{line} exits with {}", plain(&exit)),
        }
    }

    fn answers(&self, http: &HttpCheck) -> String {
        let method = http.method.as_deref().unwrap_or(DEFAULT_METHOD);
        let request = self.code(&format!("{method} {}", http.url.value));
        let status = http.status.as_ref().map_or("200".to_owned(), ToString::to_string);
        match &http.body {
            Some(body) => {
                format!("{request} answers {} with a body {}", plain(&status), self.text(&body.to_string()))
            }
            None => format!("{request} answers {}", plain(&status)),
        }
    }

    fn samples(&self, promql: &PromqlCheck) -> String {
        let value = |matcher: &crate::model::Matcher| self.text(&matcher.to_string());
        let mut expected = Vec::new();
        expected.extend(promql.every.iter().map(|matcher| format!("every sample is {}", value(matcher))));
        expected
            .extend(promql.any.iter().map(|matcher| format!("at least one sample is {}", value(matcher))));
        expected.extend(
            promql.count.iter().map(|matcher| format!("the number of samples is {}", value(matcher))),
        );
        format!("of {} {}", self.code(&promql.query), expected.join(" and "))
    }
}

/// The action of a step, for one without a name.
fn kind_of(step: &Step) -> &'static str {
    match step {
        Step { run: Some(_), .. } => "run",
        Step { shell: Some(_), .. } => "shell",
        Step { http: Some(_), .. } => "HTTP request",
        Step { wait: Some(_), .. } => "wait",
        Step { prometheus: Some(action), .. } => match action.value {
            PrometheusAction::Snapshot => "Prometheus: snapshot",
            PrometheusAction::Reload => "Prometheus: reload",
            PrometheusAction::CleanTombstones => "Prometheus: clean tombstones",
            PrometheusAction::DeleteSeries(_) => "Prometheus: delete series",
        },
        Step { alertmanager: Some(action), .. } => match action.value {
            AlertmanagerAction::Reload => "Alertmanager: reload",
            AlertmanagerAction::Silence(_) => "Alertmanager: silence",
            AlertmanagerAction::Expire(_) => "Alertmanager: expire",
        },
        Step { ansible: Some(_), .. } => "Ansible",
        Step { pause: Some(_), .. } => "pause",
        _ => "step",
    }
}
