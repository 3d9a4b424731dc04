//! HTTP with a total deadline and a bounded body.

mod redirect;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ureq::http;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig};

use self::redirect::Hop;
use crate::model::MAX_REDIRECTS;

/// One request.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// `GET`, `POST`, `DELETE`, ...
    pub method: &'a str,
    /// Where to; user and password in it are sent as basic authentication and never shown.
    pub url: &'a str,
    /// Header fields by name.
    pub headers: BTreeMap<String, String>,
    /// Sent as it is.
    pub body: Vec<u8>,
    /// The most that connecting, sending and reading may take together.
    pub timeout: Duration,
    /// The most bytes of the answer's body that are read.
    pub body_limit: u64,
    /// The most redirections that are followed. To another host or port nothing goes along that says who asks.
    pub redirects: u32,
}

/// The body of an API's answer may be this large.
const BODY_LIMIT: u64 = 64 << 20;

impl<'a> Request<'a> {
    /// A request without header fields and body.
    pub fn new(method: &'a str, url: &'a str, timeout: Duration) -> Self {
        Self {
            method,
            url,
            headers: BTreeMap::new(),
            body: Vec::new(),
            timeout,
            body_limit: BODY_LIMIT,
            redirects: MAX_REDIRECTS,
        }
    }

    /// The same with a body of this content type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.insert("content-type".to_owned(), content_type.to_owned());
        self.body = body.into();
        self
    }
}

/// One answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body, invalid UTF-8 replaced.
    pub body: String,
}

/// One answer, as far as it could be read.
#[derive(Debug)]
pub struct Read {
    /// The status code.
    pub status: u16,
    /// Its header fields, in lower case and in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// Where redirections led to, one after the other; empty when there was none.
    pub path: Vec<String>,
    /// The body, or why there is not all of it.
    pub body: Result<Vec<u8>, HttpError>,
}

/// Who is trusted, and as whom the client shows itself.
#[derive(Debug, Clone, Default)]
pub struct Identity<'a> {
    /// Certificates in PEM; `None` for those that the machine trusts.
    pub roots: Option<&'a [u8]>,
    /// Certificate and key in PEM.
    pub client: Option<(&'a [u8], &'a [u8])>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// It is no request that could be sent.
    #[error("`{url}` is not a URL that can be asked: {reason}")]
    BadRequest {
        /// Where to, without password.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answers there.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// Where to, without password.
        url: String,
        /// Why not: connection refused, no such host, a TLS failure.
        reason: String,
    },
    /// The answer did not come in time, or not whole.
    #[error("{url} did not answer within {}s", timeout.as_secs_f32())]
    Timeout {
        /// Where to, without password.
        url: String,
        /// The time that it had.
        timeout: Duration,
    },
    /// The answer is larger than anything expected.
    #[error("{url} answered with more than {limit} bytes")]
    TooLarge {
        /// Where to, without password.
        url: String,
        /// The most that is read.
        limit: u64,
    },
}

