//! Other programs that a run speaks to: Prometheus, Alertmanager, and whoever listens at a URL.

use super::{Ahead, Ending, Found, Item, TIMEOUT, assumed, cannot_know, verified, wrong};
use crate::executor::actions::prometheus::{config_fault, space_needed};
use crate::executor::engine::silence_matchers;
use crate::executor::lease::reach::{self, Scope};
use crate::model::{Baseline, Check, Phase, PlanFile, PrometheusAction, SilenceSpec, TcpCheck};
use crate::validator::checks::{self, Answer};
use crate::validator::verifier::series::MOST_SERIES;
use crate::validator::verifier::{self, Spec};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::http::without_password;
use crate::world::prometheus::{PeerError, Prometheus};

pub(super) fn baseline(baseline: &Baseline, world: &World) -> Item {
    let spec = Spec::of(baseline, &world.folder);
    let found = match (&world.prometheus, &spec) {
        (_, Err(error)) => wrong(Ending::Failed, crate::in_words(error)),
        (None, Ok(_)) => {
            wrong(Ending::Failed, "the plan file names no Prometheus (`connections.prometheus`)")
        }
        (Some(prometheus), Ok(spec)) => match verifier::capture(prometheus, world, spec) {
            Ok(facts) if facts.first.targets.is_empty() => {
                wrong(Ending::Failed, format!("{} has no target: nothing could be proved", prometheus.url()))
            }
            Ok(facts) => verified(format!(
                "{} answers, with {}, {} and {}",
                prometheus.url(),
                crate::counted(facts.first.targets.len(), "target"),
                crate::counted(facts.first.rules.len(), "rule"),
                crate::counted(facts.first.firing.len(), "firing alert"),
            )),
            Err(error) => wrong(Ending::Failed, crate::in_words(&error)),
        },
    };
    Item::new(Phase::Baseline, "capture the baseline", found)
}

/// Whether the queries whose series are compared return what can be compared, and how long the run waits for them;
/// nothing where the baseline has none.
pub(super) fn series(baseline: &Baseline, world: &World) -> Option<Item> {
    let longest = baseline.series.iter().map(|spec| spec.window()).max()?;
    let look = |prometheus: &Prometheus| {
        let answers = baseline.series.iter().map(|spec| {
            let answered = prometheus.query(&spec.promql.value, TIMEOUT);
            let answered = answered.map_err(|error| (spec.label(), error))?;
            Ok((spec, answered.samples.len(), answered.warnings_in_words()))
        });
        answers.collect::<Result<Vec<_>, (&str, PeerError)>>()
    };
    let found = match world.prometheus.as_ref().map(look) {
        // The baseline itself says so.
        None => return None,
        Some(Err((name, error))) => wrong(Ending::Failed, format!("`{name}`: {}", crate::in_words(&error))),
        Some(Ok(answers)) => {
            if let Some((spec, n, _)) = answers.iter().find(|(_, n, _)| MOST_SERIES < *n) {
                let label = spec.label();
                wrong(
                    Ending::Failed,
                    format!("`{label}` returns {n} series, and at most {MOST_SERIES} are compared"),
                )
            } else {
                let n: usize = answers.iter().map(|(_, n, _)| n).sum();
                let none: Vec<_> =
                    answers.iter().filter(|(_, n, _)| *n == 0).map(|(spec, ..)| spec.label()).collect();
                let none = match none.as_slice() {
                    [] => String::new(),
                    names => format!("; no series now: `{}`", names.join("`, `")),
                };
                let warned: String = answers.iter().map(|(_, _, warned)| warned.as_str()).collect();
                let queries = if answers.len() == 1 {
                    "1 query".to_owned()
                } else {
                    format!("{} queries", answers.len())
                };
                cannot_know(format!(
                    "{queries} with {n} series now, compared with what they are after the work, for which the run waits \
                     {longest}{none}{warned}"
                ))
            }
        }
    };
    Some(Item::new(Phase::Baseline, "take series", found))
}

/// What the silence would hit now, and whether it may be made.
pub(super) fn silence(spec: &SilenceSpec, plan: &PlanFile, targets: &[String], world: &World) -> Item {
    let found = match &world.alertmanager {
        None => wrong(Ending::Failed, "the plan file names no Alertmanager (`connections.alertmanager`)"),
        Some(alertmanager) => {
            let scope = Scope::of(plan, targets, world);
            match reach::look(alertmanager, &silence_matchers(spec), &scope) {
                Ok(reach) => verified(reach.in_words()),
                Err(refusal) => wrong(Ending::Failed, crate::in_words(&refusal)),
            }
        }
    };
    Item::new(Phase::Silence, "silence alerts", found)
}

