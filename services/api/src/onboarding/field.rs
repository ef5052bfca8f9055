use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use problem::FieldError;

/// Collects the errors in the fields of one file.
#[derive(Default)]
pub(super) struct Fields {
    errors: Vec<FieldError>,
    /// The first pointer of each value that must be unique.
    seen: BTreeMap<(&'static str, String), String>,
}

impl Fields {
    /// Parses a text; adds a fault if that fails.
    pub(super) fn parse<T>(&mut self, pointer: &str, text: &str) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        text.parse().map_err(|error: T::Err| self.fault(pointer, error.to_string())).ok()
    }

    /// Adds a fault; `reason` states what would be correct.
    pub(super) fn fault(&mut self, pointer: &str, reason: impl Into<String>) {
        self.errors.push(FieldError { pointer: pointer.to_owned(), reason: reason.into() });
    }

    /// Adds a fault unless `right`.
    pub(super) fn must(&mut self, right: bool, pointer: &str, reason: &str) {
        if !right {
            self.fault(pointer, reason);
        }
    }

    /// As [`Self::parse`], for a type that keeps the text.
    pub(super) fn owned<T>(&mut self, pointer: &str, text: &str) -> Option<T>
    where
        T: TryFrom<String, Error: Display>,
    {
        text.to_owned()
            .try_into()
            .map_err(|error: T::Error| self.fault(pointer, error.to_string()))
            .ok()
    }

    /// Adds a fault if another `what` of the file has the same value.
    pub(super) fn once(&mut self, what: &'static str, pointer: &str, value: &str) {
        let key = (what, value.to_owned());
        match self.seen.get(&key).cloned() {
            Some(first) => {
                self.fault(pointer, format!("must be another {what} than {}", dotted(&first)));
            }
            None => {
                self.seen.insert(key, pointer.to_owned());
            }
        }
    }

    /// Returns the faults.
    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}

/// Returns a JSON pointer in dotted form: `/campaigns/1/id` is `campaigns[1].id`.
pub(super) fn dotted(pointer: &str) -> String {
    let mut text = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push_str(&format!("[{part}]"));
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(part);
        }
    }
    text
}
