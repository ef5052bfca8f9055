use crate::DefinitionError;

/// A half-open range of time, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Span {
    /// The latest time of a definition, near the end of 2199.
    pub(crate) const LATEST: i64 = 230 * 365 * 86_400_000;

    /// Returns the range of all moments from `from` on and before `to`.
    ///
    /// # Errors
    /// The range is empty or reversed, or outside the years 1970 to 2200.
    pub const fn new(from: i64, to: i64) -> Result<Self, DefinitionError> {
        if from >= to {
            return Err(DefinitionError::Reversed);
        }
        if from < 0 || to > Self::LATEST {
            return Err(DefinitionError::OutOfReach);
        }
        Ok(Self { from, to })
    }

    /// Returns the first moment.
    pub const fn from(self) -> i64 {
        self.from
    }

    /// Returns the first moment after it.
    pub const fn to(self) -> i64 {
        self.to
    }

    /// Returns whether it contains `time`.
    pub const fn contains(self, time: i64) -> bool {
        self.from <= time && time < self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_contains_its_start_but_not_its_end() {
        let span = Span::new(10, 20).unwrap();
        assert_eq!((span.from(), span.to()), (10, 20));
        assert!(span.contains(10) && span.contains(19));
        assert!(!span.contains(9) && !span.contains(20));
    }

    #[test]
    fn an_empty_reversed_or_distant_span_is_refused() {
        assert_eq!(Span::new(5, 5), Err(DefinitionError::Reversed));
        assert_eq!(Span::new(6, 5), Err(DefinitionError::Reversed));
        assert_eq!(Span::new(-1, 5), Err(DefinitionError::OutOfReach));
        assert_eq!(Span::new(5, i64::MAX), Err(DefinitionError::OutOfReach));
    }
}
