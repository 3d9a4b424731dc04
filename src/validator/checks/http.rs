//! `http`: an answer is as expected.

use std::time::{Duration, Instant};

use super::attributes::Attributes;
use super::{Answer, reading};
use crate::model::{DEFAULT_METHOD, Found, HttpCheck, MAX_REDIRECTS, Matcher, Spanned};
use crate::world::World;
use crate::world::http::{Client, HttpError, Identity, Read, Request};

/// More of a body is not read.
const LIMIT: u64 = 10 << 20;

pub fn ask(check: &HttpCheck, world: &World, timeout: Duration) -> Answer {
    let (read, took) = match read(check, world, timeout) {
        Ok(answered) => answered,
        Err(why) => return Answer::unknown(why),
    };
    too_many_redirections(check, &read).unwrap_or_else(|| held(check, &read, took))
}

/// What is answered, and how long that took.
///
/// # Errors
/// Why there is no answer.
pub(super) fn read(check: &HttpCheck, world: &World, timeout: Duration) -> Result<(Read, Duration), String> {
    let request = Request {
        headers: check.headers.clone(),
        body_limit: LIMIT,
        redirects: most(check),
        ..Request::new(check.method.as_deref().unwrap_or(DEFAULT_METHOD), &check.url, timeout)
    };
    let client = client(check, world)?;
    let began = Instant::now();
    let read = client.read(&request).map_err(|error| crate::in_words(&error))?;
    Ok((read, began.elapsed()))
}

fn most(check: &HttpCheck) -> u32 {
    check.redirects.map_or(MAX_REDIRECTS, |redirects| redirects.value)
}

/// The answer when there are more redirections than are followed.
pub(super) fn too_many_redirections(check: &HttpCheck, read: &Read) -> Option<Answer> {
    let most = most(check) as usize;
    if most == 0 || read.path.len() <= most {
        return None;
    }
    let expected = format!("an answer after at most {}", crate::counted(most, "redirection"));
    Some(Answer::no(expected, format!("one more: {}", read.path.join(" -> "))))
}

/// The client of the world, or one with certificates of its own.
fn client(check: &HttpCheck, world: &World) -> Result<Client, String> {
    if check.ca.is_none() && check.client.is_none() {
        return Ok(world.client.clone());
    }
    let file = |path: &Spanned<String>| reading::bytes_of(&world.folder.join(&path.value));
    let roots = check.ca.as_ref().map(file).transpose()?;
    let client = match &check.client {
        Some(client) => Some((file(&client.certificate)?, file(&client.key)?)),
        None => None,
    };
    let client = client.as_ref().map(|(certificate, key)| (certificate.as_slice(), key.as_slice()));
    Client::of(&Identity { roots: roots.as_deref(), client })
        .map_err(|why| format!("the certificates of this check: {why}"))
}

fn held(check: &HttpCheck, read: &Read, took: Duration) -> Answer {
    let mut found = Attributes::default();
    let status = check.status.clone().unwrap_or(Matcher::equals("200"));
    let what = match read.path.as_slice() {
        [] => "status".to_owned(),
        path => format!("status (by way of {})", path.join(" -> ")),
    };
    found.hold(Some(&status), &what, || read.status);
    for (name, matcher) in check.response_headers.iter() {
        found.hold(Some(matcher), &format!("header {}", name.value), || of_header(read, &name.value));
    }
    found.hold(check.seconds.as_ref(), "seconds", || {
        Found::number_or_text(&format!("{:.3}", took.as_secs_f64()))
    });
    if let Some(body) = &check.body {
        found.take(match &read.body {
            Ok(bytes) => Answer::of(body, "body", String::from_utf8_lossy(bytes).trim_end()),
            Err(error) => Answer::unknown(no_body(error)),
        });
    } else if let Err(error @ (HttpError::Timeout { .. } | HttpError::Unreachable { .. })) = &read.body {
        // Nobody asked for the body; an answer that breaks off is none all the same.
        found.take(Answer::unknown(crate::in_words(error)));
    }
    found.answer()
}

/// All fields of one name, as one; the names know no case.
fn of_header(read: &Read, name: &str) -> Found {
    let of_name = read.headers.iter().filter(|(one, _)| one.eq_ignore_ascii_case(name));
    let values: Vec<&str> = of_name.map(|(_, value)| value.as_str()).collect();
    if values.is_empty() { Found::Absent } else { values.join(", ").into() }
}

fn no_body(error: &HttpError) -> String {
    match error {
        HttpError::TooLarge { url, limit } => {
            format!("the body of {url} is truncated: it is larger than {}", crate::text::in_bytes(*limit))
        }
        other => crate::in_words(other),
    }
}
