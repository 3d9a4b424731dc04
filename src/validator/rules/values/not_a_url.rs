//! MS310: not a URL or address.

use crate::model::Spanned;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS310",
    title: "not a URL or address",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Nothing can be reached there.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "127.0.0.1:9090"}
"#,
    after: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let plan = facts.plan;
    let of_connections = plan.connections.urls().map(|(_, url)| url);
    let of_steps = facts.steps().filter_map(|step| Some(&step.http.as_ref()?.url));
    let of_checks = facts.checks().filter_map(|(_, check)| Some(&check.http.as_ref()?.url));
    let of_metrics = plan.metrics.iter().filter_map(|(_, metric)| Some(&metric.http.as_ref()?.url));
    for url in of_connections.chain(of_steps).chain(of_checks).chain(of_metrics) {
        if let Err(expected) = judge(&url.value) {
            faults.push(
                Fault::new(RULE.code, url.span, format!("`{}` is not a URL", shown(url))).expected(expected),
            );
        }
    }
    for (_, check) in facts.checks() {
        let of_certificate = check.certificate.as_ref().and_then(|certificate| certificate.address.as_ref());
        let webhook = check.alert_path.as_ref().and_then(|path| path.webhook.as_ref());
        let addresses =
            check.tcp.as_ref().map(|tcp| &tcp.address).into_iter().chain(webhook).chain(of_certificate);
        for address in addresses.filter(|address| !is_address(&address.value)) {
            faults.push(
                Fault::new(RULE.code, address.span, format!("`{}` is not an address", shown(address)))
                    .expected("expected `HOST:PORT`"),
            );
        }
        if let Some(server) = check.dns.as_ref().and_then(|dns| dns.server.as_ref())
            && crate::world::dns::server(&server.value).is_none()
        {
            let message = format!("`{}` is not the address of a DNS server", server.value);
            faults.push(Fault::new(RULE.code, server.span, message).expected("expected `IP` or `IP:PORT`"));
        }
    }
}

/// A password in a URL must not stand in a log of findings.
fn shown(url: &Spanned<String>) -> String {
    match (url.value.find("://"), url.value.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}://...{}", &url.value[..scheme], &url.value[at..])
        }
        _ => url.value.clone(),
    }
}

fn judge(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let rest = rest.ok_or("expected `http://` or `https://`")?;
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("expected no blank space in it".to_owned());
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = split_port(host_and_port);
    if host.is_empty() || host == "[]" {
        return Err("expected a host".to_owned());
    }
    match port {
        Some(port) if port.parse::<u16>().is_err() => Err("expected a port from 0 to 65535".to_owned()),
        _ => Ok(()),
    }
}

fn is_address(address: &str) -> bool {
    let (host, port) = split_port(address);
    let is_port = port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    !host.is_empty() && is_port && !host.chars().any(char::is_whitespace)
}

/// Host and port; the colons of an IPv6 address stand in brackets.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    }
}
