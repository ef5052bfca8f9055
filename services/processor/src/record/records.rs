use std::{
    ops::{ControlFlow, Range},
    sync::Arc,
};

use log::Offset;
use stream::Entry;

use super::{Decoded, Entries, Fold};

/// Consecutive records of a partition, of which is known whether they are re-sends.
#[derive(Clone)]
pub(crate) struct Records {
    entries: Entries,
    /// Whether each of the entries is a re-send.
    resends: Arc<[bool]>,
    span: Range<usize>,
}

impl Records {
    /// Entries of which none is known to be a re-send.
    pub(crate) fn unchecked(entries: Entries) -> Self {
        let resends = entries.iter().map(|_| false).collect();
        Self { span: 0..entries.len(), entries, resends }
    }

    /// Makes one of the records a re-send.
    #[cfg(test)]
    pub(crate) fn mark_resend(&mut self, number: usize) {
        self.resends =
            self.resends.iter().enumerate().map(|(it, known)| *known || it == number).collect();
    }

    /// Reads the records, one after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Decoded<'_>> {
        let within = self.span.clone();
        let records = self.entries.iter().zip(&*self.resends).enumerate();
        records.skip(within.start).take(within.len()).map(|(number, (entry, resend))| Decoded {
            resend: *resend,
            ..Decoded::read(number, entry)
        })
    }

    /// The entries, also those outside of a part.
    pub(crate) fn entries(&self) -> &Entries {
        &self.entries
    }

    pub(crate) fn len(&self) -> usize {
        self.span.len()
    }

    pub(crate) fn resends(&self) -> u64 {
        let resends = self.resends.get(self.span.clone()).unwrap_or_default();
        resends.iter().filter(|resend| **resend).count() as u64
    }

    pub(crate) fn last(&self) -> Option<&Entry> {
        self.part().last()
    }

    /// The offset of the record in the middle.
    pub(crate) fn middle(&self) -> Option<Offset> {
        self.part().get(self.len() / 2).map(Entry::offset)
    }

    /// Those before an offset, and those from it on.
    pub(crate) fn split_at(&self, offset: Offset) -> (Self, Self) {
        let middle = self.part().partition_point(|entry| entry.offset() < offset);
        let middle = self.span.start + middle;
        let before = Self { span: self.span.start..middle, ..self.clone() };
        let after = Self { span: middle..self.span.end, ..self.clone() };
        (before, after)
    }

    fn part(&self) -> &[Entry] {
        self.entries.get(self.span.clone()).unwrap_or_default()
    }
}

/// Finds out which of some entries are re-sends.
pub(super) struct Resends {
    entries: Entries,
    resends: Vec<bool>,
}

impl Resends {
    pub(super) fn of(entries: Entries) -> Self {
        Self { resends: Vec::with_capacity(entries.len()), entries }
    }
}

impl Fold for Resends {
    type Output = Records;

    fn add(&mut self, record: &Decoded<'_>) -> ControlFlow<()> {
        self.resends.push(record.resend);
        ControlFlow::Continue(())
    }

    fn finish(self) -> Records {
        let Self { entries, resends } = self;
        Records { span: 0..resends.len(), entries, resends: resends.into() }
    }
}
