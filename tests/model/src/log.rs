use std::ops::Range;

/// An event's id.
pub(crate) type Id = u8;

/// An event that counts: the number of its log, and its id. Each log has its own recent ids, so the
/// same id counts again after the topic was recreated.
pub(crate) type Event = (u16, Id);

/// One partition of the current log and of all earlier logs of the topic.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    logs: Vec<Vec<Id>>,
}

impl Default for Log {
    fn default() -> Self {
        Self { logs: vec![Vec::new()] }
    }
}

impl Log {
    /// Returns the number of the current log.
    pub(crate) fn number(&self) -> u16 {
        u16::try_from(self.logs.len() - 1).unwrap_or(u16::MAX)
    }

    /// Returns the offset after the last record of the log.
    pub(crate) fn end(&self) -> u64 {
        self.logs.last().map_or(0, |log| log.len() as u64)
    }

    pub(crate) fn append(&mut self, id: Id) {
        if let Some(log) = self.logs.last_mut() {
            log.push(id);
        }
    }

    /// Deletes and recreates the topic.
    pub(crate) fn recreate(&mut self) {
        self.logs.push(Vec::new());
    }

    /// Returns the records of `range` in log `number` that are not duplicates. Offsets that the log
    /// does not have are left out.
    pub(crate) fn first_copies(&self, number: u16, range: Range<u64>) -> Vec<(u64, Event)> {
        let Some(log) = self.logs.get(usize::from(number)) else {
            return Vec::new();
        };
        let is_duplicate =
            |offset: usize, id: Id| log.iter().take(offset).any(|earlier| *earlier == id);
        log.iter()
            .enumerate()
            .filter(|(offset, _)| range.contains(&(*offset as u64)))
            .filter(|(offset, id)| !is_duplicate(*offset, **id))
            .map(|(offset, id)| (offset as u64, (number, *id)))
            .collect()
    }

    /// Returns all records of `range` in log `number`, with duplicates.
    pub(crate) fn records(&self, number: u16, range: Range<u64>) -> Vec<(u64, Event)> {
        let log = self.logs.get(usize::from(number)).into_iter().flatten();
        let records = log.enumerate().map(|(offset, id)| (offset as u64, (number, *id)));
        records.filter(|(offset, _)| range.contains(offset)).collect()
    }

    /// Returns every event that counts, of all logs, by log and offset.
    pub(crate) fn everything(&self) -> Vec<(u16, u64, Event)> {
        (0..=self.number())
            .flat_map(|number| {
                let copies = self.first_copies(number, 0..u64::MAX);
                copies.into_iter().map(move |(offset, event)| (number, offset, event))
            })
            .collect()
    }

    /// Returns the number of records of each log.
    pub(crate) fn lengths(&self) -> Vec<u64> {
        self.logs.iter().map(|log| log.len() as u64).collect()
    }
}
