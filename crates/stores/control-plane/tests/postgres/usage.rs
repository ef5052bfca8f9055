use std::{collections::BTreeMap, time::Duration};

use control_plane::UsageCount;

use crate::fixture::{Platform, id};

#[tokio::test]
async fn usage_adds_up_by_the_day_of_the_tenants_clock() {
    let platform = Platform::new().await;
    let count = |reports| UsageCount { reports, streams: Duration::from_millis(1_500 * reports) };
    // 23:30 in UTC is the next day in Warsaw.
    for (time, reports) in
        [("2026-03-01T12:00:00Z", 2), ("2026-03-01T12:00:10Z", 3), ("2026-03-01T23:30:00Z", 7)]
    {
        let counts = BTreeMap::from([(id("acme"), count(reports)), (id("nobody"), count(1))]);
        platform.control_plane.add_usage(&counts, time.parse().unwrap()).await.unwrap();
    }
    let days = "2026-03-01".parse().unwrap()..="2026-03-31".parse().unwrap();
    let found = platform.tenant("acme").await.usage(&days).await.unwrap();
    let expected = [("2026-03-01", count(5)), ("2026-03-02", count(7))];
    let expected = expected.map(|(day, count)| (day.parse().unwrap(), count));
    assert_eq!(found, BTreeMap::from(expected));
    assert_eq!(platform.admin().usage(&id("acme"), &days).await.unwrap(), found);
    assert!(platform.tenant("globex").await.usage(&days).await.unwrap().is_empty());
}
