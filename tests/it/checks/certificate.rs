//! `certificate` against chains that openssl makes and a TLS server of the test's own.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::answer;
use crate::support::{Case, free_address, wait_until};

/// A folder with an authority, an authority below it, and what they issue.
struct Authority {
    case: Case,
}

impl Authority {
    /// `root.pem`, and below it `between.pem`, valid for 20 days.
    fn new() -> Self {
        let authority = Self { case: Case::new() };
        authority.root("root");
        authority.issue("between", "root", 20, "basicConstraints=critical,CA:TRUE");
        authority
    }

    fn openssl(&self, arguments: &str) {
        let run = Command::new("openssl").args(arguments.split(' ')).current_dir(self.case.path()).output();
        let run = run.expect("openssl is installed");
        assert!(run.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&run.stderr));
    }

    fn root(&self, name: &str) {
        self.openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {name}.key -out {name}.pem \
             -subj /CN={name} -days 3650"
        ));
    }

    /// `NAME.pem` and `NAME.key`, signed by `by`, valid from now for `days`.
    fn issue(&self, name: &str, by: &str, days: u32, extension: &str) {
        fs::write(self.path(&format!("{name}.ext")), extension).expect("a file");
        self.openssl(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
        ));
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA {by}.pem -CAkey {by}.key -CAcreateserial -days {days} -extfile {name}.ext -out {name}.pem"
        ));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.case.path().join(name)
    }

    /// `NAME.pem`, made of others.
    fn bundle(&self, name: &str, of: &[&str]) {
        let parts: Vec<_> = of.iter().map(|one| self.case.read(&format!("{one}.pem"))).collect();
        fs::write(self.path(&format!("{name}.pem")), parts.concat()).expect("a file");
    }

    /// A TLS server with the chain of `chain.pem` and the key of `key.key`, until the test ends. It reads them anew when it
    /// finds the file `reload`, which it removes.
    fn serve(&self, chain: &str, key: &str) -> SocketAddr {
        let (chain, key) = (self.path(&format!("{chain}.pem")), self.path(&format!("{key}.key")));
        let reload = self.path("reload");
        let mut config = served(&chain, &key);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                if fs::remove_file(&reload).is_ok() {
                    config = served(&chain, &key);
                }
                let mut connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
                // Whoever has seen the certificate hangs up.
                let _ = connection.complete_io(&mut stream);
            }
        });
        address
    }

    fn told(&self, now: &str, check: &str) -> String {
        answer(&self.case, now, &format!("certificate: {{{check}}}"))
    }

    /// The day that is so many days from now.
    fn in_days(days: i64) -> String {
        (chrono::Utc::now() + chrono::TimeDelta::days(days)).format("%Y-%m-%dT00:00:00Z").to_string()
    }
}

/// What a TLS server serves that reads these files now.
fn served(chain: &Path, key: &Path) -> Arc<ServerConfig> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(chain).expect("PEM").collect();
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain.expect("a chain"), key)
        .expect("a chain with its key");
    Arc::new(config)
}

#[test]
fn case_18_a_served_chain_is_right_and_each_fault_of_its_dates_and_names_has_words_of_its_own() {
    let authority = Authority::new();
    authority.issue("leaf", "between", 300, "subjectAltName=DNS:prom.test,IP:127.0.0.1");
    authority.bundle("chain", &["leaf", "between"]);
    let address = authority.serve("chain", "leaf");
    let trusted = format!("address: \"{address}\", ca: root.pem");
    let told = |now: &str, more: &str| authority.told(now, &format!("{trusted}{more}"));

    let right = told(
        "",
        ", server_name: prom.test, names: {exactly: [prom.test, 127.0.0.1]}, key: EC P-256, issuer: CN=between",
    );
    assert!(right.starts_with("verified: certificate of CN=leaf, serial "), "{right}");
    assert!(
        right.contains("of the intermediate certificate CN=between"),
        "the earliest end is named: {right}"
    );

    let wrong = told("", ", server_name: other.test");
    assert_eq!(
        wrong,
        "wrong: expected a certificate for other.test, found wrong name: one for prom.test, 127.0.0.1"
    );
    let soon = told("", ", valid_for: 40d");
    let words = "wrong: expected a certificate valid for another 40d, found expires soon: the intermediate certificate CN=between ends at ";
    assert!(soon.starts_with(words), "{soon}");
    let expired = told(&Authority::in_days(30), "");
    let words = "wrong: expected a valid certificate, found expired: the intermediate certificate CN=between ended at ";
    assert!(expired.starts_with(words), "{expired}");
    let early = told("2020-01-01T00:00:00Z", "");
    assert!(
        early.starts_with("wrong: expected a valid certificate, found not yet valid: it begins at "),
        "{early}"
    );
    assert!(told("", ", serial: \"00\"").starts_with("wrong: expected serial 00, found "));
}

