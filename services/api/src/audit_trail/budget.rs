use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, SemaphorePermit};

/// How many refusals are written at once: other writers of the audit log wait for them.
const WRITERS: usize = 2;
/// How many are written in a second: the log is kept for good.
const PER_SECOND: u32 = 10;

/// What this process may write of refusals, however many networks ask.
pub(super) struct Budget {
    writers: Semaphore,
    second: Mutex<Second>,
}

/// A second, and how many were written in it.
struct Second {
    began: Instant,
    written: u32,
}

impl Budget {
    pub(super) fn new() -> Self {
        let second = Mutex::new(Second { began: Instant::now(), written: 0 });
        Self { writers: Semaphore::new(WRITERS), second }
    }

    /// Takes the place of one refusal, at `now`; none if there are too many.
    pub(super) fn take(&self, now: Instant) -> Option<SemaphorePermit<'_>> {
        let writer = self.writers.try_acquire().ok()?;
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(second.began) >= Duration::from_secs(1) {
            *second = Second { began: now, written: 0 };
        }
        if second.written == PER_SECOND {
            return None;
        }
        second.written += 1;
        Some(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_are_written_at_once_and_ten_in_a_second() {
        let budget = Budget::new();
        let now = Instant::now();
        let first = budget.take(now);
        let second = budget.take(now);
        assert!(first.is_some() && second.is_some());
        assert!(budget.take(now).is_none(), "two are being written");
        drop((first, second));
        assert_eq!((0..20).filter(|_| budget.take(now).is_some()).count(), 8);
        let later = now + Duration::from_secs(1);
        assert_eq!((0..20).filter(|_| budget.take(later).is_some()).count(), 10);
    }
}
