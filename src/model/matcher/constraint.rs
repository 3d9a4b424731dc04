//! Ranges of semantic versions.

use std::cmp::Ordering;

use semver::{BuildMetadata, Prerelease, Version};

/// A range of semantic versions.
///
/// Comparisons that are written side by side, with blanks or commas between them, all have to hold; of parts with
/// `||` between them, one has to: `>=2.40.0 <3.0.0 || >=3.1.0`. A comparison is `>`, `>=`, `<`, `<=`, `=`, `==`, `!`,
/// `!=`, `^` or `~` and a version, of which parts may be left out or be `x` or `*`: `2.x` is every version 2, `>2.x`
/// every one from 3 on. `^1.2.3` allows what leaves the first number that is not 0 alone, `~1.2.3` what leaves the
/// first two alone.
///
/// A pre-release lies before its release, and within a range like any other version, as for Goss; build metadata is
/// not compared.
///
/// Source: Semantic Versioning 2.0.0, section 11 (precedence).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint(Vec<Vec<Comparison>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Comparison {
    /// From the first one on, up to and without the second one.
    Within(Option<Version>, Option<Version>),
    /// Anything but that.
    Outside(Option<Version>, Option<Version>),
    /// Precedence against one version.
    Against(Version, &'static [Ordering]),
}

const OPERATORS: [&str; 10] = [">=", "<=", "==", "!=", ">", "<", "=", "!", "^", "~"];

impl Constraint {
    /// Reads a range.
    ///
    /// # Errors
    /// What was expected, as a phrase.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split("||").map(|part| {
            let words = spaced(part);
            if words.is_empty() {
                return Err("expected a comparison such as `>=2.40.0`".to_owned());
            }
            words.iter().map(|word| comparison(word)).collect()
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a version lies within it.
    pub fn holds(&self, version: &Version) -> bool {
        self.0.iter().any(|all| all.iter().all(|comparison| comparison.holds(version)))
    }
}

impl Comparison {
    fn holds(&self, version: &Version) -> bool {
        let within = |from: &Option<Version>, to: &Option<Version>| {
            from.as_ref().is_none_or(|from| version.cmp_precedence(from).is_ge())
                && to.as_ref().is_none_or(|to| version.cmp_precedence(to).is_lt())
        };
        match self {
            Self::Within(from, to) => within(from, to),
            Self::Outside(from, to) => !within(from, to),
            Self::Against(other, orderings) => orderings.contains(&version.cmp_precedence(other)),
        }
    }
}

/// The comparisons of a part: an operator and its version may have blanks between them.
fn spaced(part: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in part.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
        match words.last_mut().filter(|last| OPERATORS.contains(&last.as_str())) {
            Some(operator) => operator.push_str(word),
            None => words.push(word.to_owned()),
        }
    }
    words
}

/// A version of which parts may be left out.
struct Partial {
    /// The parts that are there, from the left.
    numbers: Vec<u64>,
    /// The lowest version that it may mean.
    lowest: Version,
}

impl Partial {
    fn is_full(&self) -> bool {
        self.numbers.len() == 3
    }

    /// The lowest version above all that begin with the first `n` numbers; `None` when there is none.
    fn above(&self, n: usize) -> Option<Version> {
        let mut numbers = [0; 3];
        numbers[..n].copy_from_slice(self.numbers.get(..n)?);
        let last = numbers.get_mut(n.checked_sub(1)?)?;
        *last = last.checked_add(1)?;
        let [major, minor, patch] = numbers;
        // Nothing lies below `2.0.0-0` and above all of `1.x`.
        Some(Version { pre: Prerelease::new("0").ok()?, ..Version::new(major, minor, patch) })
    }

    /// How many numbers from the left a caret leaves alone.
    fn caret(&self) -> usize {
        let first = self.numbers.iter().position(|number| *number != 0);
        first.map_or(self.numbers.len(), |first| first + 1)
    }
}

fn comparison(word: &str) -> Result<Comparison, String> {
    let operator = OPERATORS.iter().find(|operator| word.starts_with(**operator)).copied().unwrap_or("");
    let version = partial(&word[operator.len()..])
        .ok_or_else(|| format!("expected a comparison such as `>=2.40.0`, found `{word}`"))?;
    let n = version.numbers.len();
    let next = version.above(n);
    let lowest = || version.lowest.clone();
    let any_of = || (n > 0).then(lowest);
    Ok(match (operator, version.is_full()) {
        ("" | "=" | "==", true) => Comparison::Against(lowest(), &[Ordering::Equal]),
        ("!" | "!=", true) => Comparison::Against(lowest(), &[Ordering::Less, Ordering::Greater]),
        (">", true) => Comparison::Against(lowest(), &[Ordering::Greater]),
        ("<=", true) => Comparison::Against(lowest(), &[Ordering::Less, Ordering::Equal]),
        ("" | "=" | "==", false) => Comparison::Within(any_of(), next),
        ("!" | "!=", false) if n > 0 => Comparison::Outside(any_of(), next),
        (">", false) if n > 0 => Comparison::Within(next, None),
        ("<=", false) if n > 0 => Comparison::Within(None, next),
        (">=", _) if n > 0 => Comparison::Within(Some(lowest()), None),
        ("<", _) if n > 0 => Comparison::Within(None, Some(lowest())),
        ("^", _) if n > 0 => Comparison::Within(Some(lowest()), version.above(version.caret())),
        ("~", _) if n > 0 => Comparison::Within(Some(lowest()), version.above(n.min(2))),
        _ => return Err(format!("expected a comparison such as `>=2.40.0`, found `{word}`")),
    })
}

fn partial(text: &str) -> Option<Partial> {
    let text = text.strip_prefix('v').unwrap_or(text);
    if let Ok(version) = Version::parse(text) {
        let numbers = vec![version.major, version.minor, version.patch];
        return Some(Partial { numbers, lowest: version });
    }
    let parts: Vec<_> = text.split('.').collect();
    let is_open = |part: &&str| matches!(*part, "x" | "X" | "*");
    let n = parts.iter().position(is_open).unwrap_or(parts.len());
    if parts.len() > 3 || !parts[n..].iter().all(is_open) || (n == 3 && parts.len() == 3) {
        return None;
    }
    let numbers = parts[..n].iter().map(|part| number(part)).collect::<Option<Vec<_>>>()?;
    let part = |place: usize| numbers.get(place).copied().unwrap_or(0);
    let lowest = Version::new(part(0), part(1), part(2));
    Some(Partial { numbers, lowest })
}

fn number(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    is_number.then(|| text.parse().ok()).flatten()
}

/// Reads a found text as a version, and says how when it is not written as one: `v2.40.1` and `2.40` are read, too.
///
/// # Errors
/// That it is none.
pub(super) fn version(text: &str) -> Result<(Version, Option<String>), String> {
    let text = text.trim();
    if let Ok(version) = Version::parse(text) {
        return Ok((version, None));
    }
    let bare = text.strip_prefix('v').unwrap_or(text);
    let version = Version::parse(bare).ok().or_else(|| {
        let is_complete = bare.split('.').all(|part| number(part).is_some());
        let partial = partial(bare).filter(|_| is_complete)?;
        Some(Version { build: BuildMetadata::EMPTY, ..partial.lowest })
    });
    let version =
        version.ok_or_else(|| format!("{} is no semantic version", super::found::quoted_lines(text)))?;
    let how = format!("`{text}` read as version {version}");
    Ok((version, Some(how)))
}