#[test]
fn case_18_self_signed_unknown_and_incomplete_chains_are_told_apart() {
    let authority = Authority::new();
    authority.root("other");
    let host = "subjectAltName=DNS:prom.test";
    authority.issue("leaf", "between", 10, host);
    authority.bundle("chain", &["leaf", "between"]);
    authority.bundle("whole", &["leaf", "between", "root"]);
    let told =
        |file: &str, more: &str| authority.told("", &format!("file: {file}.pem, trusted: true, {more}"));

    assert!(told("chain", "ca: root.pem").starts_with("verified: "));
    let start = "wrong: expected a chain to a trusted authority, found ";
    let found =
        |file: &str| told(file, "ca: other.pem").strip_prefix(start).map(str::to_owned).unwrap_or_default();
    assert_eq!(found("root"), "self-signed: CN=root vouches for itself, and is not trusted");
    assert_eq!(found("whole"), "unknown authority: the chain leads to CN=root, which is not trusted");
    assert_eq!(
        found("leaf"),
        "incomplete chain: CN=between, who issued CN=leaf, is neither sent along nor trusted"
    );
    let alone = authority.told("", "file: leaf.pem");
    assert!(alone.starts_with("verified: "), "trust is asked of what is served: {alone}");
}

#[test]
fn case_18_a_certificate_that_was_renewed_on_disk_and_not_reloaded_is_told() {
    let authority = Authority::new();
    let host = "subjectAltName=IP:127.0.0.1";
    authority.issue("leaf", "between", 10, host);
    authority.bundle("chain", &["leaf", "between"]);
    let address = authority.serve("chain", "leaf");
    let check = format!("address: \"{address}\", file: chain.pem, ca: root.pem");
    assert!(authority.told("", &check).starts_with("verified: "), "{}", authority.told("", &check));

    authority.issue("leaf", "between", 15, host);
    authority.bundle("chain", &["leaf", "between"]);
    let told = authority.told("", &check);
    assert!(told.starts_with("wrong: expected the certificate of chain.pem, serial "), "{told}");
    assert!(told.contains(", found another one is served: serial "), "{told}");
}

/// OpenSSL's own server, which reads its certificate once; ended when dropped.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn case_49_a_new_certificate_on_disk_and_the_old_one_served_fail_the_verification_though_the_reload_succeeded()
 {
    let authority = Authority::new();
    let host = "subjectAltName=IP:127.0.0.1";
    authority.issue("new", "root", 15, host);
    authority.issue("leaf", "root", 10, host);
    let address = authority.serve("leaf", "leaf");
    let rotating = |reload: &str| {
        format!(
            "mainstay: 1
tasks:
  rotate:
    type: routine
    domain: component
    duration: 1m
    steps:
      - {{name: keep, shell: cp leaf.pem old.pem && cp leaf.key old.key}}
      - {{name: write, shell: cp new.pem leaf.pem && cp new.key leaf.key}}
      - {{name: reload, shell: {reload}}}
    verify: [{{certificate: {{address: '{address}', file: leaf.pem, ca: root.pem}}}}]
    rollback: [{{name: put back, shell: mv old.pem leaf.pem && mv old.key leaf.key}}]
"
        )
    };
    let ran = |reload: &str, code: i32| {
        fs::write(authority.path("maintenance.yaml"), rotating(reload)).expect("a file");
        let report = authority.case.run("run rotate --format json").exit(code).json();
        let steps = report["runs"][0]["steps"].as_array().expect("steps").clone();
        let reloaded = steps.iter().find(|step| step["name"] == "reload").expect("it was reloaded");
        assert_eq!(reloaded["outcome"], "succeeded", "{report}");
        report["runs"][0].clone()
    };
    let on_disk = || authority.case.read("leaf.pem");
    let (old, new) = (on_disk(), authority.case.read("new.pem"));

    // The server says that it has reloaded, and serves what it served.
    let run = ran("'true'", 1);
    assert_eq!(run["outcome"], "rolled_back", "{run}");
    let why = run["reason"].as_str().expect("a reason");
    assert!(why.contains("expected the certificate of leaf.pem, serial "), "{why}");
    assert!(why.contains(", found another one is served: serial "), "{why}");
    assert_eq!(on_disk(), old, "what is served and what is written agree again");

    let run = ran("touch reload", 0);
    assert_eq!(run["outcome"], "succeeded", "{run}");
    assert_eq!(on_disk(), new);
}

