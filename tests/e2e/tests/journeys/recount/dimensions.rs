//! The values that an event has of each dimension.

use std::borrow::Cow;

use chrono::Datelike;
use chrono_tz::Tz;

use super::sent::{Line, Sent};

/// Returns the value that an event as a whole has of a dimension.
pub(super) fn of_event<'a>(sent: &'a Sent, dimension: &str, zone: Tz) -> Cow<'a, str> {
    let local = || sent.time.with_timezone(&zone);
    match dimension {
        "campaign" => sent.text("campaign_id").into(),
        "advertiser" => advertiser(sent.text("campaign_id")).into(),
        "ad" => sent.text("ad_id").into(),
        "creative" => sent.text("creative_id").into(),
        "placement" | "page_type" | "keyword" | "device" | "country" => sent.text(dimension).into(),
        "referrer" => host(sent.text("referrer")).into(),
        "customer_type" => sent.customer_type.text().into(),
        "event_type" => sent.text("type").into(),
        "currency" => sent.currency().into(),
        "hour_of_day" => local().format("%H").to_string().into(),
        "day_of_week" => local().weekday().number_from_monday().to_string().into(),
        other => panic!("unknown dimension {other}: teach the recount"),
    }
}

/// Returns the value that an item has of a dimension of products.
pub(super) fn of_line<'a>(line: &'a Line, dimension: &str) -> &'a str {
    match dimension {
        "product" => &line.product,
        "brand" => &line.brand,
        "category" => &line.category,
        other => panic!("unknown dimension {other}: teach the recount"),
    }
}

/// Returns the advertiser of a campaign, as tenants are onboarded.
fn advertiser(campaign: &str) -> &'static str {
    if campaign == "spring" { "brand" } else { "" }
}

/// Returns the host of an address with a scheme, without `www`.
fn host(address: &str) -> &str {
    let (_, rest) = address.split_once("://").unwrap_or_default();
    let end = rest.find(['/', '?', '#', ':']).unwrap_or(rest.len());
    let host = &rest[..end];
    host.strip_prefix("www.").unwrap_or(host)
}
