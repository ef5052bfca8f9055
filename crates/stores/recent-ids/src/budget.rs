use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A limit of bytes in use, and the current use. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    limit: usize,
    used: Arc<AtomicUsize>,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: Arc::default() }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Returns whether the use exceeds the limit.
    pub(crate) fn is_over(&self) -> bool {
        !self.has_room_for(0)
    }

    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        self.used() + bytes <= self.limit
    }

    /// Counts bytes as in use until the charge is dropped.
    pub(crate) fn charge(&self, bytes: usize) -> Charge {
        let mut charge = Charge { used: Arc::clone(&self.used), bytes: 0 };
        charge.set(bytes);
        charge
    }
}

/// Bytes counted as in use.
#[derive(Debug)]
pub(crate) struct Charge {
    used: Arc<AtomicUsize>,
    bytes: usize,
}

impl Charge {
    /// Changes the number of bytes.
    pub(crate) fn set(&mut self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = bytes;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set(0);
    }
}
