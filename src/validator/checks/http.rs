//! `http`: an answer is as expected.

use std::time::Duration;

use super::Answer;
use crate::model::{DEFAULT_METHOD, HttpCheck, Matcher};
use crate::world::World;
use crate::world::http::Request;

/// More of a body is not read.
const LIMIT: u64 = 1 << 20;

pub fn ask(check: &HttpCheck, world: &World, timeout: Duration) -> Answer {
    let request = Request {
        headers: check.headers.clone(),
        body_limit: LIMIT,
        ..Request::new(check.method.as_deref().unwrap_or(DEFAULT_METHOD), &check.url, timeout)
    };
    let answer = match world.client.send(&request) {
        Ok(answer) => answer,
        Err(error) => return Answer::unknown(crate::in_words(&error)),
    };
    let status = check.status.clone().unwrap_or(Matcher::equals("200"));
    let of_status = Answer::of(&status, "status", answer.status);
    match &check.body {
        Some(body) => of_status.and(|| Answer::of(body, "body", answer.body.trim_end())),
        None => of_status,
    }
}
