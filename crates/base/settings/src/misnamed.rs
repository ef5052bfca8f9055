//! Variables that were meant to set something, and do not.

use std::collections::BTreeSet;

use crate::{
    SettingsError,
    tree::{Branch, PREFIX, Value, joined, variable_for},
};

/// What the names of all our variables begin with, those of scripts and commands included.
const OURS: &str = "FOOTFALL_";

/// How like a setting's name the rest of a variable must be to be meant as it, from 0 to 1.
const LIKENESS: f64 = 0.85;

/// The settings that there are.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Paths of structs' fields, sections and settings alike.
    pub(crate) fields: BTreeSet<String>,
    /// Paths of sections whose names are the user's to choose.
    pub(crate) free: BTreeSet<String>,
}

impl Known {
    /// Knows as well whatever has a default.
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

    /// The first variable that has underscores other than those of the setting it names.
    ///
    /// Scripts and commands have variables of the same beginning: only what resembles a setting is
    /// an error.
    pub(crate) fn misnamed<'a>(
        &self,
        mut names: impl Iterator<Item = &'a str>,
    ) -> Option<SettingsError> {
        let settings: Vec<_> = self.settings().map(|key| (words(key), key)).collect();
        names.find_map(|name| {
            let upper = name.to_ascii_uppercase();
            let meant = upper.strip_prefix(OURS)?.to_ascii_lowercase();
            let right = self.meant(&words(&meant), &settings);
            // Of a name with both underscores, reading it says what is wrong.
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

    /// What is no section.
    fn settings(&self) -> impl Iterator<Item = &str> {
        let is_section = |key: &str| {
            let below = format!("{key}.");
            self.free.contains(key) || self.fields.iter().any(|other| other.starts_with(&below))
        };
        self.fields.iter().map(String::as_str).filter(move |key| !is_section(key))
    }

    /// The variable that sets what exactly these words name.
    fn meant(&self, meant: &str, settings: &[(String, &str)]) -> Option<String> {
        if let Some((_, key)) = settings.iter().find(|(known, _)| known == meant) {
            return Some(variable_for(key));
        }
        let section = self.free.iter().find(|section| within(section, meant).is_some())?;
        Some(format!("{}__<NAME>__<SETTING>", variable_for(section)))
    }
}

/// The variable whose section these words name, and whose setting they nearly name.
fn nearest(meant: &str, settings: &[(String, &str)]) -> Option<String> {
    let like = |(_, key): &(String, &'_ str)| {
        let (section, name) = key.rsplit_once('.')?;
        let likeness = strsim::jaro_winkler(within(section, meant)?, &words(name));
        (likeness >= LIKENESS).then(|| (likeness, variable_for(key)))
    };
    let likely = settings.iter().filter_map(like);
    let (_, right) = likely.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    Some(right)
}

/// The words of a path or of a variable's name, whatever stands between them.
fn words(name: &str) -> String {
    let words: Vec<_> = name.split(['.', '-', '_']).filter(|word| !word.is_empty()).collect();
    words.join("_")
}

/// What follows the section's own words.
fn within<'a>(section: &str, meant: &'a str) -> Option<&'a str> {
    meant.strip_prefix(words(section).as_str())?.strip_prefix('_')
}
