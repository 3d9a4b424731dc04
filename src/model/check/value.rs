//! Values that only checks have.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::model::scalar::read_from_text;

/// A SHA-256 digest in hexadecimal digits, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sha256(pub String);

/// A SHA-512 digest in hexadecimal digits, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sha512(pub String);

fn hexadecimal(text: &str, n_digits: usize) -> Option<String> {
    let is_digest = text.len() == n_digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| text.to_ascii_lowercase())
}

impl FromStr for Sha256 {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hexadecimal(text, 64).map(Self).ok_or("expected 64 hexadecimal digits")
    }
}

impl FromStr for Sha512 {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hexadecimal(text, 128).map(Self).ok_or("expected 128 hexadecimal digits")
    }
}

/// A number of bytes, written as one number and one unit: `500MB`, `10GiB`, `1024`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// The units of a [`Size`], the longest names first, in bytes.
const UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected a whole number from 0 to 999999999999999, or one with a unit such as 500MB or 10GiB";
        let unit = UNITS.iter().find(|(name, _)| text.ends_with(name));
        let (digits, factor) =
            unit.map_or((text, 1), |(name, factor)| (&text[..text.len() - name.len()], *factor));
        if digits.is_empty() || digits.len() > 15 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(EXPECTED);
        }
        digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).map(Self).ok_or(EXPECTED)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&crate::text::in_bytes(self.0))
    }
}

/// A port with its protocol: `9090`, `tcp:9090`, `tcp6:9090`, `udp:53`, `udp6:53`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortSpec {
    /// What listens.
    pub protocol: Protocol,
    /// The number.
    pub number: u16,
}

/// What can listen on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP over IPv4 or IPv6.
    Tcp,
    /// TCP over IPv6.
    Tcp6,
    /// UDP over IPv4 or IPv6.
    Udp,
    /// UDP over IPv6.
    Udp6,
}

impl Protocol {
    /// All of them, by name.
    const ALL: [(&str, Self); 4] =
        [("tcp", Self::Tcp), ("tcp6", Self::Tcp6), ("udp", Self::Udp), ("udp6", Self::Udp6)];
}

impl FromStr for PortSpec {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a whole number from 1 to 65535, or one behind its protocol such as tcp:9090, tcp6:9090 or udp:53";
        let (protocol, number) = text.split_once(':').unwrap_or(("tcp", text));
        let (_, protocol) = Protocol::ALL.iter().find(|(name, _)| *name == protocol).ok_or(EXPECTED)?;
        let is_plain = (1..=5).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|number| is_plain && *number > 0).ok_or(EXPECTED)?;
        Ok(Self { protocol: *protocol, number })
    }
}

impl fmt::Display for PortSpec {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let name =
            Protocol::ALL.iter().find(|(_, one)| *one == self.protocol).map_or("tcp", |(name, _)| name);
        write!(f, "{name}:{}", self.number)
    }
}

read_from_text!(Sha256, "Sha256", "64 hexadecimal digits", {
    "type": "string",
    "pattern": "^[0-9A-Fa-f]{64}$",
    "patternErrorMessage": "expected 64 hexadecimal digits"
});
read_from_text!(Sha512, "Sha512", "128 hexadecimal digits", {
    "type": "string",
    "pattern": "^[0-9A-Fa-f]{128}$",
    "patternErrorMessage": "expected 128 hexadecimal digits"
});
read_from_text!(Size, "Size", "a number of bytes such as 500MB or 10GiB", {
    "type": ["string", "integer"],
    "pattern": "^[0-9]{1,15}(KiB|MiB|GiB|TiB|kB|MB|GB|TB|B)?$",
    "patternErrorMessage": "expected a whole number from 0 to 999999999999999, or one with a unit such as 500MB or 10GiB",
    "minimum": 0,
    "maximum": 999_999_999_999_999_u64,
    "examples": ["500MB", "10GiB"]
});
read_from_text!(PortSpec, "PortSpec", "a port such as 9090, tcp:9090 or udp:53", {
    "type": ["string", "integer"],
    "pattern": "^((tcp|udp)6?:)?(?!0+$)[0-9]{1,5}$",
    "patternErrorMessage": "expected a whole number from 1 to 65535, or one behind its protocol such as tcp:9090, tcp6:9090 or udp:53",
    "minimum": 1,
    "maximum": 65535,
    "examples": ["tcp:9090", "udp:53"]
});
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_one_unit_or_none() {
        for (text, bytes) in
            [("0", 0), ("10GiB", 10 << 30), ("5kB", 5_000), ("7B", 7), ("1TB", 1_000_000_000_000)]
        {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for wrong in ["", "GiB", "-1", "1.5GiB", "1 GiB", "1gib", "1K", "9999999999999999"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_port_is_tcp_unless_it_says_otherwise() {
        for (text, shown) in [("9090", "tcp:9090"), ("tcp6:1", "tcp6:1"), ("udp:65535", "udp:65535")] {
            assert_eq!(text.parse::<PortSpec>().unwrap().to_string(), shown);
        }
        for wrong in ["", "0", "65536", "tcp:", "sctp:1", "tcp:+1", "tcp:1:2"] {
            assert!(wrong.parse::<PortSpec>().is_err(), "{wrong}");
        }
    }
}
