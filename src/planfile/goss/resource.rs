//! Goss resources to checks.

use super::LeftOut;
use super::matcher::{About, matcher};
use crate::model::{Span, Value};
use crate::planfile::tree::{Kind, NodeId, Tree};

/// One resource of a Goss file, of which attributes are taken one by one; what nobody took is told.
pub struct Resource<'t> {
    tree: &'t Tree<'t>,
    kind: &'t str,
    id: NodeId,
    attributes: Vec<(NodeId, NodeId)>,
    taken: Vec<NodeId>,
    left_out: Vec<LeftOut>,
}

/// Makes the checks of a resource: mostly one, with the kind that names it.
pub type Convert = fn(&mut Resource) -> Vec<(&'static str, Value)>;

/// Who knows a type of resources.
pub fn converter(kind: &str) -> Option<Convert> {
    Some(match kind {
        "file" => file,
        "package" => package,
        "service" => service,
        "port" => port,
        "user" => user,
        "group" => group,
        "command" => command,
        "http" => http,
        "addr" => addr,
        "dns" => dns,
        "process" => process,
        "mount" => mount,
        "interface" => interface,
        "kernel-param" => kernel_param,
        _ => return None,
    })
}

/// Why a type of resources is not known.
pub fn why_not(kind: &str) -> &'static str {
    match kind {
        "matching" => "they say nothing of the live system",
        "registry" => "there is no check of the Windows registry",
        _ => "there is no such type of resources",
    }
}

/// Attributes that say nothing of the system: they become comments.
const SAID_ABOUT_IT: [&str; 2] = ["title", "meta"];

impl<'t> Resource<'t> {
    pub fn new(tree: &'t Tree<'t>, kind: &'t str, id: NodeId, attributes: NodeId) -> Self {
        let attributes = tree.entries(attributes).to_vec();
        Self { tree, kind, id, attributes, taken: Vec::new(), left_out: Vec::new() }
    }

    /// Whether Goss would skip it.
    pub fn is_skipped(&mut self) -> bool {
        let skip = self.take("skip").is_some_and(|value| self.tree.text(value) == "true");
        if skip {
            self.taken.extend(self.attributes.iter().map(|(key, _)| *key));
            self.leave_out(self.tree.span(self.id), "it is skipped");
        }
        skip
    }

    /// What people said of it, a line each: a title as it is, other words behind their keys.
    pub fn comments(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(title) = self.take("title") {
            lines.extend(self.tree.text(title).lines().map(str::to_owned));
        }
        if let Some(meta) = self.take("meta") {
            said(self.tree, meta, "meta", &mut lines);
        }
        lines
    }

    /// What was not carried over, attributes that nobody knows included.
    pub fn left_out(mut self) -> Vec<LeftOut> {
        for (key, value) in self.attributes.clone() {
            let name = self.tree.text(key);
            if !self.taken.contains(&key) && !SAID_ABOUT_IT.contains(&name) && !self.tree.is_null(value) {
                self.leave_out(self.tree.span(key), &format!("`{name}` cannot be said here"));
            }
        }
        self.left_out
    }

    fn leave_out(&mut self, span: Span, why: &str) {
        let why = format!("{} `{}`: {why}", self.kind, self.tree.text(self.id));
        self.left_out.push(LeftOut { span, why });
    }

    /// What people call it in its file.
    fn id(&self) -> &'t str {
        self.tree.text(self.id)
    }

    /// The value of an attribute that is there.
    fn take(&mut self, name: &str) -> Option<NodeId> {
        let (key, value) = *self.attributes.iter().find(|(key, _)| self.tree.text(*key) == name)?;
        self.taken.push(key);
        (!self.tree.is_null(value)).then_some(value)
    }

    fn text(&mut self, name: &str) -> Option<&'t str> {
        self.take(name).map(|value| self.tree.text(value)).filter(|text| !text.is_empty())
    }

    fn is(&mut self, name: &str) -> Option<bool> {
        match self.text(name)? {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.leave_out(self.tree.span(self.id), &format!("`{name}` is neither true nor false"));
                None
            }
        }
    }

    /// What an attribute is held against.
    fn matcher(&mut self, name: &str, about: About) -> Option<Value> {
        let value = self.take(name)?;
        matcher(self.tree, value, about).unwrap_or_else(|why| {
            self.leave_out(self.tree.span(value), &format!("`{name}`: {why}"));
            None
        })
    }

    /// A length of time in milliseconds, as whole seconds.
    fn seconds(&mut self, name: &str) -> Option<u64> {
        let milliseconds: u64 = self.text(name)?.parse().ok()?;
        (milliseconds > 0).then(|| milliseconds.div_ceil(1000))
    }

    /// Tells of an attribute that would say something else here.
    fn refuse(&mut self, name: &str, why: &str) {
        if let Some(value) = self.take(name) {
            self.leave_out(self.tree.span(value), &format!("`{name}`: {why}"));
        }
    }
}

