//! Reads what each key saw and bought, and gives the credit.

use std::collections::BTreeSet;

use attribution::DateBasis;
use chrono::TimeDelta;
use metrics::{Buckets, Dimension};
use money::Currency;
use problem::{Code, Problem};
use tenancy::CampaignId;
use warehouse::{JourneyQuery, KeyJourney, Local, TenantWarehouse};

use super::{
    body::AttributionRequest,
    credits::{Places, RuleCredits},
    orders::{Names, Path, Refunds, Segments},
};
use crate::failure::Failure;

/// The most rows of an answer, of all rules together.
const MOST_ROWS: usize = 50_000;
/// The most pairs of a touch and an order line of one key: its credits are decided without a pause.
const LARGEST_KEY: usize = 5_000_000;

/// The credits of a request.
pub(super) struct Credited {
    pub(super) buckets: Buckets,
    /// The values of the dimensions, by the numbers in the credits.
    pub(super) segments: Segments,
    /// In the order of the rules.
    pub(super) rules: Vec<RuleCredits>,
    /// Orders without a key.
    pub(super) without_key: u64,
}

impl AttributionRequest {
    /// Reads the credits of a tenant whose currency is `home`, of the ads of the campaigns that the credential may
    /// see; the ads of others compete for it all the same. So do those for which `named_by` returns none: of an ad's
    /// values of the dimensions, it returns how many of the first ones name its row.
    ///
    /// # Errors
    /// There are too many rows, a key has too many ads and orders, the query is too expensive, or the cluster is
    /// unavailable.
    pub(super) async fn credited(
        &self,
        reader: &TenantWarehouse,
        campaigns: Option<&[CampaignId]>,
        home: Currency,
        named_by: impl Fn(&[String]) -> Option<usize> + Sync,
    ) -> Result<Credited, Failure> {
        let range = self.time.range;
        let longest = self.longest_window();
        let end = match self.basis {
            DateBasis::Interaction => range.to() + longest + TimeDelta::milliseconds(1),
            DateBasis::Conversion => range.to(),
        };
        let query = JourneyQuery {
            ordered: range.from()..end,
            touched_from: range.from() - longest,
            key: self.by.into(),
            by: match self.dimensions.as_slice() {
                // Each touch has its campaign anyway.
                [Dimension::Campaign] => &[],
                dimensions => dimensions,
            },
            local: Local { zone: self.time.zone, home },
        };
        let buckets = self.buckets();
        let places = Places { range, buckets: &buckets, basis: self.basis, named_by: &named_by };
        let (mut products, mut campaign_names) = (Names::default(), Names::default());
        let mut segments = Segments::default();
        let mut rules: Vec<_> = self.rules.iter().map(|_| RuleCredits::default()).collect();
        let mut refunds = Refunds::of(reader.refunds(range.from()).await?, home);
        let seen: Option<BTreeSet<&str>> =
            campaigns.map(|own| own.iter().map(CampaignId::as_str).collect());
        let is_seen = |campaign: &str| seen.as_ref().is_none_or(|own| own.contains(campaign));
        let mut allowed: Result<(), Problem> = Ok(());
        let each = |journey: KeyJourney| {
            // The rest is read without effect, so that what is kept does not grow.
            if allowed.is_err() {
                return;
            }
            if journey.touches.len().saturating_mul(journey.lines.len()) > LARGEST_KEY {
                let reason = "one key has too many ads and orders in it: ask for a shorter range, or by another key";
                let problem = Problem::new(Code::InvalidRange, "The report takes too long.");
                allowed = Err(problem.with_error("/time", reason));
                return;
            }
            let names = (&mut products, &mut campaign_names);
            let path = Path::read(&journey, names, is_seen, &mut refunds, home);
            for ((_, rule), credits) in self.rules.iter().zip(&mut rules) {
                credits.add(*rule, &path, &mut segments, &places);
            }
            allowed = rules.iter().try_for_each(|one| self.not_too_large(one.credits.len()));
        };
        let without_key = reader.journeys(&query, each).await?;
        allowed?;
        Ok(Credited { buckets, segments, rules, without_key })
    }

    /// Returns the buckets of its range.
    pub(super) fn buckets(&self) -> Buckets {
        self.time.granularity.buckets(self.time.range, self.time.zone)
    }

    /// Returns the longest time from an ad to an order under any of its rules.
    pub(super) fn longest_window(&self) -> TimeDelta {
        let longest = self.rules.iter().map(|(_, rule)| rule.longest_window()).max();
        TimeDelta::milliseconds(longest.unwrap_or_default())
    }

    /// Returns how many rows the answer of one rule has at most.
    pub(super) fn most_rows(&self) -> usize {
        MOST_ROWS / self.rules.len().max(1)
    }

    /// Checks that the answer of a rule does not have too many rows.
    ///
    /// # Errors
    /// It has.
    pub(super) fn not_too_large(&self, rows: usize) -> Result<(), Problem> {
        if rows <= self.most_rows() {
            return Ok(());
        }
        let (of_all, or_fewer) = match self.rules.len() {
            0 | 1 => ("", ""),
            _ => (" under all rules", ", or for fewer rules"),
        };
        let reason = format!(
            "would have more than {MOST_ROWS} rows with credit{of_all}: ask for coarser buckets, for other \
             dimensions or for a shorter range{or_fewer}"
        );
        Err(Problem::field("/time/granularity", reason))
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use chrono_tz::Tz;
    use metrics::Dimensions;
    use serde_json::json;

    use super::{super::body::AttributionBody, *};
    use crate::dimensions::Home;

    #[test]
    fn an_answer_with_more_rows_than_its_rules_may_have_is_refused() {
        let body = json!({"rules": [{}, {"model": "linear"}]});
        let body: AttributionBody = serde_json::from_value(body).unwrap();
        let home = Home { zone: Tz::UTC, dimensions: &Dimensions::BUILT_IN };
        let request = body.parse(home, Utc::now()).unwrap();
        assert_eq!(request.most_rows(), MOST_ROWS / 2);
        assert!(request.not_too_large(request.most_rows()).is_ok());
        let refused = request.not_too_large(request.most_rows() + 1).unwrap_err();
        assert!(refused.body("r").contains("or for fewer rules"), "{refused:?}");
    }
}
