//! Other programs that a run speaks to: Prometheus, Alertmanager, and whoever listens at a URL.

use super::{Ending, Found, Item, TIMEOUT, cannot_know, verified, wrong};
use crate::executor::baseline;
use crate::executor::engine::silence_matchers;
use crate::model::{Check, Phase, SilenceSpec, Spanned, TcpCheck};
use crate::validator::checks::{self, Answer};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::http::without_password;
use crate::world::prometheus::PeerError;

/// More alerts than these are counted, not named.
const MOST_NAMES: usize = 5;

pub(super) fn baseline(world: &World) -> Item {
    let found = match &world.prometheus {
        None => wrong(Ending::Failed, "the plan file names no Prometheus (`connections.prometheus`)"),
        Some(prometheus) => match baseline::capture(prometheus, world) {
            Ok(facts) if facts.targets.is_empty() => {
                wrong(Ending::Failed, format!("{} has no target: nothing could be proved", prometheus.url()))
            }
            Ok(facts) => verified(format!(
                "{} answers, with {}, {} and {}",
                prometheus.url(),
                crate::counted(facts.targets.len(), "target"),
                crate::counted(facts.rules.len(), "rule"),
                crate::counted(facts.firing.len(), "firing alert"),
            )),
            Err(error) => wrong(Ending::Failed, crate::in_words(&error)),
        },
    };
    Item::new(Phase::Baseline, "capture the baseline", found)
}

pub(super) fn silence(spec: &SilenceSpec, world: &World) -> Item {
    let found = match &world.alertmanager {
        None => wrong(Ending::Failed, "the plan file names no Alertmanager (`connections.alertmanager`)"),
        Some(alertmanager) => match alertmanager.alerts(&silence_matchers(spec), TIMEOUT) {
            Ok(alerts) => {
                let name = |labels: &std::collections::BTreeMap<String, String>| {
                    let of = |label: &str| labels.get(label).cloned();
                    let name = of("alertname").unwrap_or_else(|| "an alert without a name".to_owned());
                    of("instance").map_or(name.clone(), |instance| format!("{name} ({instance})"))
                };
                let mut names: Vec<_> = alerts.iter().map(|alert| name(&alert.labels)).collect();
                names.sort();
                let more = names.len().saturating_sub(MOST_NAMES);
                names.truncate(MOST_NAMES);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                verified(match names.as_slice() {
                    [] => "would match no alert now".to_owned(),
                    names => format!("would match now: {}{more}", names.join(", ")),
                })
            }
            Err(error) => wrong(Ending::Failed, crate::in_words(&error)),
        },
    };
    Item::new(Phase::Silence, "silence alerts", found)
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

/// Whether somebody listens where `url` points: a connection is opened, and nothing is sent.
pub(super) fn listens(url: &str, world: &World) -> Result<String, String> {
    let shown = without_password(url);
    let Some(address) = address_of(&shown) else { return Err(format!("{shown} names no host")) };
    let tcp = Some(Spanned::from(TcpCheck { address: address.clone().into() }));
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
