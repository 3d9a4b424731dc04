//! Where a redirection leads to, and what is sent along.
//!
//! 1. What the request says about whoever asks goes to the same host and port only: a server that redirects elsewhere
//!    does not hand on what was meant for it. From `http` to `https` of the same host, each on its own port, it goes on;
//!    the other way it does not.
//! 2. A body is never sent twice: a redirection that asks for that is the answer.
//!
//! Source: RFC 9110, 15.4 (redirections) and RFC 3986, 5.2 (references).

use std::collections::BTreeMap;

use ureq::http::Uri;

/// One request on the way.
#[derive(Debug, Clone)]
pub struct Hop {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Where to.
    pub url: String,
    /// Header fields by name.
    pub headers: BTreeMap<String, String>,
    /// Sent as it is.
    pub body: Vec<u8>,
}

/// Header fields that say nothing about whoever asks, in lower case: these go along to any host.
const HARMLESS: [&str; 6] =
    ["accept", "accept-encoding", "accept-language", "cache-control", "range", "user-agent"];

impl Hop {
    /// The request after an answer with `status` that leads to `location`; `None` when it is not followed.
    ///
    /// # Errors
    /// Why nothing can be asked there.
    pub fn next(&self, status: u16, location: &str) -> Result<Option<Self>, String> {
        let cannot = |why: &str| format!("it redirects to `{}`: {why}", super::without_password(location));
        let here: Uri = self.url.parse().map_err(|_| cannot("the request itself has no URL"))?;
        let url = resolved(&here, location).ok_or_else(|| cannot("that is no URL"))?;
        let there: Uri = url.parse().map_err(|_| cannot("that is no URL"))?;
        if !matches!(there.scheme_str(), Some("http" | "https")) {
            return Err(cannot("only http and https are asked"));
        }
        let keeps_method = matches!(status, 307 | 308) || matches!(self.method.as_str(), "GET" | "HEAD");
        if keeps_method && !self.body.is_empty() {
            return Ok(None);
        }
        let mut next = Self { url, body: Vec::new(), ..self.clone() };
        if !keeps_method {
            "GET".clone_into(&mut next.method);
            next.headers.retain(|name, _| !name.to_ascii_lowercase().starts_with("content-"));
        }
        if is_same_place(&here, &there) {
            next.url = with_credentials_of(&here, &there, next.url);
        } else {
            next.headers.retain(|name, _| HARMLESS.contains(&name.to_ascii_lowercase().as_str()));
        }
        Ok(Some(next))
    }
}

/// Whether what was meant for `here` may go `there`.
fn is_same_place(here: &Uri, there: &Uri) -> bool {
    let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
    let (from, to) = (origin(here), origin(there));
    host(here) == host(there) && (from == to || (from == ("http", 80) && to == ("https", 443)))
}

fn origin(uri: &Uri) -> (&str, u16) {
    match uri.scheme_str() {
        Some("https") => ("https", uri.port_u16().unwrap_or(443)),
        _ => ("http", uri.port_u16().unwrap_or(80)),
    }
}

/// The URL `there`, with the user and the password of `here` unless it has its own.
fn with_credentials_of(here: &Uri, there: &Uri, url: String) -> String {
    let credentials = |uri: &Uri| {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        authority.rsplit_once('@').map(|(credentials, _)| credentials.to_owned())
    };
    match (credentials(here), credentials(there), url.split_once("://")) {
        (Some(credentials), None, Some((scheme, rest))) => format!("{scheme}://{credentials}@{rest}"),
        _ => url,
    }
}

