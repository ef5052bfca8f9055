use std::collections::BTreeMap;

use crate::{ledger::Range, log::Event};

/// Objects, each put once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Archive {
    objects: BTreeMap<(u16, u64, u64), Vec<(u64, Event)>>,
}

impl Archive {
    /// Puts an object unless it is there; whether what is there now is this.
    pub(crate) fn put(&mut self, kgen: u16, range: &Range, records: Vec<(u64, Event)>) -> bool {
        let name = (kgen, *range.start(), *range.end());
        *self.objects.entry(name).or_insert_with(|| records.clone()) == records
    }

    pub(crate) fn object(&self, kgen: u16, range: &Range) -> Option<&[(u64, Event)]> {
        self.objects.get(&(kgen, *range.start(), *range.end())).map(Vec::as_slice)
    }
}
