use std::ops::Range;

/// An event's id.
pub(crate) type Id = u8;

/// An event that counts: the id, and in which log it came. A topic that was made anew remembers
/// nothing of the one before, so the same id counts again.
pub(crate) type Event = (u16, Id);

/// One partition of the log, and of all logs that the topic has been before.
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
    /// Which log the topic is now.
    pub(crate) fn number(&self) -> u16 {
        u16::try_from(self.logs.len() - 1).unwrap_or(u16::MAX)
    }

    /// One past the last offset of the log.
    pub(crate) fn end(&self) -> u64 {
        self.logs.last().map_or(0, |log| log.len() as u64)
    }

    pub(crate) fn append(&mut self, id: Id) {
        if let Some(log) = self.logs.last_mut() {
            log.push(id);
        }
    }

    /// The topic is deleted and made again.
    pub(crate) fn make_anew(&mut self) {
        self.logs.push(Vec::new());
    }

    /// The records of `range` that are no copies, as log `number` has them; what a log does not
    /// hold is left out.
    pub(crate) fn first_copies(&self, number: u16, range: Range<u64>) -> Vec<(u64, Event)> {
        let Some(log) = self.logs.get(usize::from(number)) else {
            return Vec::new();
        };
        let is_copy = |offset: usize, id: Id| log.iter().take(offset).any(|before| *before == id);
        log.iter()
            .enumerate()
            .filter(|(offset, _)| range.contains(&(*offset as u64)))
            .filter(|(offset, id)| !is_copy(*offset, **id))
            .map(|(offset, id)| (offset as u64, (number, *id)))
            .collect()
    }

    /// All records of `range`, copies too.
    pub(crate) fn records(&self, number: u16, range: Range<u64>) -> Vec<(u64, Event)> {
        let log = self.logs.get(usize::from(number)).into_iter().flatten();
        let records = log.enumerate().map(|(offset, id)| (offset as u64, (number, *id)));
        records.filter(|(offset, _)| range.contains(offset)).collect()
    }

    /// Everything that counts, of all logs, by log and offset.
    pub(crate) fn everything(&self) -> Vec<(u16, u64, Event)> {
        (0..=self.number())
            .flat_map(|number| {
                let copies = self.first_copies(number, 0..u64::MAX);
                copies.into_iter().map(move |(offset, event)| (number, offset, event))
            })
            .collect()
    }

    /// How many records each log has.
    pub(crate) fn lengths(&self) -> Vec<u64> {
        self.logs.iter().map(|log| log.len() as u64).collect()
    }
}
