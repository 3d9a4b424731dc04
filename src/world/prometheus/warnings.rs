//! What a server warns of although it answers: its answer may lack something, or not be what was meant.
//!
//! Source: the API of Prometheus, `warnings` beside `data`, and `infos` since version 3.0.

use std::sync::{Arc, Mutex, PoisonError};

use super::shortened;

/// So many different ones are kept.
const MOST: usize = 100;

/// One warning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The server, without password.
    pub url: String,
    /// What it was asked when it first warned of this: a query, or a path of its API.
    pub asked: String,
    /// What it says, in one line.
    pub text: String,
}

/// The warnings that were heard; all clones hear the same. Equal ones of a server are kept once, and 100 in all.
#[derive(Debug, Clone, Default)]
pub struct Warnings(Arc<Mutex<Vec<Warning>>>);

impl Warnings {
    /// All of them by now, ordered by server, question and text.
    pub fn heard(&self) -> Vec<Warning> {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        heard.sort();
        heard
    }

    /// What was heard, to stand behind what the answers come to; empty without a warning.
    pub fn in_words(&self) -> String {
        in_words(self.heard().into_iter().map(|warning| warning.text))
    }

    pub(super) fn hear(&self, url: &str, asked: &str, texts: &[String]) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for text in texts.iter().map(|text| shortened(text)) {
            let is_known = heard.iter().any(|known| known.url == url && known.text == text);
            if !is_known && heard.len() < MOST {
                heard.push(Warning { url: url.to_owned(), asked: shortened(asked), text });
            }
        }
    }
}

/// An answer that may lack something is not told as if it were whole.
pub(super) fn in_words(mut texts: impl ExactSizeIterator<Item = String>) -> String {
    let Some(first) = texts.next() else { return String::new() };
    let more = match texts.len() {
        0 => String::new(),
        n => format!(" and {} more", crate::counted(n, "warning")),
    };
    format!("; Prometheus warns: {}{more}", shortened(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_kept_once_and_their_number_is_bounded() {
        let warnings = Warnings::default();
        let clone = warnings.clone();
        clone.hear("http://a", "up", &["it\nlacks".to_owned()]);
        clone.hear("http://a", "down", &["it lacks".to_owned()]);
        let warning = Warning { url: "http://a".into(), asked: "up".into(), text: "it lacks".into() };
        assert_eq!(warnings.heard(), [warning]);
        let many: Vec<_> = (0..300).map(|n| n.to_string()).collect();
        clone.hear("http://a", "up", &many);
        assert_eq!(warnings.heard().len(), MOST);
    }
}
