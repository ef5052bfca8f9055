/// The moment that was chosen for a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The index of the moment among those of the key.
    pub position: usize,
    /// Its time in milliseconds since 1970.
    pub time: i64,
}

/// How far a key gets in a funnel: the moments of its deepest chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    entry: Reached,
    last: Reached,
    reached: Vec<Reached>,
    excluded: bool,
    open: bool,
}

/// Returns the attempt of a chain; none of an empty one.
pub(crate) fn from_search(
    reached: Vec<Reached>,
    excluded: bool,
    is_open: impl Fn(i64) -> bool,
) -> Option<Attempt> {
    let entry = *reached.first()?;
    let last = *reached.last()?;
    Some(Attempt { entry, last, reached, excluded, open: is_open(entry.time) })
}

impl Attempt {
    /// Returns the moment of each step that was reached, at least one.
    pub fn reached(&self) -> &[Reached] {
        &self.reached
    }

    /// Returns the number of steps that were reached: 1 to the number of the funnel's steps.
    pub const fn depth(&self) -> usize {
        self.reached.len()
    }

    /// Returns the moment of the first step.
    pub const fn entry(&self) -> Reached {
        self.entry
    }

    /// Returns the moment of the last step that was reached.
    pub const fn last(&self) -> Reached {
        self.last
    }

    /// Returns the milliseconds from the entry to the last step that was reached.
    pub const fn duration(&self) -> u64 {
        self.last.time.abs_diff(self.entry.time)
    }

    /// Returns whether the key would get further without the exclusions.
    pub const fn is_excluded(&self) -> bool {
        self.excluded
    }

    /// Returns whether the window of the entry was not over, so that the key may still get further.
    /// It is also true of an attempt that reached the last step within the window.
    pub const fn is_open(&self) -> bool {
        self.open
    }
}
