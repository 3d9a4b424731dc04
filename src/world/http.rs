//! HTTP with a total deadline and a bounded body.

use std::collections::BTreeMap;
use std::time::Duration;

use ureq::http;
use ureq::tls::{RootCerts, TlsConfig};

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
}

/// The body of an API's answer may be this large.
const BODY_LIMIT: u64 = 64 << 20;

impl<'a> Request<'a> {
    /// A request without header fields and body.
    pub fn new(method: &'a str, url: &'a str, timeout: Duration) -> Self {
        Self { method, url, headers: BTreeMap::new(), body: Vec::new(), timeout, body_limit: BODY_LIMIT }
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
        // Fails only when a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_idle_connections(0)
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
        let prepared = self.prepare(request)?;
        let explain = |error: ureq::Error| explain(request, &error);
        let mut response = self.agent.run(prepared).map_err(explain)?;
        let status = response.status().as_u16();
        // Without content there is nothing to read; Prometheus says all the same that it is compressed.
        let body = match status {
            204 | 304 => Vec::new(),
            _ => {
                response.body_mut().with_config().limit(request.body_limit).read_to_vec().map_err(explain)?
            }
        };
        Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn prepare(&self, request: &Request) -> Result<http::Request<Vec<u8>>, HttpError> {
        let mut builder = http::Request::builder().method(request.method).uri(request.url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let prepared = builder.body(request.body.clone()).map_err(|error| HttpError::BadRequest {
            url: without_password(request.url),
            reason: error.to_string(),
        })?;
        Ok(self.agent.configure_request(prepared).timeout_global(Some(request.timeout)).build())
    }
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
