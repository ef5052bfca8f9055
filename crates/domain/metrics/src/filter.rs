use std::sync::Arc;

use crate::{Dimension, Membership};

/// A condition made of tests.
///
/// It holds or it does not: a test of a number that is not defined fails, and its negation holds. So a
/// filter and its negation select everything together, and nothing twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Filter<T> {
    /// All hold; true if there are none.
    All(Vec<Self>),
    /// At least one holds; false if there are none.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// A single test.
    Test(T),
}

/// A test of an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventTest {
    /// A test of its value in a dimension.
    Dimension(DimensionTest),
    /// Its visitor or customer belongs to a kept cohort.
    Member(Arc<Membership>),
}

/// A test of the value that an event has in a dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DimensionTest {
    /// The dimension.
    pub dimension: Dimension,
    /// What its value must be.
    pub test: TextTest,
}

/// A test of a text, by its bytes: upper and lower case differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextTest {
    /// It is one of these.
    In(Vec<String>),
    /// It begins with one of these.
    StartsWith(Vec<String>),
    /// It contains one of these.
    Contains(Vec<String>),
}

impl EventTest {
    /// Returns the dimension that it tests, if it tests one.
    pub fn dimension(&self) -> Option<&Dimension> {
        match self {
            Self::Dimension(test) => Some(&test.dimension),
            Self::Member(_) => None,
        }
    }

    /// Returns the cohort that it tests, if it tests one.
    pub fn membership(&self) -> Option<&Membership> {
        match self {
            Self::Dimension(_) => None,
            Self::Member(membership) => Some(membership),
        }
    }
}

impl From<DimensionTest> for EventTest {
    fn from(test: DimensionTest) -> Self {
        Self::Dimension(test)
    }
}

impl TextTest {
    /// Returns whether it holds for `text`.
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::In(texts) => texts.iter().any(|own| own == text),
            Self::StartsWith(texts) => texts.iter().any(|own| text.starts_with(own)),
            Self::Contains(texts) => texts.iter().any(|own| text.contains(own)),
        }
    }
}

impl<T> Filter<T> {
    /// The filter that selects everything.
    pub const EVERYTHING: Self = Self::All(Vec::new());

    /// Returns whether it holds, if `test` tells of each test whether it does.
    pub fn holds(&self, test: &impl Fn(&T) -> bool) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.holds(test)),
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(test)),
            Self::Not(filter) => !filter.holds(test),
            Self::Test(own) => test(own),
        }
    }

    /// Returns whether it selects everything because it tests nothing.
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::All(filters) if filters.iter().all(Self::is_everything))
    }

    /// Returns all its tests.
    pub fn tests(&self) -> Vec<&T> {
        match self {
            Self::All(filters) | Self::Any(filters) => {
                filters.iter().flat_map(Self::tests).collect()
            }
            Self::Not(filter) => filter.tests(),
            Self::Test(own) => vec![own],
        }
    }

    /// Converts each test.
    ///
    /// # Errors
    /// That of the first test that cannot be converted.
    pub fn try_map<U, E>(self, convert: &impl Fn(T) -> Result<U, E>) -> Result<Filter<U>, E> {
        let all = |filters: Vec<Self>| {
            filters.into_iter().map(|filter| filter.try_map(convert)).collect::<Result<_, _>>()
        };
        Ok(match self {
            Self::All(filters) => Filter::All(all(filters)?),
            Self::Any(filters) => Filter::Any(all(filters)?),
            Self::Not(filter) => Filter::Not(Box::new(filter.try_map(convert)?)),
            Self::Test(own) => Filter::Test(convert(own)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(number: u32) -> Filter<u32> {
        Filter::Test(number)
    }

    #[test]
    fn parts_combine_as_their_names_say() {
        let holds = |filter: Filter<u32>| filter.holds(&|number| number % 2 == 0);
        assert!(holds(Filter::All(vec![even(2), even(4)])));
        assert!(!holds(Filter::All(vec![even(2), even(3)])));
        assert!(holds(Filter::Any(vec![even(1), even(4)])));
        assert!(!holds(Filter::Any(Vec::new())));
        assert!(holds(Filter::EVERYTHING));
        assert!(Filter::<u32>::All(vec![Filter::EVERYTHING]).is_everything());
        assert!(!Filter::<u32>::Any(Vec::new()).is_everything());
        assert!(holds(Filter::Not(Box::new(even(3)))));
    }

    #[test]
    fn a_test_that_cannot_be_converted_is_the_error() {
        let filter = Filter::All(vec![even(2), Filter::Not(Box::new(even(3)))]);
        assert_eq!(filter.tests(), [&2, &3]);
        let halves = filter.try_map(&|number| match number % 2 {
            0 => Ok(number / 2),
            _ => Err(number),
        });
        assert_eq!(halves, Err(3));
    }
}
