//! `http`: one request.

use super::{Context, Done};
use crate::model::{DEFAULT_METHOD, HttpAction, Output};
use crate::world::http::Request;

/// More of an answer is not read.
const LIMIT: u64 = 1 << 20;

pub fn carry_out(action: &HttpAction, context: &Context) -> Done {
    let request = Request {
        headers: action.headers.clone(),
        body: action.body.clone().unwrap_or_default().into_bytes(),
        body_limit: LIMIT,
        ..Request::new(action.method.as_deref().unwrap_or(DEFAULT_METHOD), &action.url, context.timeout)
    };
    let answer = match context.world.client.send(&request) {
        Ok(answer) => answer,
        Err(error) => return Done::failed(crate::in_words(&error)),
    };
    let status = answer.status.to_string();
    let is_expected =
        action.status.as_ref().map_or((200..300).contains(&answer.status), |m| m.matches(answer.status));
    let output = kept(&answer.body, context);
    if is_expected {
        return Done { output, ..Done::well(format!("status {status}")) };
    }
    let expected = action.status.as_ref().map_or("200 to 299".to_owned(), ToString::to_string);
    Done { output, ..Done::failed(format!("expected status {expected}, found {status}")) }
}

fn kept(body: &str, context: &Context) -> Option<Output> {
    let mut capture = context.recording.begin();
    capture.take(body.as_bytes());
    capture.finish()
}
