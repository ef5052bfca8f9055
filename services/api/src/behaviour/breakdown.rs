use metrics::{Dimension, Dimensions, Level};
use problem::Problem;
use sequences::{BrokenDown, FunnelBreakdown, FunnelTotals};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::funnel::FunnelSeconds;
use crate::{query::names, reports::schemas::DimensionName};

const DEFAULT_TOP: u64 = 10;
/// The most values of an answer.
const MOST_SHOWN: u64 = 100;
/// The most values of a breakdown: the numbers of each are held until the others are added up.
const MOST_VALUES: usize = 100_000;

/// What a funnel is broken down by.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BreakdownBody {
    /// A dimension of the event of the first step; `product`, `brand` or `category` if it is `hold` as
    /// well.
    #[schema(value_type = DimensionName)]
    dimension: String,
    /// How many values: those with the most entries, 1 to 100. Default: 10.
    #[schema(minimum = 1, maximum = 100)]
    top: Option<u64>,
}

/// A valid breakdown.
#[derive(Clone, Debug)]
pub(super) struct Breakdown {
    pub(super) dimension: Dimension,
    top: usize,
}

/// A funnel by the values that a dimension has at the first step.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunnelByValue {
    /// The dimension.
    #[schema(example = "device")]
    dimension: String,
    /// The values with the most entries; of as many, the first by their bytes.
    pub(super) values: Vec<FunnelOfValue>,
    /// All other values together; `null` if there are none.
    pub(super) others: Option<FunnelNumbers>,
}

/// The funnel of the keys whose first step has a value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunnelOfValue {
    /// The value; empty for events that have none.
    #[schema(example = "mobile")]
    pub(super) value: String,
    #[serde(flatten)]
    pub(super) numbers: FunnelNumbers,
}

/// The numbers of a part of a funnel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunnelNumbers {
    /// The steps.
    pub(super) steps: Vec<ValueStep>,
    /// The share of entries that took the last step.
    pub(super) total_rate: Option<f64>,
    /// The seconds from the first step to the last, of those that took it.
    pub(super) seconds: Option<FunnelSeconds>,
    /// Entries that would have come farther without an excluded event.
    pub(super) excluded: u64,
    /// Entries whose window is not over.
    pub(super) open: u64,
}

/// A step of a part of a funnel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueStep {
    /// The type of the event.
    pub(super) event: String,
    /// How many took it: keys, or with `hold` pairs of a key and a value.
    pub(super) count: u64,
    /// The share of those that took the step before; `null` for the first step.
    pub(super) rate: Option<f64>,
}

impl BreakdownBody {
    /// Reads the breakdown of a funnel that holds a dimension, or none, by the dimensions `known`.
    ///
    /// # Errors
    /// A wrong field, and what would be correct.
    pub(super) fn parse(
        &self,
        hold: Option<&Dimension>,
        known: &Dimensions,
    ) -> Result<Breakdown, Problem> {
        let pointer = "/breakdown/dimension";
        let dimension = names::dimension(&self.dimension, known)
            .and_then(names::of_any_event)
            .map_err(|reason| Problem::field(pointer, reason))?;
        if dimension.level() == Level::Product && hold != Some(&dimension) {
            let reason =
                "is of single products, of which an event may have several: make it `hold` as well";
            return Err(Problem::field(pointer, reason));
        }
        let top =
            Some(self.top.unwrap_or(DEFAULT_TOP)).filter(|top| (1..=MOST_SHOWN).contains(top));
        let top = top.and_then(|number| usize::try_from(number).ok());
        let top = top.ok_or_else(|| {
            Problem::field("/breakdown/top", format!("must be 1 to {MOST_SHOWN}"))
        })?;
        Ok(Breakdown { dimension, top })
    }
}

impl Breakdown {
    /// Returns the answer; `names` are the types of the steps.
    ///
    /// # Errors
    /// There are too many values.
    pub(super) fn answer(
        &self,
        breakdown: FunnelBreakdown,
        names: &[String],
    ) -> Result<FunnelByValue, Problem> {
        if Self::is_too_large(&breakdown) {
            let reason = format!(
                "has more than {MOST_VALUES} values: choose another one, or fewer events by `filters`"
            );
            return Err(Problem::field("/breakdown/dimension", reason));
        }
        let BrokenDown { values, others } = breakdown.totals(self.top);
        let of_value = |(value, totals)| FunnelOfValue { value, numbers: numbers(names, totals) };
        Ok(FunnelByValue {
            dimension: self.dimension.as_str().to_owned(),
            values: values.into_iter().map(of_value).collect(),
            others: others.map(|totals| numbers(names, totals)),
        })
    }

    /// Returns whether a funnel has so many values that it will be refused.
    pub(super) fn is_too_large(breakdown: &FunnelBreakdown) -> bool {
        breakdown.values() > MOST_VALUES
    }
}

fn numbers(names: &[String], totals: FunnelTotals) -> FunnelNumbers {
    let rates = std::iter::once(None).chain(totals.step_rates);
    let steps = names.iter().zip(totals.counts).zip(rates);
    let step = |((event, count), rate): ((&String, u64), Option<f64>)| ValueStep {
        event: event.clone(),
        count,
        rate,
    };
    FunnelNumbers {
        steps: steps.map(step).collect(),
        total_rate: totals.total_rate,
        seconds: totals.times.map(FunnelSeconds::from),
        excluded: totals.excluded,
        open: totals.open,
    }
}
