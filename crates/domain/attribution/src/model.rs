use std::str::FromStr;

use crate::{RuleError, decay::weight};

/// How a line is divided among its credited touches. The README gives the weights of each model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttributionModel {
    /// The last touch has all of it.
    LastTouch,
    /// The first touch has all of it.
    FirstTouch,
    /// Every touch has an equal part.
    Linear,
    /// The first and the last touch have 40 % each; the others share 20 % equally. Two touches have
    /// a half each, a single touch all of it.
    ///
    /// The shares are those of `GOOGLE_SEARCH_ATTRIBUTION_POSITION_BASED`, Google Ads API v17.
    Position,
    /// A touch has half the weight of one that is 7 days later: `2^(−age / 7 days)`, where the age is
    /// the order's time minus the touch's.
    ///
    /// The half-life is that of `GOOGLE_SEARCH_ATTRIBUTION_TIME_DECAY`, Google Ads API v17 ("1 week").
    TimeDecay,
}

impl AttributionModel {
    /// All models.
    pub const ALL: [Self; 5] =
        [Self::LastTouch, Self::FirstTouch, Self::Linear, Self::Position, Self::TimeDecay];

    /// The half-life of [`Self::TimeDecay`], in milliseconds: 7 days.
    pub const HALF_LIFE: i64 = 604_800_000;

    /// Returns its name in requests and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LastTouch => "last_touch",
            Self::FirstTouch => "first_touch",
            Self::Linear => "linear",
            Self::Position => "position",
            Self::TimeDecay => "time_decay",
        }
    }

    /// Returns the touches that have credit, of a line's touches in order.
    pub(crate) fn credited<T>(self, mut touches: impl DoubleEndedIterator<Item = T>) -> Vec<T> {
        match self {
            Self::LastTouch => touches.next_back().into_iter().collect(),
            Self::FirstTouch => touches.next().into_iter().collect(),
            Self::Linear | Self::Position | Self::TimeDecay => touches.collect(),
        }
    }

    /// Returns the weight of each credited touch, at least 1.
    ///
    /// `ages` are the milliseconds from each touch to the order, the first touch first.
    pub(crate) fn weights(self, ages: impl ExactSizeIterator<Item = i64>) -> Vec<u64> {
        match self {
            Self::LastTouch | Self::FirstTouch | Self::Linear => vec![1; ages.len()],
            Self::Position => position(ages.len()),
            Self::TimeDecay => ages.map(weight).collect(),
        }
    }
}

/// Returns 40 %, 20 % divided equally, and 40 %, as the least whole numbers.
fn position(touches: usize) -> Vec<u64> {
    let mut weights = vec![1; touches];
    let middle = touches.saturating_sub(2);
    if let (Ok(middle @ 1..), [first, .., last]) = (u64::try_from(middle), weights.as_mut_slice()) {
        *first = 2 * middle;
        *last = 2 * middle;
    }
    weights
}

impl FromStr for AttributionModel {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(RuleError::Model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_read_by_its_name() {
        for model in AttributionModel::ALL {
            assert_eq!(model.as_str().parse(), Ok(model));
        }
        assert_eq!("Linear".parse::<AttributionModel>(), Err(RuleError::Model));
    }

    #[test]
    fn the_ends_of_a_position_model_have_forty_percent_each() {
        assert_eq!(position(0), [0; 0]);
        assert_eq!(position(1), [1]);
        assert_eq!(position(2), [1, 1]);
        assert_eq!(position(3), [2, 1, 2]);
        assert_eq!(position(6), [8, 1, 1, 1, 1, 8]);
    }
}