/// The URL that `location` means as a reference on the page `base`.
fn resolved(base: &Uri, location: &str) -> Option<String> {
    let location = location.split('#').next().unwrap_or_default();
    let (scheme, authority) = (base.scheme_str()?, base.authority()?.as_str());
    let has_scheme = location.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    if has_scheme {
        return Some(location.to_owned());
    }
    if let Some(rest) = location.strip_prefix("//") {
        return Some(format!("{scheme}://{rest}"));
    }
    let (path, query) = match location.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (location, None),
    };
    let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    let (path, query) = match path {
        "" => (base.path().to_owned(), query.or(base.query())),
        path if path.starts_with('/') => (without_dots(path), query),
        path => (without_dots(&format!("{folder}/{path}")), query),
    };
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{scheme}://{authority}{path}{query}"))
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    // What ends with a dot part is a folder.
    if matches!(path.rsplit('/').next(), Some("." | "..")) {
        parts.push("");
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(method: &str, url: &str, headers: &[&str], body: &str) -> Hop {
        let headers = headers.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
        Hop { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() }
    }

    fn leads_to(url: &str, location: &str) -> String {
        hop("GET", url, &[], "").next(302, location).unwrap().unwrap().url
    }

    #[test]
    fn a_location_is_read_as_a_reference() {
        for (location, url) in [
            ("/c", "http://h:1/c"),
            ("c", "http://h:1/a/c"),
            ("../c?x=1#y", "http://h:1/c?x=1"),
            ("./", "http://h:1/a/"),
            ("?x", "http://h:1/a/b?x"),
            ("", "http://h:1/a/b?q"),
            ("//other/c", "http://other/c"),
            ("https://other:2/c", "https://other:2/c"),
            ("a:b", ""),
        ] {
            let next = hop("GET", "http://h:1/a/b?q", &[], "").next(302, location);
            assert_eq!(next.map_or_else(|_| String::new(), |next| next.unwrap().url), url, "{location}");
        }
    }

    #[test]
    fn what_is_meant_for_one_place_goes_to_no_other() {
        let sent = ["Accept", "Authorization", "Cookie", "Host", "X-Api-Key"];
        for (from, to, goes_on) in [
            ("http://h:1/a", "/b", true),
            ("http://h:1/a", "http://H:1/b", true),
            ("http://h/a", "http://h:80/b", true),
            ("http://h/a", "https://h/b", true),
            ("https://h/a", "http://h/b", false),
            ("http://h:1/a", "https://h/b", false),
            ("http://h:1/a", "http://h:2/b", false),
            ("http://h/a", "http://h.example/b", false),
            ("http://h/a", "//g/b", false),
        ] {
            let next = hop("GET", from, &sent, "").next(302, to).unwrap().unwrap();
            let names: Vec<_> = next.headers.keys().map(String::as_str).collect();
            assert_eq!(names, if goes_on { &sent[..] } else { &sent[..1] }, "{from} -> {to}");
        }
    }

    #[test]
    fn a_password_in_the_url_stays_with_its_host() {
        assert_eq!(leads_to("http://me:secret@h/a", "/b"), "http://me:secret@h/b");
        assert_eq!(leads_to("http://me:secret@h/a", "http://h/b"), "http://me:secret@h/b");
        assert_eq!(leads_to("http://me:secret@h/a", "http://you:other@h/b"), "http://you:other@h/b");
        assert_eq!(leads_to("http://me:secret@h/a", "http://g/b"), "http://g/b");
    }

    #[test]
    fn a_body_is_not_sent_again() {
        let post = hop("POST", "http://h/a", &["Content-Type", "X-A"], "body");
        let next = post.next(303, "/b").unwrap().unwrap();
        assert_eq!((next.method.as_str(), next.body.len(), next.headers.len()), ("GET", 0, 1));
        assert!(post.next(307, "/b").unwrap().is_none());
        let put = hop("PUT", "http://h/a", &[], "");
        assert_eq!(put.next(308, "/b").unwrap().unwrap().method, "PUT");
    }

    #[test]
    fn what_cannot_be_asked_is_told() {
        let why = hop("GET", "http://h/a", &[], "").next(302, "ftp://me:secret@h/b").unwrap_err();
        assert_eq!(why, "it redirects to `ftp://h/b`: only http and https are asked");
    }
}