/// Sends requests. Connections are not kept: a peer that is restarted must not be judged by an old one.
#[derive(Debug, Clone)]
pub struct Client {
    agent: ureq::Agent,
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// A client that trusts the certificates that the machine trusts.
    pub fn new() -> Self {
        Self::with(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
    }

    /// A client with trust and a certificate of its own.
    ///
    /// # Errors
    /// What is wrong with a certificate or the key.
    pub fn of(identity: &Identity) -> Result<Self, String> {
        let roots = match identity.roots {
            Some(pem) => RootCerts::new_with_certs(&certificates(pem)?),
            None => RootCerts::PlatformVerifier,
        };
        let client = match identity.client {
            Some((certificate, key)) => {
                let key = PrivateKey::from_pem(key).map_err(|error| format!("no key in PEM: {error}"))?;
                Some(ClientCert::new_with_certs(&certificates(certificate)?, key))
            }
            None => None,
        };
        Ok(Self::with(TlsConfig::builder().root_certs(roots).client_cert(client).build()))
    }

    fn with(tls: TlsConfig) -> Self {
        // Fails only when a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_idle_connections(0)
            // They are followed here, so that no header field goes where it was not meant to go.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .tls_config(tls)
            .user_agent(concat!("mainstay/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.new_agent() }
    }

    /// Sends `request` and reads the whole answer.
    ///
    /// # Errors
    /// [`HttpError`] when there is no whole answer in time; a status such as 500 is an answer.
    pub fn send(&self, request: &Request) -> Result<Answer, HttpError> {
        let Read { status, body, path, .. } = self.read(request)?;
        if request.redirects > 0 && path.len() > request.redirects as usize {
            let (url, reason) =
                (without_password(request.url), format!("more than {} redirections", request.redirects));
            return Err(HttpError::Unreachable { url, reason });
        }
        Ok(Answer { status, body: String::from_utf8_lossy(&body?).into_owned() })
    }

    /// Sends `request` and reads what comes, also when that is not all. With more redirections than are followed the
    /// last one is the answer.
    ///
    /// # Errors
    /// [`HttpError`] when there is no answer at all.
    pub fn read(&self, request: &Request) -> Result<Read, HttpError> {
        let explain = |error: ureq::Error| explain(request, &error);
        let deadline = Instant::now() + request.timeout;
        let mut path = Vec::new();
        let mut hop = Hop {
            method: request.method.to_owned(),
            url: request.url.to_owned(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        };
        let mut response = loop {
            // No time at all would be taken for no limit.
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let response = self.agent.run(self.prepare(&hop, left)?).map_err(explain)?;
            let Some(location) = location(&response) else { break response };
            let may_follow = path.len() < request.redirects as usize;
            let next = match hop.next(response.status().as_u16(), &location) {
                Err(reason) if may_follow => {
                    return Err(HttpError::Unreachable { url: without_password(request.url), reason });
                }
                Ok(Some(next)) if may_follow => next,
                _ => {
                    path.push(without_password(&location));
                    break response;
                }
            };
            path.push(without_password(&next.url));
            hop = next;
        };
        let status = response.status().as_u16();
        let fields = response.headers().iter();
        let headers = fields.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        // Without content there is nothing to read; Prometheus says all the same that it is compressed.
        let body = match status {
            204 | 304 => Ok(Vec::new()),
            _ => response.body_mut().with_config().limit(request.body_limit).read_to_vec().map_err(explain),
        };
        Ok(Read { status, headers, path, body })
    }

    fn prepare(&self, hop: &Hop, timeout: Duration) -> Result<http::Request<Vec<u8>>, HttpError> {
        let mut builder = http::Request::builder().method(hop.method.as_str()).uri(&hop.url);
        for (name, value) in &hop.headers {
            builder = builder.header(name, value);
        }
        let prepared = builder.body(hop.body.clone()).map_err(|error| HttpError::BadRequest {
            url: without_password(&hop.url),
            reason: error.to_string(),
        })?;
        Ok(self.agent.configure_request(prepared).timeout_global(Some(timeout)).build())
    }
}

fn text(value: &http::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// Where a redirection leads to; `None` of any other answer.
fn location(response: &http::Response<ureq::Body>) -> Option<String> {
    let is_redirection = is_redirection(response.status().as_u16());
    response.headers().get(http::header::LOCATION).filter(|_| is_redirection).map(text)
}

/// Source: RFC 9110, 15.4.
fn is_redirection(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, String> {
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| format!("not in PEM: {error}"))? {
            found.push(certificate);
        }
    }
    if found.is_empty() { Err("no certificate in PEM".to_owned()) } else { Ok(found) }
}

fn explain(request: &Request, error: &ureq::Error) -> HttpError {
    let url = without_password(request.url);
    match error {
        ureq::Error::Timeout(_) => HttpError::Timeout { url, timeout: request.timeout },
        ureq::Error::BodyExceedsLimit(limit) => HttpError::TooLarge { url, limit: *limit },
        ureq::Error::BadUri(reason) => HttpError::BadRequest { url, reason: reason.clone() },
        ureq::Error::Http(reason) => HttpError::BadRequest { url, reason: reason.to_string() },
        ureq::Error::HostNotFound => HttpError::Unreachable { url, reason: "no such host".to_owned() },
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            HttpError::Unreachable { url, reason: "connection refused".to_owned() }
        }
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            HttpError::Timeout { url, timeout: request.timeout }
        }
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            HttpError::Unreachable {
                url,
                reason: "the connection was closed in the middle of the answer".to_owned(),
            }
        }
        ureq::Error::Io(error) => HttpError::Unreachable { url, reason: error.to_string() },
        other => HttpError::Unreachable { url, reason: other.to_string() },
    }
}

/// The URL as it may be shown: the part before `@` is left out.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        assert_eq!(without_password("http://me:secret@host:9090/a@b"), "http://host:9090/a@b");
        assert_eq!(without_password("http://host/x"), "http://host/x");
        assert_eq!(without_password("nonsense"), "nonsense");
    }
}
