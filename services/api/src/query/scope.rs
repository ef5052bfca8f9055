use metrics::{Dimension, DimensionTest, Filter, TextTest};
use tenancy::CampaignId;

use super::QueryRequest;

/// Limits a query to the events of some campaigns: those that the credential may see. Totals, others
/// and comparisons are then of these campaigns only.
pub(super) fn limited(request: &QueryRequest, campaigns: Option<&[CampaignId]>) -> QueryRequest {
    QueryRequest { events: within(request.events.clone(), campaigns), ..request.clone() }
}

/// Limits a filter to the events of some campaigns.
pub(crate) fn within(
    filter: Filter<DimensionTest>,
    campaigns: Option<&[CampaignId]>,
) -> Filter<DimensionTest> {
    let Some(campaigns) = campaigns else {
        return filter;
    };
    let names = campaigns.iter().map(|campaign| campaign.as_str().to_owned()).collect();
    let test = DimensionTest { dimension: Dimension::Campaign, test: TextTest::In(names) };
    Filter::All(vec![Filter::Test(test), filter])
}
