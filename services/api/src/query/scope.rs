use auth::CampaignScope;
use metrics::{Dimension, DimensionTest, Dimensions, EventTest, Filter, Metric, TextTest};
use problem::{Code, Problem};
use tenancy::CampaignId;

use super::QueryRequest;

/// Limits a query to the events of some campaigns: those that the credential may see. Totals, others
/// and comparisons are then of these campaigns only.
///
/// # Errors
/// The query is refused to credentials that may see only some campaigns.
pub(super) fn limited(
    request: &QueryRequest,
    campaigns: Option<&[CampaignId]>,
) -> Result<QueryRequest, Problem> {
    if campaigns.is_some() {
        permitted(request.needed(), request.used())?;
    }
    Ok(QueryRequest { events: within(request.events.clone(), campaigns), ..request.clone() })
}

/// Limits a filter to the events of some campaigns.
pub(crate) fn within(
    filter: Filter<EventTest>,
    campaigns: Option<&[CampaignId]>,
) -> Filter<EventTest> {
    let Some(campaigns) = campaigns else {
        return filter;
    };
    let names = campaigns.iter().map(|campaign| campaign.as_str().to_owned()).collect();
    let test = DimensionTest { dimension: Dimension::Campaign, test: TextTest::In(names) };
    Filter::All(vec![Filter::Test(test.into()), filter])
}

/// Returns the metrics that a credential may ask.
pub(crate) fn metrics(scope: &CampaignScope) -> Vec<Metric> {
    let may = |metric: &Metric| *scope == CampaignScope::All || !metric.depends_on_other_events();
    Metric::ALL.into_iter().filter(may).collect()
}

/// Returns those of a tenant's dimensions that a credential may ask.
pub(crate) fn dimensions(own: &Dimensions, scope: &CampaignScope) -> Vec<Dimension> {
    let may = |one: &Dimension| *scope == CampaignScope::All || !one.depends_on_first_orders();
    own.all().filter(may).collect()
}

/// Refuses what a credential that may see only some campaigns may not ask. A limit of events does not
/// limit a customer's first order, nor an earlier one of a brand: they may be of another campaign. The sales
/// of the whole shop are no number of its campaigns.
///
/// # Errors
/// The first such metric or dimension.
pub(crate) fn permitted<'a>(
    metrics: impl IntoIterator<Item = Metric>,
    dimensions: impl IntoIterator<Item = &'a Dimension>,
) -> Result<(), Problem> {
    let metrics = metrics.into_iter().filter(|metric| metric.depends_on_other_events());
    let dimensions = dimensions.into_iter().filter(|one| one.depends_on_first_orders());
    let metrics = metrics.map(|metric| -> &'a str { metric.as_str() });
    let mut names = metrics.chain(dimensions.map(Dimension::as_str));
    let Some(name) = names.next() else {
        return Ok(());
    };
    let detail = format!(
        "This credential may see only some campaigns, and `{name}` depends on events of others: ask \
         without it."
    );
    Err(Problem::new(Code::PermissionDenied, detail))
}
