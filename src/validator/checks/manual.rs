//! An example of each kind of check, for the manual page and the README.

/// Kind and example, in the order of the manual: this machine, the network, the monitoring system.
pub const EXAMPLES: &[(&str, &str)] = &[
    ("file", "file: {path: /var/backups/tsdb.tar, owner: prometheus, mode: \"0640\", younger_than: 1d}"),
    (
        "command",
        "command: {run: [promtool, check, config, /etc/prometheus/prometheus.yml], stdout: {contains: SUCCESS}}",
    ),
    ("process", "process: {name: prometheus, user: prometheus, count: 1}"),
    ("port", "port: {port: \"tcp:9090\", ip: [127.0.0.1], process: [prometheus]}"),
    ("service", "service: {name: prometheus, running: true, enabled: true}"),
    ("package", "package: {name: prometheus, version: {has_prefix: \"2.\"}}"),
    ("mount", "mount: {path: /var/lib/prometheus, filesystem: ext4, options: [rw, noatime]}"),
    ("disk", "disk: {path: /var/lib/prometheus, used: {lt: 80}, min_free: 20GiB, inodes_used: {lt: 90}}"),
    ("user", "user: {name: prometheus, shell: /usr/sbin/nologin, groups: {exactly: [prometheus]}}"),
    ("group", "group: {name: adm, members: [prometheus]}"),
    ("interface", "interface: {name: eth0, up: true, mtu: {ge: 1500}}"),
    ("kernel_param", "kernel_param: {name: vm.max_map_count, value: {ge: 262144}}"),
    ("http", "http: {url: \"https://prom.example.org/-/ready\", status: 200, seconds: {lt: 2}}"),
    ("tcp", "tcp: {address: \"127.0.0.1:9093\"}"),
    ("dns", "dns: {name: prom.example.org, type: A, server: 192.0.2.53, answers: {exactly: [192.0.2.10]}}"),
    (
        "certificate",
        "certificate: {address: \"prom.example.org:443\", valid_for: 14d, file: /etc/ssl/prom.pem}",
    ),
    ("promql", "promql: {query: 'up{job=\"node\"}', every: {eq: 1}}"),
    ("target_up", "target_up: {job: prometheus}"),
    ("rules_healthy", "rules_healthy: {}"),
    (
        "alert_route",
        "alert_route: {routes: [{labels: {alertname: InstanceDown, severity: page}, receivers: [pager]}]}",
    ),
    ("alert_path", "alert_path: {receiver: pager, within: 2m}"),
    ("config_live", "config_live: {prometheus: /etc/prometheus/prometheus.yml}"),
    ("restore", "restore: {within: 1%}"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Check;

    #[test]
    fn every_kind_has_one_example_and_each_is_a_check_of_its_kind() {
        let mut kinds: Vec<_> = EXAMPLES.iter().map(|(kind, _)| *kind).collect();
        for (kind, example) in EXAMPLES {
            let check = super::super::tests::check(example);
            assert_eq!(check.kind().map(|kind| kind.name()), Some(*kind), "{example}");
        }
        kinds.sort_unstable();
        let mut known = Check::KINDS.to_vec();
        known.sort_unstable();
        assert_eq!(kinds, known);
    }
}
