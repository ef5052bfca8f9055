//! The real samples: the API's numbers must be those of the file, counted here.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use chrono::{DateTime, TimeDelta, Utc};
use testkit::{Platform, Tenant, Tier};

pub(crate) const CAMPAIGNS: [&str; 3] = ["random-men", "bts-men", "random-women"];

/// Returns the path of a file of samples.
pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data").join(name)
}

/// Returns the path of the sample that is imported as this campaign.
pub(crate) fn sample(campaign: &str) -> PathBuf {
    data(&format!("open-bandit/{campaign}.csv.xz"))
}

/// Counts impressions and clicks by hour from the file.
fn counted(campaign: &str) -> BTreeMap<DateTime<Utc>, (u64, u64)> {
    let file = std::fs::File::open(sample(campaign)).unwrap();
    let mut rows = csv::Reader::from_reader(liblzma::read::XzDecoder::new(file));
    let headers = rows.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let timestamp = column("timestamp");
    let click = column("click");
    let mut hours = BTreeMap::<_, (u64, u64)>::new();
    for row in rows.records() {
        let row = row.unwrap();
        let at = DateTime::parse_from_str(&row[timestamp], "%Y-%m-%d %H:%M:%S%.f%:z").unwrap();
        let hour = DateTime::from_timestamp(at.timestamp() / 3_600 * 3_600, 0).unwrap();
        let of_hour = hours.entry(hour).or_default();
        of_hour.0 += 1;
        of_hour.1 += u64::from(&row[click] == "1");
    }
    hours
}

/// Reads the same from the API, checks that empty hours are in the answer, and removes them.
async fn reported(
    platform: &Platform,
    tenant: &Tenant,
    campaign: &str,
) -> BTreeMap<DateTime<Utc>, (u64, u64)> {
    let path = format!(
        "/v1/campaigns/{campaign}/metrics?granularity=hour&metrics=impressions,clicks\
         &from=2019-11-20T00:00:00Z&to=2019-12-05T00:00:00Z"
    );
    let answer = platform.get(&tenant.read_key, &path).await.expect(200).json();
    let series = answer["series"].as_array().unwrap();
    assert_eq!(series.len(), 15 * 24, "empty hours are in the answer");
    let hours: BTreeMap<DateTime<Utc>, (u64, u64)> = series
        .iter()
        .map(|bucket| {
            let number = |metric: &str| bucket[metric].as_u64().unwrap();
            let start = bucket["start"].as_str().unwrap().parse().unwrap();
            (start, (number("impressions"), number("clicks")))
        })
        .collect();
    let total = |pick: fn(&(u64, u64)) -> u64| hours.values().map(pick).sum::<u64>();
    assert_eq!(answer["totals"]["impressions"], total(|hour| hour.0));
    assert_eq!(answer["totals"]["clicks"], total(|hour| hour.1));
    hours.into_iter().filter(|(_, counts)| *counts != (0, 0)).collect()
}

/// Imports a sample with the command of a customer, with at most `rate` events a second.
pub(crate) async fn import(
    platform: &Platform,
    tenant: &Tenant,
    campaign: &str,
    rate: Option<&str>,
) {
    import_file(platform, tenant, "open-bandit", &sample(campaign), rate).await;
}

/// Imports a file of this format in the same way.
pub(crate) async fn import_file(
    platform: &Platform,
    tenant: &Tenant,
    format: &str,
    file: &Path,
    rate: Option<&str>,
) {
    let collector = platform.collector("");
    let file = file.to_str().unwrap();
    let mut arguments = vec!["import", "--format", format, "--key", &tenant.import_key];
    arguments.extend(["--collector", &collector]);
    arguments.extend(rate.iter().flat_map(|rate| ["--rate", rate]));
    arguments.push(file);
    platform.spawn(&arguments).ended().await;
}

/// Waits until all of a sample's impressions are counted.
pub(crate) async fn imported(platform: &Platform, tenant: &Tenant, campaign: &str) {
    let impressions = counted(campaign).values().map(|hour| hour.0).sum();
    platform
        .wait_for_count_in(
            tenant,
            campaign,
            "impressions",
            impressions,
            "2019-11-20T00:00:00Z",
            "2019-12-05T00:00:00Z",
        )
        .await;
}

/// Fails unless every hour equals the file.
pub(crate) async fn equals_the_file(platform: &Platform, tenant: &Tenant, campaign: &str) {
    assert_eq!(reported(platform, tenant, campaign).await, counted(campaign), "{campaign}");
}

#[tokio::test]
async fn every_hour_of_every_sample_equals_its_file_and_importing_twice_changes_nothing() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    for campaign in CAMPAIGNS {
        import(&platform, &tenant, campaign, None).await;
    }
    for campaign in CAMPAIGNS {
        imported(&platform, &tenant, campaign).await;
        equals_the_file(&platform, &tenant, campaign).await;
    }

    for campaign in CAMPAIGNS {
        import(&platform, &tenant, campaign, None).await;
    }
    // A marker after the second import: once it is counted, any duplicate would be, too.
    let marker = serde_json::json!(
        (0..64)
            .map(|_| serde_json::json!(
        {"type": "product_view", "campaign_id": "marker", "product_id": "m"}))
            .collect::<Vec<_>>()
    );
    platform.collect(&tenant.collect_key, &marker).await.expect(202);
    platform.wait_for_count(&tenant, "marker", "product_views", 64).await;
    tokio::time::sleep(TimeDelta::seconds(2).to_std().unwrap()).await;
    for campaign in CAMPAIGNS {
        equals_the_file(&platform, &tenant, campaign).await;
    }
}