/// What is asked of Prometheus: whether it is ready, lets itself be asked for that, and has room for it.
pub(super) fn prometheus_action(action: &PrometheusAction, ahead: &Ahead, is_first: bool) -> Vec<Found> {
    let world = ahead.world;
    let ready = match prometheus_ready(world) {
        Ok(found) => verified(found),
        Err(why) => return vec![wrong(Ending::Failed, why)],
    };
    let Some(prometheus) = &world.prometheus else { return vec![ready] };
    let mut looks = vec![ready];
    let (flag, what) = match action {
        PrometheusAction::Reload => ("web.enable-lifecycle", "reloads by HTTP"),
        _ => ("web.enable-admin-api", "its admin API"),
    };
    match prometheus.flags(TIMEOUT) {
        Ok(flags) if flags.get(flag).is_some_and(|value| value == "false") => {
            looks.push(wrong(
                Ending::Failed,
                format!("it was started without --{flag}, so {what} is refused"),
            ));
        }
        Ok(_) => {}
        Err(error) => {
            looks.push(assumed(format!("--{flag} could not be looked at: {}", crate::in_words(&error))));
        }
    }
    match space_needed(action, prometheus, ahead.zone, TIMEOUT) {
        Ok(None) => {}
        Ok(Some(room)) if room.is_enough() => looks.push(verified(format!("it {}", room.in_words()))),
        Ok(Some(room)) => looks.push(wrong(Ending::Failed, format!("it {}", room.in_words()))),
        Err(why) => looks.push(assumed(format!("whether there is room for it is not known: {why}"))),
    }
    if matches!(action, PrometheusAction::Reload) {
        looks.push(configuration(prometheus, world, is_first));
    }
    looks
}

/// Whether the configuration that a reload reads is sound now; a step before the reload may be what mends it.
fn configuration(prometheus: &Prometheus, world: &World, is_first: bool) -> Found {
    let never = match Cancel::new() {
        Ok(never) => never,
        Err(error) => return wrong(Ending::Failed, error.to_string()),
    };
    match config_fault(prometheus, world, &never) {
        Ok(None) => verified("nothing is known to be wrong with its configuration"),
        Ok(Some(fault)) if is_first => wrong(Ending::Failed, fault),
        Ok(Some(fault)) => cannot_know(format!("now {fault}; a step before it may mend that")),
        Err(error) => {
            assumed(format!("its configuration could not be looked at: {}", crate::in_words(&error)))
        }
    }
}

/// Whether a peer that a step speaks to is ready.
pub(super) fn ready(what: &str, peer: Option<(String, Result<bool, PeerError>)>) -> Result<String, String> {
    match peer {
        None => Err(format!("the plan file names no {what} (`connections.{}`)", what.to_lowercase())),
        Some((url, Ok(true))) => Ok(format!("{url} is ready")),
        Some((url, Ok(false))) => Err(format!("{url} is not ready")),
        Some((_, Err(error))) => Err(crate::in_words(&error)),
    }
}

pub(super) fn prometheus_ready(world: &World) -> Result<String, String> {
    let peer = world.prometheus.as_ref().map(|peer| (peer.url(), peer.is_ready(TIMEOUT)));
    ready("Prometheus", peer)
}

pub(super) fn alertmanager_ready(world: &World) -> Result<String, String> {
    let peer = world.alertmanager.as_ref().map(|peer| (peer.url(), peer.is_ready(TIMEOUT)));
    ready("Alertmanager", peer)
}

/// The same of every member of the cluster.
pub(super) fn alertmanagers_ready(world: &World) -> Result<String, String> {
    let found = alertmanager_ready(world)?;
    let others = world
        .members
        .iter()
        .map(|member| ready("Alertmanager", Some((member.url(), member.is_ready(TIMEOUT)))));
    let all = std::iter::once(Ok(found)).chain(others).collect::<Result<Vec<_>, _>>()?;
    Ok(all.join(", "))
}

/// Whether somebody listens where `url` points: a connection is opened, and nothing is sent.
pub(super) fn listens(url: &str, world: &World) -> Result<String, String> {
    let shown = without_password(url);
    let Some(address) = address_of(&shown) else { return Err(format!("{shown} names no host")) };
    let tcp = Some(Box::new(TcpCheck { address: address.clone().into() }.into()));
    let never = Cancel::new().map_err(|error| error.to_string())?;
    let timeout = Some(crate::model::Length::seconds(5).into());
    match checks::ask(&Check { tcp, timeout, ..Check::default() }, world, &never) {
        Answer::Yes { .. } => Ok(format!("{address} accepts connections")),
        Answer::No { found, .. } => Err(format!("no connection to {address}: {found}")),
        Answer::Unknown { why } => Err(why),
    }
}

/// As [`listens`], for what an earlier step may have started by then.
pub(super) fn listens_by_then(url: &str, world: &World) -> Found {
    match listens(url, world) {
        Ok(found) => cannot_know(format!("asked only then; {found} now")),
        Err(why) => cannot_know(format!("asked only then; now there is {why}")),
    }
}

/// `HOST:PORT` of a URL, with the usual port where it names none.
fn address_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let usual = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
    let has_port = authority.rsplit_once(':').is_some_and(|(host, port)| {
        // A colon within brackets belongs to an IPv6 address.
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) && !host.is_empty()
    });
    match (authority.trim_end_matches(':'), has_port) {
        ("", _) => None,
        (authority, true) => Some(authority.to_owned()),
        (authority, false) => Some(format!("{authority}:{usual}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_url_has_the_usual_port_where_it_names_none() {
        for (url, address) in [
            ("http://host/x", Some("host:80")),
            ("https://host", Some("host:443")),
            ("http://host:9090/-/ready?x=1", Some("host:9090")),
            ("http://[::1]:9090/", Some("[::1]:9090")),
            ("https://[::1]/", Some("[::1]:443")),
            ("HTTPS://host:?x", Some("host:443")),
            ("http://", None),
            ("host", None),
        ] {
            assert_eq!(address_of(url).as_deref(), address, "{url}");
        }
    }
}
