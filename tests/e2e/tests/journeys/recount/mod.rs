//! Every metric by every dimension, in several zones and in every tier, is that of the events as they
//! were sent: the samples of `tests/data`, and a seeded set with carts, orders, refunds and three
//! currencies. The recount knows them from their files, and the formulas from `docs/reports.md`.

mod catalogue;
mod clock;
mod dimensions;
mod files;
mod sent;
mod shop;
mod shops;
mod table;

use std::ops::Range;

use chrono::{DateTime, Utc};
use chrono_tz::{America::Santiago, Asia::Kolkata, Australia::Lord_Howe, Europe::Berlin, Tz};
use futures::{StreamExt, stream};
use serde_json::json;

pub(crate) use catalogue::{Catalogue, Dimension, Metric};
pub(crate) use shop::{DAYS, EVENTS, requests};
pub(crate) use shops::Shops;

use crate::samples::{CAMPAIGNS, data, import, import_file};
use sent::Sent;
use table::{Table, answered, differences};

/// Hours of India begin at half past. The clocks of the others change within the days of the seeded
/// set: one skips an hour, one shows an hour twice, and one shows half an hour twice.
pub(crate) const ZONES: [Tz; 4] = [Kolkata, Berlin, Santiago, Lord_Howe];

/// The most metrics of a query.
const METRICS: usize = 20;
/// How many questions are asked of each tier at once: fewer than the queries that an api runs at once.
const AT_ONCE: usize = 2;
/// How many differences are shown.
const SHOWN: usize = 20;

/// Events in a range of time, and the length of its buckets.
struct View<'a> {
    events: &'a [Sent],
    range: Range<DateTime<Utc>>,
    granularity: &'static str,
}

/// Returns a range of time.
pub(crate) fn range([from, to]: [&str; 2]) -> Range<DateTime<Utc>> {
    from.parse().unwrap()..to.parse().unwrap()
}

#[tokio::test]
async fn every_metric_by_every_dimension_equals_a_recount_of_what_was_sent() {
    let shops = Shops::open().await;
    let requests = requests();
    shops.send(&requests).await;
    let seeded = Sent::read_once(&requests);
    shops.have_counted(&range(DAYS), seeded.len() as u64).await;

    for (_, tenant) in &shops.tenants {
        for campaign in CAMPAIGNS {
            import(&shops.platform, tenant, campaign, None).await;
        }
        import_file(&shops.platform, tenant, "eshop", &data(files::ESHOP), None).await;
    }
    let ads: Vec<_> = CAMPAIGNS.into_iter().flat_map(files::open_bandit).collect();
    let clicks = files::eshop();
    let of_ads = range(["2019-11-24T00:00:00Z", "2019-12-01T00:00:00Z"]);
    let of_clicks = range(["2008-04-01T00:00:00Z", "2008-08-14T00:00:00Z"]);
    shops.have_counted(&of_ads, ads.len() as u64).await;
    shops.have_counted(&of_clicks, clicks.len() as u64).await;

    let cut = range(["2025-03-29T06:15:00Z", "2025-04-06T20:45:00Z"]);
    let skipped_hour = range(["2025-03-29T22:00:00Z", "2025-03-30T04:00:00Z"]);
    let repeated_hours = range(["2025-04-05T12:00:00Z", "2025-04-06T06:00:00Z"]);
    let views = [
        View { events: &seeded, range: cut, granularity: "total" },
        View { events: &seeded, range: skipped_hour, granularity: "hour" },
        View { events: &seeded, range: repeated_hours, granularity: "hour" },
        View { events: &ads, range: of_ads, granularity: "day" },
        View { events: &clicks, range: of_clicks, granularity: "week" },
    ];
    let (_, tenant) = &shops.tenants[0];
    let catalogue = Catalogue::of(&shops.platform, tenant).await;
    let mut questions = Vec::new();
    for view in &views {
        for zone in ZONES {
            questions.push((view, zone, None));
            let by_each = catalogue.dimensions.iter().map(Some);
            questions.extend(by_each.map(|dimension| (view, zone, dimension)));
        }
    }
    stream::iter(questions)
        .for_each_concurrent(AT_ONCE, |(view, zone, dimension)| {
            agrees(&shops, view, zone, dimension, &catalogue)
        })
        .await;
}

/// Fails the test unless every tier answers as the recount: all metrics by a dimension, or without one.
async fn agrees(
    shops: &Shops,
    view: &View<'_>,
    zone: Tz,
    dimension: Option<&Dimension>,
    catalogue: &Catalogue,
) {
    let View { range, granularity, .. } = view;
    let table = Table::count(view, zone, dimension);
    let dimensions: Vec<_> = dimension.iter().map(|dimension| dimension.name.as_str()).collect();
    for metrics in catalogue.metrics_of(dimension).chunks(METRICS) {
        let expected = table.numbers(dimension, metrics);
        let body = json!({
            "metrics": metrics, "dimensions": dimensions, "limit": 1_000,
            "time": {"from": range.start, "to": range.end, "tz": zone.name(), "granularity": granularity},
        });
        for (tier, answer) in shops.ask_all(&body).await {
            let wrong = differences(&expected, &answered(&answer.json(), dimension));
            let shown = wrong[..wrong.len().min(SHOWN)].join("\n");
            let what = dimensions.join(", ");
            assert!(
                wrong.is_empty(),
                "{tier:?}, by {what} and {granularity}, {zone}: {} numbers differ\n{shown}\n{body}",
                wrong.len()
            );
        }
    }
}