#[test]
fn case_18_a_real_server_that_did_not_reload_its_renewed_certificate_is_a_finding_until_it_is_restarted() {
    let authority = Authority::new();
    let host = "subjectAltName=IP:127.0.0.1";
    authority.issue("leaf", "between", 10, host);
    authority.bundle("chain", &["leaf", "between"]);
    let address = free_address();
    let start = || {
        let child = Command::new("openssl")
            .args(["s_server", "-quiet", "-accept", &address, "-cert", "leaf.pem", "-key", "leaf.key"])
            .args(["-cert_chain", "between.pem"])
            .current_dir(authority.case.path())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn();
        let server = Server(child.expect("openssl is installed"));
        wait_until("it listens", Duration::from_mins(1), || std::net::TcpStream::connect(&address).is_ok());
        server
    };
    let plan = format!(
        "mainstay: 1\nchecks:\n  tls: {{certificate: {{address: \"{address}\", file: chain.pem, ca: root.pem}}}}\n"
    );
    fs::write(authority.path("maintenance.yaml"), plan).expect("a plan file");
    let server = start();
    authority.case.run("validate --live tls").exit(0).any_output();

    authority.issue("leaf", "between", 15, host);
    authority.bundle("chain", &["leaf", "between"]);
    let report = authority.case.run("validate --live tls --format json").exit(1).json();
    let message = report["findings"][0]["message"].as_str().expect("words");
    assert!(message.contains("found another one is served: serial "), "{message}");
    drop(server);
    let _restarted = start();
    authority.case.run("validate --live tls").exit(0).any_output();
}

#[test]
fn case_18_a_chain_that_is_on_disk_has_to_be_served() {
    let authority = Authority::new();
    authority.issue("leaf", "between", 10, "subjectAltName=IP:127.0.0.1");
    authority.bundle("chain", &["leaf", "between"]);
    let address = authority.serve("leaf", "leaf");
    let told = authority.told("", &format!("address: \"{address}\", file: chain.pem, trusted: false"));
    assert_eq!(told, "wrong: expected the chain of chain.pem, found 1 certificate of it without CN=between");
}

#[test]
fn case_18_signatures_by_sha_1_and_ten_thousand_names_are_read() {
    let authority = Authority::new();
    authority.issue("old", "root", 10, "subjectAltName=DNS:prom.test");
    authority.openssl(
        "x509 -req -in old.csr -CA root.pem -CAkey root.key -CAcreateserial -days 10 -sha1 -out old.pem",
    );
    let told = authority.told("", "file: old.pem");
    let words = |place: &str| {
        let which = format!("CN=old ({place}) is signed by ECDSA with SHA-1");
        format!("wrong: expected signatures that hold, found broken signature: {which}")
    };
    assert_eq!(told, words("old.pem"));
    authority.bundle("several", &["between", "root", "old"]);
    assert_eq!(authority.told("", "file: several.pem"), words("several.pem, certificate 3 of 3"));

    let names: Vec<String> = (0..10_000).map(|n| format!("DNS:host-{n}.test")).collect();
    authority.issue("many", "root", 10, &format!("subjectAltName={}", names.join(",")));
    let check = "file: many.pem, server_name: host-9999.test, names: {len: 10000}";
    assert!(authority.told("", check).starts_with("verified: "), "{}", authority.told("", check));
    let told = authority.told("", "file: many.pem, server_name: other.test");
    assert!(told.ends_with("host-4.test and 9995 more"), "{told}");
}

#[test]
fn nobody_checks_the_signature_of_a_root_on_itself() {
    let authority = Authority::new();
    authority.openssl(
        "req -x509 -newkey rsa:2048 -sha1 -nodes -keyout sha1.key -out sha1.pem -subj /CN=sha1 -days 3650",
    );
    assert!(
        authority.told("", "file: sha1.pem").starts_with("verified: "),
        "{}",
        authority.told("", "file: sha1.pem")
    );
    authority.bundle("roots", &["root", "sha1"]);
    let told = authority.told("", "file: roots.pem");
    assert!(told.starts_with("verified: "), "{told}");
}

#[test]
fn a_server_that_speaks_no_tls_or_never_answers_is_unknown() {
    let authority = Authority::new();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("bound");
    let told = answer(&authority.case, "", &format!("certificate: {{address: \"{address}\"}}, timeout: 1s"));
    assert_eq!(told, format!("wrong: could not be found out: {address} showed no certificate within 1s"));
}
