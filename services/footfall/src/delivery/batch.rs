use std::collections::VecDeque;

/// The collector's limits for one request, with some bytes to spare.
const MAX_EVENTS: usize = 1_000;
const MAX_BYTES: usize = 1_000_000;

/// The events of one request, one JSON object each.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Batch {
    lines: Vec<String>,
    bytes: usize,
}

impl Batch {
    /// Adds an event, or returns it if it belongs into the next batch.
    pub(crate) fn add(&mut self, line: String, max_events: usize) -> Result<(), String> {
        let bytes = self.bytes + line.len() + 1;
        if !self.lines.is_empty() && (self.lines.len() >= max_events || bytes > MAX_BYTES) {
            return Err(line);
        }
        self.bytes = bytes;
        self.lines.push(line);
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns the body: one event per line.
    pub(crate) fn body(&self) -> String {
        let mut body = String::with_capacity(self.bytes);
        for line in &self.lines {
            body.push_str(line);
            body.push('\n');
        }
        body
    }

    /// Returns only the events at these positions.
    pub(crate) fn only(self, positions: &[usize]) -> Self {
        let mut positions = positions.iter().peekable();
        let selected = self.lines.into_iter().enumerate().filter_map(|(position, line)| {
            positions.next_if(|next| **next == position).map(|_| line)
        });
        Self::from_lines(selected.collect())
    }

    /// Splits the batch in two; `None` for a single event.
    pub(crate) fn halves(mut self) -> Option<[Self; 2]> {
        if self.lines.len() < 2 {
            return None;
        }
        let second = self.lines.split_off(self.lines.len() / 2);
        Some([Self::from_lines(self.lines), Self::from_lines(second)])
    }

    fn from_lines(lines: Vec<String>) -> Self {
        let bytes = lines.iter().map(|line| line.len() + 1).sum();
        Self { lines, bytes }
    }
}

/// Fills batches with the events that are added.
#[derive(Debug)]
pub(crate) struct Batches {
    max_events: usize,
    filling: Batch,
    full: VecDeque<Batch>,
}

impl Batches {
    /// Creates batches of at most `max_events`, and at most what a request may hold.
    pub(crate) fn of_at_most(max_events: usize) -> Self {
        let max_events = max_events.clamp(1, MAX_EVENTS);
        Self { max_events, filling: Batch::default(), full: VecDeque::new() }
    }

    pub(crate) fn add(&mut self, line: String) {
        if let Err(line) = self.filling.add(line, self.max_events) {
            self.full.push_back(std::mem::take(&mut self.filling));
            // An empty batch accepts any event.
            self.filling.add(line, self.max_events).ok();
        }
    }

    /// Returns the next full batch.
    pub(crate) fn next_full(&mut self) -> Option<Batch> {
        self.full.pop_front()
    }

    /// Returns the next batch, full or not.
    pub(crate) fn next_any(&mut self) -> Option<Batch> {
        let filling = &mut self.filling;
        let last = || (!filling.is_empty()).then(|| std::mem::take(filling));
        self.full.pop_front().or_else(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_ends_at_its_events_or_its_bytes() {
        let mut batches = Batches::of_at_most(2);
        for line in ["a", "b", "c"] {
            batches.add(line.to_owned());
        }
        assert_eq!(batches.next_full().unwrap().body(), "a\nb\n");
        assert_eq!(batches.next_full(), None);
        assert_eq!(batches.next_any().unwrap().body(), "c\n");
        assert_eq!(batches.next_any(), None);

        let mut batches = Batches::of_at_most(10);
        for _ in 0..3 {
            batches.add("x".repeat(600_000));
        }
        assert_eq!(batches.next_full().unwrap().len(), 1);
    }

    #[test]
    fn events_to_send_again_keep_their_order() {
        let batch = Batch::from_lines(["a", "b", "c", "d"].map(str::to_owned).to_vec());
        assert_eq!(batch.clone().only(&[1, 3]).body(), "b\nd\n");
        let [first, second] = batch.halves().unwrap();
        assert_eq!((first.body().as_str(), second.body().as_str()), ("a\nb\n", "c\nd\n"));
    }
}