/// What a node says, a line for each scalar, behind the keys that lead to it.
fn said(tree: &Tree, node: NodeId, path: &str, lines: &mut Vec<String>) {
    match &tree.node(node).kind {
        Kind::Map(entries) => {
            for (key, value) in entries {
                said(tree, *value, &format!("{path}.{}", tree.text(*key)), lines);
            }
        }
        Kind::Seq(elements) => {
            for (n, element) in elements.iter().enumerate() {
                said(tree, *element, &format!("{path}[{n}]"), lines);
            }
        }
        Kind::Scalar { text, .. } => {
            lines.extend(text.lines().filter(|line| !line.is_empty()).map(|line| format!("{path}: {line}")));
        }
    }
}

/// The entries of a mapping, of which those that say nothing are left out.
#[derive(Default)]
struct Entries(Vec<(String, Value)>);

impl Entries {
    fn of(key: &str, value: impl Into<Value>) -> Self {
        Self(vec![(key.to_owned(), value.into())])
    }

    fn with(mut self, key: &str, value: Option<impl Into<Value>>) -> Self {
        self.0.extend(value.map(|value| (key.to_owned(), value.into())));
        self
    }

    /// A check of this kind.
    fn check(self, kind: &'static str) -> (&'static str, Entries) {
        (kind, Self(vec![(kind.to_owned(), Value::Map(self.0))]))
    }
}

