//! Finds variables that resemble a setting but set nothing.

use std::collections::BTreeSet;

use crate::{
    SettingsError,
    tree::{Branch, PREFIX, Value, joined, variable_for},
};

/// The prefix of all variables of Footfall, including those of scripts and commands.
const COMMON_PREFIX: &str = "FOOTFALL_";

/// How similar a variable must be to a setting's name to count as misnamed, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.85;

/// The settings that exist.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Paths of structs' fields, sections and settings alike.
    pub(crate) fields: BTreeSet<String>,
    /// Paths of sections in which the user chooses the names.
    pub(crate) free: BTreeSet<String>,
}

impl Known {
    /// Adds every setting that has a default.
    pub(crate) fn add(&mut self, section: &Branch, above: &str) {
        for (name, node) in &section.0 {
            let key = joined(above, name);
            match &node.value {
                Value::Branch(below) => self.add(below, &key),
                _ => {
                    self.fields.insert(key);
                }
            }
        }
    }

    /// Returns an error for the first variable whose underscores differ from its setting's.
    ///
    /// Scripts and commands have variables with the same prefix: only a variable that resembles a
    /// setting is an error.
    pub(crate) fn misnamed<'a>(
        &self,
        mut names: impl Iterator<Item = &'a str>,
    ) -> Option<SettingsError> {
        let settings: Vec<_> = self.settings().map(|key| (words(key), key)).collect();
        names.find_map(|name| {
            let upper = name.to_ascii_uppercase();
            let meant = upper.strip_prefix(COMMON_PREFIX)?.to_ascii_lowercase();
            let right = self.exact(&words(&meant), &settings);
            // A variable with both underscores is read as a setting, which reports a wrong name.
            let right = right.or_else(|| match upper.starts_with(PREFIX) {
                true => None,
                false => nearest(&words(&meant), &settings),
            })?;
            let is_right = match right.split_once('<') {
                Some((section, _)) => upper.starts_with(section),
                None => upper == right,
            };
            (!is_right).then(|| SettingsError::Misnamed { variable: name.to_owned(), right })
        })
    }

    /// Returns the paths that are not sections.
    fn settings(&self) -> impl Iterator<Item = &str> {
        let is_section = |key: &str| {
            let below = format!("{key}.");
            self.free.contains(key) || self.fields.iter().any(|other| other.starts_with(&below))
        };
        self.fields.iter().map(String::as_str).filter(move |key| !is_section(key))
    }

    /// Returns the variable of the setting that has exactly these words.
    fn exact(&self, meant: &str, settings: &[(String, &str)]) -> Option<String> {
        if let Some((_, key)) = settings.iter().find(|(known, _)| known == meant) {
            return Some(variable_for(key));
        }
        let section = self.free.iter().find(|section| within(section, meant).is_some())?;
        Some(format!("{}__<NAME>__<SETTING>", variable_for(section)))
    }
}

/// Returns the variable of the most similar setting, in a section that matches exactly.
fn nearest(meant: &str, settings: &[(String, &str)]) -> Option<String> {
    let candidate = |(_, key): &(String, &'_ str)| {
        let (section, name) = key.rsplit_once('.')?;
        let similarity = strsim::jaro_winkler(within(section, meant)?, &words(name));
        (similarity >= MIN_SIMILARITY).then(|| (similarity, variable_for(key)))
    };
    let candidates = settings.iter().filter_map(candidate);
    let (_, right) = candidates.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    Some(right)
}

/// Returns the words of a path or of a variable's name, joined by `_`.
fn words(name: &str) -> String {
    let words: Vec<_> = name.split(['.', '-', '_']).filter(|word| !word.is_empty()).collect();
    words.join("_")
}

/// Returns the words that follow those of the section.
fn within<'a>(section: &str, meant: &'a str) -> Option<&'a str> {
    meant.strip_prefix(words(section).as_str())?.strip_prefix('_')
}
