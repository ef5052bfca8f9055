use std::collections::{BTreeMap, BTreeSet};

use aggregates::{LiveDelta, ProductDelta};
use chrono::{DateTime, Utc};
use metrics::{QuarterHour, Sums, TimeRange};
use money::Quantity;
use tenancy::CampaignId;
use warehouse::{
    LogFrontier, QuarterSums, Rank, RankedProduct, SeenVisitor, TenantWarehouse, WarehouseError,
};

use super::portions::Portion;

/// Visitors in one script run.
const VISITORS_AT_ONCE: usize = 5_000;

/// What ClickHouse holds of one tenant's day before the chains start: by campaign, everything but
/// the visitors.
pub(super) type Base = BTreeMap<CampaignId, Vec<LiveDelta>>;

/// Reads the base of a range within one day of UTC.
pub(super) async fn base(
    reader: &TenantWarehouse,
    place: &LogFrontier,
    range: TimeRange,
) -> Result<Base, WarehouseError> {
    let mut sums = Vec::new();
    let mut portions = vec![Portion::whole(range)];
    while let Some(portion) = portions.pop() {
        match reader.sums_below(place, portion.range).await {
            Ok(found) => sums.extend(found),
            Err(error) => portions.extend(halves(portion.by_time(), error)?),
        }
    }
    let mut products = Vec::new();
    portions.extend((!sums.is_empty()).then_some(Portion::whole(range)));
    while let Some(portion) = portions.pop() {
        match reader.products_below(place, portion.range).await {
            Ok(found) => products.extend(found),
            Err(error) => portions.extend(halves(portion.by_time(), error)?),
        }
    }
    Ok(merge(sums, products))
}

/// What [`visitors`] found.
pub(super) enum Visitors {
    /// The visitors, in deltas of as many as one script run should take.
    Read(Vec<Vec<LiveDelta>>),
    /// There are too many for one query: these halves have to be read instead.
    Split([Portion; 2]),
}

/// Reads the visitors of a portion.
pub(super) async fn visitors(
    reader: &TenantWarehouse,
    place: &LogFrontier,
    portion: Portion,
) -> Result<Visitors, WarehouseError> {
    match reader.visitors_below(place, portion.range, portion.slice).await {
        Ok(found) => Ok(Visitors::Read(found.chunks(VISITORS_AT_ONCE).map(by_hour).collect())),
        Err(error) => Ok(Visitors::Split(halves(portion.by_time_or_slice(), error)?)),
    }
}

/// The halves to read instead, if the query was too expensive.
fn halves(
    halves: Option<[Portion; 2]>,
    error: WarehouseError,
) -> Result<[Portion; 2], WarehouseError> {
    match halves {
        Some(halves) if matches!(error, WarehouseError::TooExpensive(..)) => Ok(halves),
        _ => Err(error),
    }
}

fn merge(sums: Vec<QuarterSums>, products: Vec<RankedProduct>) -> Base {
    let mut quarters = BTreeMap::<CampaignId, BTreeMap<QuarterHour, Sums>>::new();
    for QuarterSums { campaign, quarter, sums } in sums {
        quarters.entry(campaign).or_default().entry(quarter).or_default().merge(&sums);
    }
    let mut pieces = BTreeMap::<CampaignId, BTreeMap<String, (u64, Quantity)>>::new();
    for RankedProduct { campaign, product_id, rank } in products {
        let (views, units) = pieces.entry(campaign).or_default().entry(product_id).or_default();
        match rank {
            Rank::Viewed(times) => *views += times,
            Rank::Sold(quantity) => *units += quantity,
        }
    }
    let deltas = |(campaign, quarters): (CampaignId, BTreeMap<_, _>)| {
        let mut products = pieces.remove(&campaign).unwrap_or_default();
        let deltas = quarters.into_iter().map(|(quarter, sums)| LiveDelta {
            campaign: campaign.clone(),
            quarter,
            sums,
            visitors: Vec::new(),
            // Rankings are by day: they belong to the first quarter hour.
            products: std::mem::take(&mut products)
                .into_iter()
                .map(|(product_id, (views, units))| ProductDelta { product_id, views, units })
                .collect(),
        });
        let deltas = deltas.collect();
        (campaign, deltas)
    };
    quarters.into_iter().map(deltas).collect()
}

fn by_hour(visitors: &[SeenVisitor]) -> Vec<LiveDelta> {
    let mut hours = BTreeMap::<(&CampaignId, DateTime<Utc>), BTreeSet<&String>>::new();
    for visitor in visitors {
        hours.entry((&visitor.campaign, visitor.hour)).or_default().insert(&visitor.visitor_id);
    }
    let delta = |((campaign, hour), visitors): ((&CampaignId, _), BTreeSet<&String>)| LiveDelta {
        campaign: campaign.clone(),
        quarter: QuarterHour::containing(hour),
        sums: Sums::default(),
        visitors: visitors.into_iter().cloned().collect(),
        products: Vec::new(),
    };
    hours.into_iter().map(delta).collect()
}
