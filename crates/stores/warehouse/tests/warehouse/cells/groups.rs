use std::collections::BTreeSet;

use chrono_tz::Asia::Kolkata;
use events::{Event, EventType::AdClick};
use metrics::{Dimension, Distinct, Filter, TextTest};
use tenancy::Isolation;
use warehouse::{Advertisers, CellQuery, Keys};

use super::{TIME, clicks, expected, on, query, test, texts};
use crate::shop::{Shop, event};

#[tokio::test]
async fn events_are_grouped_and_filtered_by_any_dimensions() {
    let shop = Shop::open(Isolation::Schema).await;
    let click = || event(AdClick, TIME);
    shop.insert(
        0,
        vec![
            on("mobile", "DE", click()),
            on("mobile", "DE", click()),
            on("mobile", "AT", click()),
            on("desktop", "DE", click()),
            on("desktop'; --", "DE", click()),
            click(),
        ],
    )
    .await;
    let everything = Filter::EVERYTHING;
    let both = [Dimension::Device, Dimension::Country];
    assert_eq!(
        clicks(&shop, &query(&both, &everything)).await,
        expected([
            ("mobile/DE", 2),
            ("mobile/AT", 1),
            ("desktop/DE", 1),
            ("desktop'; --/DE", 1),
            ("/", 1)
        ])
    );
    let device = [Dimension::Device];
    let german = test(Dimension::Country, TextTest::In(texts(&["DE", "FR"])));
    let desktop = test(Dimension::Device, TextTest::StartsWith(texts(&["desk"])));
    let quoted = test(Dimension::Device, TextTest::Contains(texts(&["'; --"])));
    let neither = Filter::Not(Box::new(Filter::Any(vec![german.clone(), quoted.clone()])));
    let both = Filter::All(vec![german.clone(), desktop]);
    for (filter, cells) in [
        (&german, expected([("mobile", 2), ("desktop", 1), ("desktop'; --", 1)])),
        (&both, expected([("desktop", 1), ("desktop'; --", 1)])),
        (&quoted, expected([("desktop'; --", 1)])),
        (&neither, expected([("mobile", 1), ("", 1)])),
        (&Filter::Any(Vec::new()), expected([])),
    ] {
        assert_eq!(clicks(&shop, &query(&device, filter)).await, cells, "{filter:?}");
    }
    shop.close().await;
}

#[tokio::test]
async fn groups_can_be_chosen_or_left_out() {
    let shop = Shop::open(Isolation::Schema).await;
    let devices = ["mobile", "mobile", "tablet", "desktop", "desktop", "desktop"];
    let clicks_on = devices.map(|device| on(device, "DE", event(AdClick, TIME)));
    shop.insert(0, clicks_on.to_vec()).await;
    let by = [Dimension::Device];
    let chosen = [texts(&["mobile"]), texts(&["tablet"])];
    let everything = Filter::EVERYTHING;
    let all = query(&by, &everything);
    let only = CellQuery { keys: Keys::Only(&by, &chosen), ..all.clone() };
    assert_eq!(clicks(&shop, &only).await, expected([("mobile", 2), ("tablet", 1)]));
    let others = CellQuery { by: &[], keys: Keys::Except(&by, &chosen), ..all };
    assert_eq!(clicks(&shop, &others).await, expected([("", 3)]));
    shop.close().await;
}

#[tokio::test]
async fn an_advertiser_has_the_events_of_its_campaigns() {
    let shop = Shop::open(Isolation::Schema).await;
    let of = |campaign: &str, visitor: &str| Event {
        campaign_id: (!campaign.is_empty()).then(|| campaign.parse().unwrap()),
        visitor_id: Some(visitor.to_owned()),
        ..event(AdClick, TIME)
    };
    let campaigns = ["spring", "winter", "outlet", "house", ""];
    // Who clicks in two campaigns of an advertiser is one visitor of it.
    shop.insert(0, campaigns.map(|campaign| of(campaign, "ann")).to_vec()).await;
    let pairs = [("spring", "nova"), ("winter", "nova"), ("outlet", "orbit")];
    let advertisers: Advertisers = pairs
        .map(|(campaign, advertiser)| (campaign.parse().unwrap(), advertiser.parse().unwrap()))
        .into_iter()
        .collect();
    let everything = Filter::EVERYTHING;
    let by = [Dimension::Advertiser];
    let all = CellQuery { advertisers: Some(&advertisers), ..query(&by, &everything) };
    assert_eq!(clicks(&shop, &all).await, expected([("nova", 2), ("orbit", 1), ("", 2)]));
    let nova = test(Dimension::Advertiser, TextTest::In(texts(&["nova", "x"])));
    let by_campaign = [Dimension::Campaign];
    let own = CellQuery { by: &by_campaign, filter: &nova, ..all.clone() };
    assert_eq!(clicks(&shop, &own).await, expected([("spring", 1), ("winter", 1)]));
    let chosen = [texts(&["nova"])];
    let others = CellQuery { by: &[], keys: Keys::Except(&by, &chosen), ..all.clone() };
    assert_eq!(clicks(&shop, &others).await, expected([("", 3)]));
    let wanted = BTreeSet::from([Distinct::Visitors]);
    let reports = shop.warehouse.for_tenant(&shop.context);
    let visitors = reports.distinct_cells(&all, &wanted).await.unwrap();
    assert_eq!(visitors.totals[&texts(&["nova"])].visitors, 1);
    let unknown = CellQuery { advertisers: None, ..all };
    assert_eq!(clicks(&shop, &unknown).await, expected([("", 5)]));
    shop.close().await;
}

#[tokio::test]
async fn hours_and_weekdays_follow_the_clock_of_the_zone() {
    let shop = Shop::open(Isolation::Schema).await;
    // A Sunday evening in Berlin, a Monday morning in India.
    shop.insert(0, vec![event(AdClick, TIME)]).await;
    let by = [Dimension::HourOfDay, Dimension::DayOfWeek];
    let everything = Filter::EVERYTHING;
    assert_eq!(clicks(&shop, &query(&by, &everything)).await, expected([("23/7", 1)]));
    let india = CellQuery { zone: Kolkata, ..query(&by, &everything) };
    assert_eq!(clicks(&shop, &india).await, expected([("04/1", 1)]));
    shop.close().await;
}
