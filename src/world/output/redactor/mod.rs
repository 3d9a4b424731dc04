//! Redaction: secrets are replaced by `[secret NAME]` before anything is stored or shown.
//!
//! 1. What is hidden does not depend on how the text is cut into pieces.
//! 2. Nothing here prints a secret, in no error and in no debug output.

mod forms;
mod hider;
mod patterns;

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

pub use forms::SHORTEST;
pub use hider::Hider;

use self::patterns::Patterns;

/// Knows secrets and hides them. Clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Every value that was ever known, with its name.
    secrets: Mutex<Vec<(String, SecretString)>>,
    patterns: RwLock<Option<Arc<Patterns>>>,
    /// Counts the changes of the patterns.
    version: AtomicU64,
}

/// A secret that cannot be hidden.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitSecret {
    /// It is too short.
    #[error(
        "it has {}, and a secret has at least {SHORTEST}: a shorter one cannot be hidden from what is shown and stored",
        crate::counted(*.0, "byte")
    )]
    TooShort(usize),
    /// There are too many secrets, or they are too long.
    #[error("there are more secrets than can be hidden")]
    TooMany,
}

impl Redactor {
    /// Hides `value` from now on, in every form of it.
    ///
    /// # Errors
    /// [`UnfitSecret`].
    pub fn add(&self, name: &str, value: &SecretString) -> Result<(), UnfitSecret> {
        let n_bytes = value.expose_secret().len();
        if n_bytes < SHORTEST {
            return Err(UnfitSecret::TooShort(n_bytes));
        }
        let mut secrets = self.0.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |(_, known): &(String, SecretString)| known.expose_secret() == value.expose_secret();
        if secrets.iter().any(is_known) {
            return Ok(());
        }
        secrets.push((name.to_owned(), value.clone()));
        let named = secrets.iter().map(|(name, value)| (name.as_str(), value.expose_secret()));
        let patterns = Patterns::new(named).map_err(|_| UnfitSecret::TooMany)?;
        *self.0.patterns.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(patterns));
        self.0.version.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// The text without secrets.
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(patterns) = self.patterns() else { return Cow::Borrowed(text) };
        if patterns.find(text.as_bytes(), 0..text.len()).is_none() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(String::from_utf8_lossy(&self.hidden(text.as_bytes())).into_owned())
    }

    /// The name of the first secret that stands in bytes, in whatever form of it.
    pub fn found_in(&self, bytes: &[u8]) -> Option<String> {
        let patterns = self.patterns()?;
        let found = patterns.find(bytes, 0..bytes.len())?;
        Some(patterns.name(found.pattern).to_owned())
    }

    /// How long the longest form of any secret is, in bytes.
    pub fn longest(&self) -> usize {
        self.patterns().map_or(0, |patterns| patterns.longest())
    }

    /// Takes the secrets out of a text.
    pub fn hide_in(&self, text: &mut String) {
        if let Cow::Owned(hidden) = self.hide(text) {
            *text = hidden;
        }
    }

    /// The same for bytes that may be no text.
    pub fn hide_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.patterns().is_none() { Cow::Borrowed(bytes) } else { Cow::Owned(self.hidden(bytes)) }
    }

    /// Takes the secrets out of every text in a value.
    pub fn hide_in_json(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => self.hide_in(text),
            serde_json::Value::Array(values) => values.iter_mut().for_each(|value| self.hide_in_json(value)),
            serde_json::Value::Object(map) => {
                let hidden = std::mem::take(map).into_iter().map(|(key, mut value)| {
                    self.hide_in_json(&mut value);
                    (self.hide(&key).into_owned(), value)
                });
                *map = hidden.collect();
            }
            serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
        }
    }

    /// Hides in bytes that come in pieces.
    pub fn hider(&self) -> Hider {
        Hider::new(self.clone())
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.version() == 0
    }

    fn hidden(&self, bytes: &[u8]) -> Vec<u8> {
        let mut hidden = Vec::with_capacity(bytes.len());
        let mut hider = self.hider();
        hider.push(bytes, &mut |piece| hidden.extend_from_slice(piece));
        hider.finish(&mut |piece| hidden.extend_from_slice(piece));
        hidden
    }

    fn patterns(&self) -> Option<Arc<Patterns>> {
        if self.is_empty() {
            return None;
        }
        self.0.patterns.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Redactor").field("version", &self.version()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_a_secret_is_not_copied() {
        let redactor = Redactor::default();
        assert!(matches!(redactor.hide("hunter2"), Cow::Borrowed("hunter2")));
        redactor.add("db", &"hunter2".into()).unwrap();
        assert!(matches!(redactor.hide("nothing"), Cow::Borrowed(_)));
        assert_eq!(redactor.hide("x hunter2 y"), "x [secret db] y");
    }

    #[test]
    fn a_secret_that_is_too_short_to_be_hidden_is_refused() {
        let error = Redactor::default().add("pin", &"123".into()).unwrap_err();
        assert!(error.to_string().starts_with("it has 3 bytes, and a secret has at least 4"), "{error}");
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let redactor = Redactor::default();
        redactor.add("db", &"hunter2".into()).unwrap();
        let mut hider = redactor.hider();
        hider.push(b"xhunter2", &mut |_| {});
        assert!(!format!("{redactor:?} {:?}", redactor.patterns()).contains("hunter"));
    }

    #[test]
    fn keys_and_texts_of_json_are_hidden() {
        let redactor = Redactor::default();
        redactor.add("db", &"hunter2".into()).unwrap();
        let mut value = serde_json::json!({"hunter2": ["a hunter2", 2]});
        redactor.hide_in_json(&mut value);
        assert_eq!(value, serde_json::json!({"[secret db]": ["a [secret db]", 2]}));
    }
}