fn single((kind, check): (&'static str, Entries)) -> Vec<(&'static str, Value)> {
    vec![(kind, Value::Map(check.0))]
}

/// The time of a check, and how often it is asked again: Goss counts questions, and here time is counted.
fn in_time(resource: &mut Resource, (kind, check): (&'static str, Entries)) -> Vec<(&'static str, Value)> {
    let timeout = resource.seconds("timeout");
    let count: Option<u64> = resource.text("retry_count").and_then(|count| count.parse().ok());
    let delay = resource.seconds("retry_delay");
    let retry = count.filter(|count| *count > 0).map(|count| {
        let every = delay.unwrap_or(1).max(1);
        let length = |seconds: u64| Value::Text(format!("{seconds}s"));
        let patience = (count + 1).saturating_mul(every + timeout.unwrap_or(10));
        Value::Map(vec![("for".to_owned(), length(patience)), ("every".to_owned(), length(every))])
    });
    let check = check.with("timeout", timeout.map(|seconds| format!("{seconds}s"))).with("retry", retry);
    vec![(kind, Value::Map(check.0))]
}

/// Whether a thing has to be there; said only where it may not be, as it is the default.
fn absent(resource: &mut Resource, name: &str) -> Option<bool> {
    resource.is(name).filter(|is| !is)
}

fn file(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let path = resource.text("path").unwrap_or(resource.id());
    let exists = absent(resource, "exists");
    let mode = resource.matcher("mode", About::Values).map(four_digits);
    if path.starts_with('~') {
        resource.leave_out(resource.tree.span(resource.id), "a home folder is not looked up; write the path");
        resource.taken.extend(resource.attributes.iter().map(|(key, _)| *key));
        return Vec::new();
    }
    let kind = resource.text("filetype").map(file_type);
    let contents =
        resource.matcher("contents", About::Lines).or_else(|| resource.matcher("contains", About::Lines));
    resource.refuse("md5", "it can be forged, and is not looked at; write `sha256`");
    let entries = Entries::of("path", path)
        .with("exists", exists)
        .with("type", kind)
        .with("mode", mode)
        .with("owner", resource.matcher("owner", About::Values))
        .with("group", resource.matcher("group", About::Values))
        .with("size", resource.matcher("size", About::Values))
        .with("linked_to", resource.matcher("linked-to", About::Values))
        .with("contents", contents)
        .with("sha256", resource.text("sha256"))
        .with("sha512", resource.text("sha512"));
    single(entries.check("file"))
}

/// A type of files by its name here.
fn file_type(name: &str) -> &str {
    match name {
        "pipe" => "fifo",
        "block-device" => "block_device",
        "character-device" => "char_device",
        same => same,
    }
}

/// A mode as it is found: four digits.
fn four_digits(mode: Value) -> Value {
    match mode {
        Value::Bare(text) | Value::Text(text) => Value::Text(format!("{text:0>4}")),
        other => other,
    }
}

fn package(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let name = resource.text("name").unwrap_or(resource.id());
    let installed = absent(resource, "installed");
    // Goss finds a list of versions; one of them has to be each of these.
    let versions = match resource.matcher("versions", About::Values) {
        Some(Value::List(mut all)) if all.len() == 1 => Some(all.remove(0)),
        Some(Value::List(_)) => {
            resource.leave_out(
                resource.tree.span(resource.id),
                "`versions`: several versions of one package cannot be asked for",
            );
            None
        }
        other => other,
    };
    let entries = Entries::of("name", name).with("installed", installed).with("version", versions);
    let check = entries.check("package");
    in_time(resource, check)
}

fn service(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let name = resource.text("name").unwrap_or(resource.id());
    let (enabled, running) = (resource.is("enabled"), resource.is("running"));
    let entries = Entries::of("name", name).with("running", running).with("enabled", enabled);
    if entries.0.len() == 1 {
        return Vec::new();
    }
    single(entries.check("service"))
}

fn port(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let port = resource.text("port").unwrap_or(resource.id());
    let listening = absent(resource, "listening");
    let ip = resource.matcher("ip", About::Values);
    single(Entries::of("port", port).with("listening", listening).with("ip", ip).check("port"))
}

fn user(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let name = resource.text("username").unwrap_or(resource.id());
    let entries = Entries::of("name", name)
        .with("exists", absent(resource, "exists"))
        .with("uid", resource.matcher("uid", About::Values))
        .with("gid", resource.matcher("gid", About::Values))
        .with("home", resource.matcher("home", About::Values))
        .with("shell", resource.matcher("shell", About::Values))
        .with("groups", resource.matcher("groups", About::Values));
    single(entries.check("user"))
}

fn group(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let name = resource.text("groupname").unwrap_or(resource.id());
    let exists = absent(resource, "exists");
    let gid = resource.matcher("gid", About::Values);
    single(Entries::of("name", name).with("exists", exists).with("gid", gid).check("group"))
}

fn command(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let exec = resource.take("exec").unwrap_or(resource.id);
    let tree = resource.tree;
    let run = match tree.elements(exec) {
        [] => ["sh", "-c", tree.text(exec)].map(Value::from).to_vec(),
        arguments => arguments.iter().map(|argument| Value::from(tree.text(*argument))).collect(),
    };
    let entries = Entries::of("run", Value::List(run))
        .with("exit", resource.matcher("exit-status", About::Values))
        .with("stdout", resource.matcher("stdout", About::Lines))
        .with("stderr", resource.matcher("stderr", About::Lines));
    let check = entries.check("command");
    in_time(resource, check)
}

fn http(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let url = resource.text("url").unwrap_or(resource.id());
    let redirects = resource.is("no-follow-redirects").filter(|is| *is).map(|_| Value::Bare("0".to_owned()));
    let headers = resource.take("request-headers").and_then(|list| request_headers(resource, list));
    if resource.is("allow-insecure") == Some(true) {
        let span = resource.tree.span(resource.id);
        resource.leave_out(
            span,
            "`allow-insecure`: a certificate that nobody trusts is not accepted; write `ca`",
        );
    }
    for secret in ["username", "password"] {
        resource.refuse(secret, "no password is written into a plan file");
    }
    if resource.text("request-body").is_some() {
        let span = resource.tree.span(resource.id);
        resource.leave_out(span, "`request-body`: a check sends none; write a `command` with `curl --data`");
        resource.taken.extend(resource.attributes.iter().map(|(key, _)| *key));
        return Vec::new();
    }
    let fields = resource.take("headers").or_else(|| resource.take("header"));
    let fields = fields.and_then(|patterns| response_headers(resource, patterns));
    let entries = Entries::of("url", url)
        .with("method", resource.text("method"))
        .with("headers", headers)
        .with("redirects", redirects)
        .with("ca", resource.text("ca-file"))
        .with("client", client(resource))
        .with("status", resource.matcher("status", About::Values))
        .with("response_headers", fields)
        .with("body", resource.matcher("body", About::Lines));
    let check = entries.check("http");
    in_time(resource, check)
}

/// Whom the client shows itself as.
fn client(resource: &mut Resource) -> Option<Value> {
    let (certificate, key) = (resource.text("cert-file")?, resource.text("key-file")?);
    Some(Value::Map(vec![("certificate".to_owned(), certificate.into()), ("key".to_owned(), key.into())]))
}

/// Header fields that are sent, by their names.
fn request_headers(resource: &mut Resource, list: NodeId) -> Option<Value> {
    let mut fields: Vec<(String, Value)> = Vec::new();
    for line in resource.tree.elements(list) {
        let text = resource.tree.text(*line);
        match text.split_once(':') {
            Some((name, value)) if fields.iter().all(|(known, _)| known != name.trim()) => {
                fields.push((name.trim().to_owned(), Value::Text(value.trim().to_owned())));
            }
            Some(_) => {
                let why = format!("the header field `{text}`: there is another one of that name");
                resource.leave_out(resource.tree.span(*line), &why);
            }
            None => {
                let why = format!("the header field `{text}`: expected `Name: value`");
                resource.leave_out(resource.tree.span(*line), &why);
            }
        }
    }
    (!fields.is_empty()).then_some(Value::Map(fields))
}

/// Header fields of the answer by their names: of the patterns for lines those that say `Name: value`.
fn response_headers(resource: &mut Resource, patterns: NodeId) -> Option<Value> {
    const WHY: &str = "only `Name: value` can be said of a header field; write `response_headers`";
    let tree = resource.tree;
    if !matches!(tree.node(patterns).kind, Kind::Seq(_)) {
        resource.leave_out(tree.span(patterns), &format!("`headers`: {WHY}"));
        return None;
    }
    let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
    for pattern in tree.elements(patterns) {
        let text = tree.text(*pattern);
        let field = text.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let Some((name, value)) = field.filter(|(name, value)| is_name(name) && !value.is_empty()) else {
            resource.leave_out(tree.span(*pattern), &format!("the pattern `{text}` in `headers`: {WHY}"));
            continue;
        };
        let contains = Value::Map(vec![("contains".to_owned(), value.into())]);
        match fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, values)) => values.push(contains),
            None => fields.push((name.to_owned(), vec![contains])),
        }
    }
    let of_field = |(name, mut values): (String, Vec<Value>)| match values.len() {
        1 => (name, values.remove(0)),
        _ => (name, Value::Map(vec![("all".to_owned(), Value::List(values))])),
    };
    (!fields.is_empty()).then(|| Value::Map(fields.into_iter().map(of_field).collect()))
}

