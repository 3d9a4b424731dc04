//! The page for a browser and a printer: one file, no script, no network.

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;

use super::page::{Page, named_parts};

/// What all pages have in common.
const FRAME: &str = include_str!("frame.html");
const TEMPLATE: &str = include_str!("status.html");

/// A part of a sentence; a name stands out.
#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
    is_name: bool,
}

/// Formats `page`.
///
/// # Errors
/// When the template cannot be rendered.
pub fn format(page: &Page) -> Result<String, minijinja::Error> {
    render(TEMPLATE, page, context! {})
}

/// Renders a template that extends `frame.html` with `page` and what else it needs.
///
/// Everything that is put into it is escaped.
///
/// # Errors
/// When the template cannot be rendered.
pub fn render(template: &str, page: &Page, more: Value) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("parts", |text: &str| {
        let parts = named_parts(text).into_iter().enumerate();
        let parts: Vec<_> = parts.map(|(index, text)| Part { text, is_name: index % 2 == 1 }).collect();
        Value::from(Serde(&parts))
    });
    environment.add_template("frame.html", FRAME)?;
    environment.add_template("page.html", template)?;
    let made_by = concat!("mainstay ", env!("CARGO_PKG_VERSION"));
    let page = Value::from(Serde(page));
    environment.get_template("page.html")?.render(context! { page, made_by, ..more })
}
