use std::collections::BTreeMap;

use crate::{ledger::Range, log::Event};

/// The objects of the archive; each is put once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Archive {
    objects: BTreeMap<(u16, u64, u64), Vec<(u64, Event)>>,
}

impl Archive {
    /// Puts an object if it is absent. Returns whether the stored object holds these records.
    pub(crate) fn put(
        &mut self,
        generation: u16,
        range: &Range,
        records: Vec<(u64, Event)>,
    ) -> bool {
        let name = (generation, *range.start(), *range.end());
        *self.objects.entry(name).or_insert_with(|| records.clone()) == records
    }

    pub(crate) fn object(&self, generation: u16, range: &Range) -> Option<&[(u64, Event)]> {
        self.objects.get(&(generation, *range.start(), *range.end())).map(Vec::as_slice)
    }
}