fn addr(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let address = resource.text("address").unwrap_or(resource.id());
    let Some(tcp) = address.strip_prefix("tcp://") else {
        let span = resource.tree.span(resource.id);
        resource.leave_out(span, "only TCP is connected to");
        return Vec::new();
    };
    if resource.is("reachable") == Some(false) {
        let span = resource.tree.span(resource.id);
        resource.leave_out(span, "that an address cannot be reached cannot be asked");
        return Vec::new();
    }
    let check = Entries::of("address", tcp).check("tcp");
    in_time(resource, check)
}

fn dns(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let id = resource.text("resolve").unwrap_or(resource.id());
    let (record, name) = match id.split_once(':') {
        Some((record, name)) if record.bytes().all(|byte| byte.is_ascii_uppercase()) => (Some(record), name),
        _ => (None, id),
    };
    let resolves = resource.is("resolvable").or_else(|| resource.is("resolveable")).filter(|is| !is);
    let entries = Entries::of("name", name)
        .with("type", record)
        .with("server", resource.text("server"))
        .with("resolves", resolves)
        .with("answers", resource.matcher("addrs", About::Values));
    let check = entries.check("dns");
    in_time(resource, check)
}

fn process(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let name = resource.text("comm").unwrap_or(resource.id());
    let running = absent(resource, "running");
    single(Entries::of("name", name).with("running", running).check("process"))
}

fn mount(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let path = resource.text("mountpoint").unwrap_or(resource.id());
    let entries = Entries::of("path", path)
        .with("exists", absent(resource, "exists"))
        .with("source", resource.matcher("source", About::Values))
        .with("filesystem", resource.matcher("filesystem", About::Values))
        .with("options", resource.matcher("opts", About::Values));
    let check = entries.check("mount");
    let used = resource.matcher("usage", About::Values);
    resource.refuse("vfs-opts", "write `options`, which has those of the mount");
    let mut checks = in_time(resource, check);
    if used.is_some() {
        checks.extend(single(Entries::of("path", path).with("used", used).check("disk")));
    }
    checks
}

fn interface(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let name = resource.text("name").unwrap_or(resource.id());
    let entries = Entries::of("name", name)
        .with("exists", absent(resource, "exists"))
        .with("addrs", resource.matcher("addrs", About::Values))
        .with("mtu", resource.matcher("mtu", About::Values));
    single(entries.check("interface"))
}

fn kernel_param(resource: &mut Resource) -> Vec<(&'static str, Value)> {
    let name = resource.text("key").or_else(|| resource.text("name")).unwrap_or(resource.id());
    let value = resource.matcher("value", About::Values);
    if value.is_none() {
        return Vec::new();
    }
    single(Entries::of("name", name).with("value", value).check("kernel_param"))
}
