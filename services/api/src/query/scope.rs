use metrics::{Dimension, DimensionTest, Filter, TextTest};
use tenancy::CampaignId;

use super::QueryRequest;

/// Limits a query to the events of some campaigns: those that the credential may see. Totals, others
/// and comparisons are then of these campaigns only.
pub(super) fn limited(request: &QueryRequest, campaigns: Option<&[CampaignId]>) -> QueryRequest {
    let Some(campaigns) = campaigns else {
        return request.clone();
    };
    let names = campaigns.iter().map(|campaign| campaign.as_str().to_owned()).collect();
    let own =
        Filter::Test(DimensionTest { dimension: Dimension::Campaign, test: TextTest::In(names) });
    QueryRequest { events: Filter::All(vec![own, request.events.clone()]), ..request.clone() }
}
