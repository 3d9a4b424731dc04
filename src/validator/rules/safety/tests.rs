//! What the rules of safety find at their edges, as `CODE LINE:COLUMN MESSAGE`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::planfile::Text;
use crate::validator::checker::check;

/// The findings of these rules in a text that lies in `folder`, one line each.
fn found_in(folder: &Path, text: &str) -> String {
    let now = "2026-03-07T10:00:00Z".parse().expect("a time");
    let checked = check(Text::new("maintenance.yaml", text.as_bytes().to_vec()), folder, now);
    let is_meant = |code: &str| code.starts_with("MS5") || code == "MS315" || code == "MS101";
    let findings = checked.findings.iter().filter(|finding| is_meant(finding.code));
    let lines = findings.map(|finding| {
        let place = finding.place.as_ref().map_or((0, 0), |place| (place.start.line, place.start.column));
        format!("{} {}:{} {}", finding.code, place.0, place.1, finding.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn found(text: &str) -> String {
    found_in(Path::new("/nonexistent"), text)
}

/// A plan file with one task; `steps` are the lines of its steps, the first of which is line 7.
fn with_steps(steps: &str, rest: &str) -> String {
    let steps = steps.lines().fold(String::new(), |all, line| all + "      " + line + "\n");
    format!(
        "mainstay: 1\ntasks:\n  t:\n    type: routine\n    domain: component\n    steps:\n{steps}    duration: 5m\n{rest}"
    )
}

/// Each step is found to be wrong by a rule, at a column of line 7, or, when it is 0, not at all.
fn check_steps(code: &str, cases: &[(&str, u32)]) {
    let mut wrong = Vec::new();
    for (step, column) in cases {
        let all = found(&with_steps(&format!("- {step}"), ""));
        let place = all.lines().find_map(|line| line.strip_prefix(code)?.trim_start().split(' ').next());
        let expected = (*column > 0).then(|| format!("7:{column}"));
        if place != expected.as_deref() {
            wrong.push(format!("{step}\n  expected {expected:?}, found {place:?} in\n{all}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn work_that_removes_something_for_good_says_so() {
    check_steps(
        "MS501",
        &[
            ("run: [rm, -rf, old]", 15),
            ("run: [rm, old]", 0),
            ("run: [rm, -f, -R, old]", 15),
            ("run: [rm, --recursive, old]", 15),
            ("run: [sudo, -n, nice, -n, '5', rm, -r, old]", 40),
            ("run: [find, ., -name, x, -delete]", 15),
            ("run: [find, ., -exec, rm, '{}', ;]", 15),
            ("run: [find, ., -name, x]", 0),
            ("run: [mkfs.ext4, /dev/sdb]", 15),
            ("run: [wipefs, /dev/sdb]", 0),
            ("run: [wipefs, -a, /dev/sdb]", 15),
            ("run: [dd, if=x, of=/dev/sdb]", 15),
            ("run: [dd, if=x, of=y]", 0),
            ("run: [truncate, -s, '0', log]", 15),
            ("run: [truncate, -s, +1G, log]", 0),
            ("run: [psql, -c, 'drop  table x']", 15),
            ("run: [psql, -c, 'select 1']", 0),
            ("run: [echo, 'drop table x']", 0),
            ("run: [rsync, -a, --delete, a, b]", 15),
            ("run: [docker, volume, prune, -f]", 15),
            ("run: [docker, system, prune, -f]", 0),
            ("run: [kubectl, delete, pvc/data]", 15),
            ("run: [kubectl, delete, pod, x]", 0),
            ("run: [curl, -X, DELETE, 'http://h/x']", 15),
            ("run: [sh, -c, 'cd x && rm -r old']", 32),
            ("shell: cd x && rm -r old", 24),
            ("shell: 'cd x && rm -r ''old'''", 25),
            ("shell: \"cd x && \\x72m -r old\"", 16),
            ("shell: ls | xargs -0 rm -rf", 30),
            ("shell: 'echo \"rm -rf x\" # rm -rf x'", 0),
            ("http: {url: 'http://h/x', method: DELETE}", 21),
            ("http: {url: 'http://h/api/v1/admin/tsdb/clean_tombstones', method: POST}", 21),
            ("prometheus: clean_tombstones", 21),
        ],
    );
    for said in ["true", "false"] {
        let step = format!("- run: [rm, -rf, old]\n  destructive: {said}");
        assert_eq!(found(&with_steps(&step, "")), "");
    }
    let block = "- shell: |\n    set -e\n    cd x\n    rm -rf old\n";
    assert_eq!(
        found(&with_steps(block, "")),
        "MS501 10:11 task `t` removes something for good, `rm -rf`, and does not say so"
    );
}

#[test]
fn in_data_work_a_backup_comes_before_what_is_removed() {
    let data = |steps: &str, rest: &str| with_steps(steps, rest).replace("component", "data");
    let nothing_saved = |steps: &str, rest: &str| found(&data(steps, rest)).contains("MS315");
    let rm = "- run: [rm, -r, old]\n";
    assert!(nothing_saved(rm, ""));
    assert!(nothing_saved(&format!("{rm}- run: [cp, -a, old, new]"), ""));
    assert!(!nothing_saved("- run: [rm, -r, old]\n  destructive: false", ""));
    for saves in [
        "run: [cp, -a, old, backup]",
        "run: [tar, czf, old.tgz, old]",
        "shell: pg_dump x > x.sql",
        "run: [restic, backup, old]",
        "prometheus: snapshot",
        "http: {url: 'http://h/api/v1/admin/tsdb/snapshot?skip_head=true', method: POST}",
        "run: [/usr/local/bin/make-backup]",
    ] {
        assert!(!nothing_saved(&format!("- {saves}\n{rm}"), ""), "{saves}");
    }
    let other = "    after: [save]\n  save:\n    type: routine\n    domain: data\n    duration: 5m\n    steps: [{run: [borg, create, x]}]\n";
    assert!(!nothing_saved(rm, other));
    assert!(nothing_saved(rm, &other.replace("create", "list")));
}

#[test]
fn what_is_tried_again_may_be_repeated() {
    let retry = |step: &str| found(&with_steps(&format!("- {step}\n  retry: {{attempts: 3}}"), ""));
    let of = |what: &str| {
        format!(
            "MS502 8:27 `{what}` of task `t` is attempted up to 3 times, and nobody says that it may be repeated"
        )
    };
    assert_eq!(retry("run: [make]"), of("make"));
    assert_eq!(retry("http: {url: 'http://h/x', method: post}"), of("post http://h/x"));
    assert_eq!(retry("http: {url: 'http://h/-/reload', method: POST}"), "");
    assert_eq!(retry("http: {url: 'http://h/x'}"), "");
    assert_eq!(retry("wait: 1m"), "");
    assert_eq!(retry("run: [make]\n  idempotent: true"), "");
    assert_eq!(retry("run: [make]\n  idempotent: false"), of("make").replace("8:", "9:"));
    assert_eq!(found(&with_steps("- run: [make]\n  retry: {attempts: 1}", "")), "");
}

/// A plan file with a security task and these approvers, beside this signers file.
fn with_approval(required: u32, members: &str, signers: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    if !signers.is_empty() {
        std::fs::write(folder.path().join("signers"), signers).expect("a file");
    }
    let rest = format!(
        "    approval: {{required: {required}, from: r}}\nowner: Ada <ada@x>\n\
         access: {{signers: signers, roles: {{r: [{members}]}}}}\n"
    );
    found_in(folder.path(), &with_steps("- run: [make]", &rest))
}

#[test]
fn an_approval_can_be_given() {
    let both = "bob@x ssh-ed25519 AAAA\n*@y,!eve@y namespaces=\"mainstay-*\" ssh-ed25519 BBBB note\n";
    let cases = [
        (1, "bob@x", both, ""),
        (2, "bob@x, cid@y", both, ""),
        (2, "bob@x", both, "MS504 9:26 task `t` waits for 2 approvals, and role `r` has 1 member"),
        (1, "eve@y", both, "MS504 9:35 task `t` waits for 1 approval of role `r`, and nobody of it can sign"),
        (
            2,
            "bob@x, eve@y",
            both,
            "MS504 9:35 task `t` waits for 2 approvals of role `r`, and 1 member of it can sign",
        ),
        (
            1,
            "bob@x",
            "bob@x valid-before=\"20260101Z\" ssh-ed25519 AAAA",
            "MS504 9:35 task `t` waits for 1 approval of role `r`, and nobody of it can sign",
        ),
        (1, "bob@x", "bob@x valid-before=\"20260307\" ssh-ed25519 AAAA", ""),
        (
            1,
            "bob@x",
            "bob@x namespaces=\"git\" ssh-ed25519 AAAA",
            "MS504 9:35 task `t` waits for 1 approval of role `r`, and nobody of it can sign",
        ),
        (
            1,
            "bob@x",
            "",
            "MS504 11:19 the signers file `signers` is not there, so that no approval can be checked",
        ),
    ];
    for (required, members, signers, expected) in cases {
        assert_eq!(with_approval(required, members, signers), expected, "{required} of {members}: {signers}");
    }
    let task = |access: &str| {
        found(&with_steps("- run: [make]", &format!("    approval: {{required: 1, from: r}}\n{access}")))
    };
    assert_eq!(task(""), "MS504 9:35 task `t` waits for `r`, a role that nobody has");
    assert_eq!(
        task("access: {roles: {r: [bob@x]}}\n"),
        "MS504 9:35 task `t` waits for an approval, and `access` names no signers file"
    );
    // A role that could not be read is known.
    assert_eq!(
        task("access: {signers: 7, roles: {r: {}}}\n").replace("signers file `7`", ""),
        task("access: {signers: 7, roles: {r: 1}}\n").replace("signers file `7`", "")
    );
}

#[test]
fn nobody_approves_their_own_plan_and_no_key_counts_twice() {
    let same = "ada@x ssh-ed25519 AAAA\nbob@x ssh-ed25519 AAAA\ncid@x ssh-ed25519 CCCC\n";
    let own = "MS505 9:35 task `t` waits for `r`, of whom only the plan's owner `Ada <ada@x>` can sign";
    let cases = [
        (1, "ada@x", same, own),
        (1, "bob@x", same, own),
        (1, "ada@x, bob@x, gone@x", same, own),
        (1, "ada@x, cid@x", same, ""),
        (
            2,
            "ada@x, bob@x, gone@x",
            same,
            "MS506 9:26 task `t` waits for 2 approvals, and the 2 members of `r` who can sign have 1 key\n\
             MS505 9:35 task `t` waits for `r`, of whom only the plan's owner `Ada <ada@x>` can sign",
        ),
        (2, "bob@x, cid@x", same, ""),
        // The keys of an authority's certificates are their own.
        (2, "bob@x, cid@x", "bob@x,cid@x cert-authority ssh-ed25519 AAAA", ""),
    ];
    for (required, members, signers, expected) in cases {
        assert_eq!(with_approval(required, members, signers), expected, "{required} of {members}");
    }
}

#[test]
fn a_signers_file_that_everybody_can_write_checks_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("signers");
    std::fs::write(&path, "bob@x ssh-ed25519 AAAA\n").expect("a file");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o666)).expect("a mode");
    let rest = "    approval: {required: 1, from: r}\naccess: {signers: signers, roles: {r: [bob@x]}}\n";
    assert_eq!(
        found_in(folder.path(), &with_steps("- run: [make]", rest)),
        "MS504 10:19 the signers file `signers` can be written by everybody, so that no approval can be checked"
    );
}

#[test]
fn security_work_is_approved() {
    let security = with_steps("- run: [make]", "").replace("component", "security");
    assert_eq!(found(&security), "MS503 5:13 security task `t` needs nobody's approval");
}

#[test]
fn a_secret_lies_in_a_file_that_only_its_owner_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pw");
    std::fs::write(&path, "x").expect("a file");
    let text = "mainstay: 1\nsecrets:\n  a: {file: pw}\n  b: {file: none}\n";
    for (mode, expected) in [
        (0o600, ""),
        (0o400, ""),
        (0o640, "MS508 3:13 the file of secret `a` has the mode 0640, so that others can use it\n"),
    ] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("a mode");
        let missing = "MS524 4:13 the file of secret `b` is not there";
        assert_eq!(found_in(folder.path(), text), format!("{expected}{missing}"));
    }
}

#[test]
fn a_secret_is_found_and_a_reference_to_one_is_none() {
    check_steps(
        "MS507",
        &[
            ("run: [a, '--password=hunter2']", 30),
            ("run: [a, --token, abcdef]", 27),
            ("run: [a, --token, $TOKEN]", 0),
            ("run: [a, --token, --verbose]", 0),
            ("run: [a, '--password=/etc/pw']", 0),
            ("run: [a, --password-file, x]", 0),
            ("run: [mysql, -phunter2]", 24),
            ("run: [mkdir, -parents]", 0),
            ("run: [docker, run, '-p3306:3306', mysql]", 0),
            ("run: [sudo, -n, mysql, -phunter2]", 34),
            ("run: [logger, 'password: rotated']", 0),
            ("run: [curl, -u, 'ada:hunter2', 'http://h']", 30),
            ("run: [chown, -u, 'ada:hunter2']", 0),
            ("run: [curl, -H, 'Authorization: Bearer abcdef']", 48),
            ("run: [curl, -H, 'Accept: text/plain']", 0),
            ("run: [docker, run, -e, DB_PASSWORD=hunter2, x]", 44),
            ("shell: PGPASSWORD=hunter2 psql -c 'select 1'", 27),
            ("shell: PGPASSWORD=\"$DB\" psql -c 'select 1'", 0),
            ("shell: export API_TOKEN='abc def'", 34),
            ("shell: MAX_TOKENS=300 make", 0),
            ("run: [a, 'postgres://ada:hunter2@db/x']", 34),
            ("run: [a, 'http://h:9090/x@y']", 0),
            ("run: [a, 'postgres://ada:$PW@db/x']", 0),
            ("run: [a, 'https://h/x?token=abcdef']", 37),
            ("{run: [a], env: {TOKEN: abcdef}}", 33),
            ("{run: [a], env: {TOKEN: {secret: x}}}", 0),
            ("{run: [a], env: {TOKEN_FILE: abcdef}}", 0),
            ("{run: [a], env: {PASSWORD: ''}}", 0),
            ("http: {url: 'http://h', headers: {X-Api-Key: abcdef}}", 54),
        ],
    );
}

#[test]
fn commands_that_go_wrong_without_a_person_are_found() {
    check_steps(
        "MS509",
        &[
            ("run: [cp, '{{ src }}', x]", 20),
            ("run: [docker, ps, --format, '{{ Names }}']", 0),
            ("run: [x, --format, '{{ name }}']", 0),
            ("run: [cp, '{{ .Values.src }}', x]", 0),
            ("shell: echo '{{ a }}' > x", 0),
            ("shell: cp {% if a %} x", 0),
            ("shell: cp '{% if a %}' x", 19),
            ("http: {url: 'http://{{ host }}/x'}", 21),
        ],
    );
    check_steps(
        "MS510",
        &[
            ("shell: rm -rf $DIR/*", 23),
            ("shell: rm -rf \"$DIR\"/*", 0),
            ("shell: D=/srv/x; rm -rf $D/*", 0),
            ("shell: D='/srv/x y'; rm -rf $D/*", 37),
            ("shell: 'for f in $LIST; do cp $f x; done'", 39),
            ("shell: cp \"$A\" $B", 24),
            ("shell: echo $A", 0),
            ("shell: '[[ -e $A ]] && kill $$'", 0),
            ("run: [cp, $A, x]", 0),
            ("{shell: cp $A x, env: {A: /srv/x}}", 0),
        ],
    );
    check_steps(
        "MS511",
        &[
            ("shell: curl -s http://h | sh", 35),
            ("shell: curl -s http://h | gunzip | sudo -n bash -s -- -y", 52),
            ("shell: curl -s http://h | python3 -m json.tool", 0),
            ("shell: curl -s http://h | sh script", 0),
            ("shell: sh -c \"$(curl -s http://h)\"", 16),
            ("shell: bash <(curl -s http://h)", 16),
            ("shell: cat x | sh", 0),
        ],
    );
    check_steps(
        "MS512",
        &[
            ("run: [sudo, -u, root, make]", 15),
            ("run: [sudo, -nu, root, make]", 0),
            ("run: [sudo, --non-interactive, make]", 0),
            ("shell: echo x | sudo tee y", 25),
        ],
    );
    check_steps(
        "MS513",
        &[
            ("run: [apt-get, install, x]", 15),
            ("run: [apt-get, -qqy, install, x]", 0),
            ("run: [apt-get, update]", 0),
            ("run: [sudo, -n, dnf, install, x]", 25),
            ("run: [dnf, -y, install, x]", 0),
            ("run: [zypper, -n, in, x]", 0),
            ("shell: yes | apt-get install x", 0),
            ("shell: DEBIAN_FRONTEND=noninteractive apt-get upgrade", 47),
        ],
    );
    check_steps(
        "MS525",
        &[
            ("run: [ssh, h, make]", 15),
            ("run: [ssh, -oBatchMode=yes, h, make]", 0),
            ("run: [ssh, -V]", 0),
            ("run: [scp, x, 'h:y']", 15),
            ("run: [cp, x, 'h:y']", 0),
            ("run: [rsync, -e, ssh, x, 'h:y']", 15),
            ("run: [rsync, -e, 'ssh -o BatchMode=yes', x, 'h:y']", 0),
        ],
    );
    check_steps(
        "MS519",
        &[
            ("run: [vi, x]", 15),
            ("run: [vim, -es, x]", 0),
            ("run: [top, -bn1]", 0),
            ("run: [mysql, x]", 15),
            ("run: [mysql, -e, 'select 1']", 0),
            ("shell: mysql x < y", 0),
            ("shell: echo 'select 1' | psql", 0),
            ("shell: read -p sure x", 16),
            ("shell: 'while read x; do make; done < y'", 0),
        ],
    );
}

#[test]
fn commands_that_hide_what_happened_are_found() {
    check_steps(
        "MS514",
        &[
            ("shell: make | tee x", 23),
            ("shell: make | grep x", 0),
            ("shell: printf x | tee y", 0),
            ("shell: set -o pipefail; make | tee x", 0),
            ("shell: make | tee x; test -s x", 0),
            ("shell: set -e; make | tee x; test -s x", 31),
            ("shell: if make | tail; then a; fi", 0),
            ("run: [bash, -c, 'make | tail -1']", 33),
            ("run: [bash, -o, pipefail, -c, 'make | tail -1']", 0),
        ],
    );
    check_steps(
        "MS515",
        &[
            ("shell: make || true", 24),
            ("shell: make; exit 0", 22),
            ("shell: make || exit 1", 0),
            ("shell: set -e; make; exit 0", 0),
            ("shell: make || true; make install", 0),
            ("shell: if make; then true; fi", 0),
            ("shell: 'true'", 0),
        ],
    );
    check_steps(
        "MS516",
        &[
            ("run: [pkill, '-9', prometheus]", 15),
            ("run: [pkill, -KILL, -x, grafana-server]", 15),
            ("run: [pkill, prometheus]", 0),
            ("shell: kill -9 $(pidof alertmanager)", 16),
            ("shell: kill -s TERM $(pidof alertmanager)", 0),
            ("run: [systemctl, kill, -s, KILL, prometheus]", 15),
            ("run: [systemctl, kill, --signal=SIGKILL, nginx]", 0),
        ],
    );
    check_steps(
        "MS517",
        &[
            ("shell: make &", 16),
            ("shell: 'make & wait'", 0),
            ("shell: (sleep 1; make) &", 26),
            ("shell: nohup make & disown", 22),
            ("shell: make && a", 0),
            ("shell: make > x 2>&1", 0),
        ],
    );
    check_steps(
        "MS518",
        &[
            ("run: [sleep, '30']", 15),
            ("run: [sleep, 1m]", 15),
            ("run: [sleep, '2']", 0),
            ("shell: make; sleep $N", 0),
            ("shell: until make; do sleep 10; done", 0),
        ],
    );
    check_steps(
        "MS522",
        &[
            ("shell: cd /srv", 16),
            ("shell: cd /srv && make", 0),
            ("run: [cd, /srv]", 15),
            ("shell: export A=1; cd x", 28),
            ("shell: export A=1", 0),
        ],
    );
    check_steps(
        "MS523",
        &[
            ("shell: rm -rf \"$A\"/*", 23),
            ("shell: rm -rf $A/", 23),
            ("shell: rm -rf \"$A/old\"", 0),
            ("shell: rm -rf \"${A:?}\"/*", 0),
            ("shell: set -u; rm -rf \"$A\"/*", 0),
            ("shell: A=$(make); rm -rf \"$A\"/*", 0),
            ("{shell: 'rm -rf \"$A\"/*', env: {A: x}}", 0),
            ("{shell: 'rm -rf \"$A\"/*', env: {A: ''}}", 25),
            ("shell: rm -rf \"$HOME\"/*", 0),
        ],
    );
}

#[test]
fn a_change_of_a_service_is_verified() {
    check_steps(
        "MS520",
        &[
            ("run: [systemctl, restart, x]", 15),
            ("run: [systemctl, start, x]", 0),
            ("run: [apt-get, -y, upgrade]", 15),
            ("run: [apt-get, update]", 0),
            ("run: [apt-get, -y, install, x]", 0),
            ("run: [dnf, -y, update]", 15),
            ("run: [pkill, -HUP, prometheus]", 15),
            ("shell: systemctl restart x && systemctl is-active x", 0),
            ("shell: systemctl restart x; curl -f http://h", 0),
        ],
    );
    let restart = |rest: &str| found(&with_steps("- run: [systemctl, restart, x]", rest));
    assert_eq!(restart("    verify: [{tcp: {address: 'h:1'}}]\n"), "");
    assert_eq!(restart("    baseline: {}\n"), "");
    assert_eq!(
        found(&with_steps("- run: [systemctl, restart, x]\n- wait: {until: {tcp: {address: 'h:1'}}}", "")),
        ""
    );
}

#[test]
fn work_in_a_group_leaves_some_of_it_up() {
    let plan = |n_members: usize, max_down: u32, rollout: &str| {
        let members: Vec<_> = (0..n_members).map(|n| format!("t{n}: {{local: true, group: g}}")).collect();
        let top = format!("targets: {{{}}}\ngroups: {{g: {{max_down: {max_down}}}}}\n", members.join(", "));
        found(&with_steps(
            "- run: [make]",
            &format!("    targets: ['group:g']\n    rollout: {rollout}\n{top}"),
        ))
    };
    assert_eq!(plan(3, 1, "{serial: 1, canary: 1}"), "");
    assert_eq!(
        plan(3, 1, "{serial: 2, canary: 3}"),
        "MS530 10:23 task `t` takes 2 of group `g` at once (`serial`), and only 1 may be down\n\
         MS530 10:34 task `t` takes 3 of group `g` at once (`canary`), and only 1 may be down"
    );
    assert_eq!(plan(3, 3, "{}"), "MS531 12:24 all 3 members of group `g` may be down at once");
    assert_eq!(plan(1, 1, "{}"), "MS532 12:10 group `g` has one member, and nothing stands in for it");
    assert_eq!(plan(0, 1, "{}"), "");
}
