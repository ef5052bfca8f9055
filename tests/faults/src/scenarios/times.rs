use std::{collections::BTreeMap, time::Instant};

/// How long each part of a scenario took, at most: figures of its outcome.
#[derive(Default)]
pub(super) struct Times(pub(super) BTreeMap<String, f64>);

impl Times {
    /// Notes the time since `since`, in seconds, unless the part has taken longer before.
    pub(super) fn note(&mut self, name: &str, since: Instant) {
        let longest = self.0.entry(format!("{name}, s")).or_default();
        *longest = longest.max(since.elapsed().as_secs_f64());
    }
}
