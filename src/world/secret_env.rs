//! Variables whose values are secret: they go to a process and nowhere else.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

/// Variables by name; the values are wiped from memory with it, and its debug output does not show them.
#[derive(Debug, Clone, Default)]
pub struct SecretEnv(BTreeMap<String, SecretString>);

impl SecretEnv {
    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: SecretString) {
        self.0.insert(name.to_owned(), value);
    }

    /// Names and values as a process gets them.
    pub fn exposed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.expose_secret()))
    }
}
