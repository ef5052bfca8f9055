use crate::{DefinitionError, Span};

/// Windows of one size at equal distances. A window is named by its end and does not contain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    ends: Span,
    size: i64,
    every: i64,
}

impl Windows {
    /// The greatest number of windows.
    pub const MAX: i64 = 10_000;

    /// Returns windows without overlap, of `size` milliseconds, from the start of `range` on.
    ///
    /// # Errors
    /// The size is not positive, or there are more than 10,000 windows.
    pub const fn tumbling(range: Span, size: i64) -> Result<Self, DefinitionError> {
        Self::sliding(range, size, size)
    }

    /// Returns windows of `size` milliseconds, one for every `every` milliseconds.
    ///
    /// The first ends `every` after the start of `range`, the last not after its end. So the first
    /// windows begin before the range if they overlap.
    ///
    /// # Errors
    /// The size is not positive, `every` is not between 1 and the size, or there are more than
    /// 10,000 windows.
    pub const fn sliding(range: Span, size: i64, every: i64) -> Result<Self, DefinitionError> {
        if size < 1 {
            return Err(DefinitionError::Size);
        }
        if every < 1 || every > size {
            return Err(DefinitionError::Every);
        }
        if (range.to - range.from) / every > Self::MAX {
            return Err(DefinitionError::TooManyWindows);
        }
        Ok(Self { ends: range, size, every })
    }

    /// Returns the windows, by ascending ends: at most 10,000.
    pub fn all(&self) -> Vec<Span> {
        let count = (self.ends.to - self.ends.from) / self.every;
        let ends = (1..=count).map(|number| self.ends.from + number * self.every);
        ends.map(|to| Span { from: to.saturating_sub(self.size), to }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range() -> Span {
        Span::new(1000, 1100).unwrap()
    }

    #[test]
    fn a_window_that_ends_after_the_range_is_left_out() {
        let ends = |windows: Windows| windows.all().iter().map(|one| one.to()).collect::<Vec<_>>();
        assert_eq!(ends(Windows::tumbling(range(), 30).unwrap()), [1030, 1060, 1090]);
        assert_eq!(ends(Windows::tumbling(range(), 100).unwrap()), [1100]);
        assert_eq!(ends(Windows::tumbling(range(), 101).unwrap()), [0; 0]);
    }

    #[test]
    fn windows_leave_no_gaps_and_are_not_too_many() {
        let sliding = |size, every| Windows::sliding(range(), size, every).unwrap_err();
        assert_eq!(sliding(0, 1), DefinitionError::Size);
        assert_eq!(sliding(30, 0), DefinitionError::Every);
        assert_eq!(sliding(30, 31), DefinitionError::Every);
        let long = Span::new(0, 10_001).unwrap();
        assert_eq!(Windows::tumbling(long, 1), Err(DefinitionError::TooManyWindows));
        let longest = Windows::tumbling(Span::new(0, 10_000).unwrap(), 1).unwrap();
        assert_eq!(longest.all().len(), 10_000);
    }
}
