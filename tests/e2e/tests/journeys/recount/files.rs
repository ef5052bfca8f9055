//! The samples of `tests/data`, as events: what each row means stands in `tests/data/README.md` and
//! in the tables of the importers.

use std::{collections::BTreeMap, fs::File, iter, path::Path};

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use liblzma::read::XzDecoder;
use serde_json::json;

use super::sent::Sent;
use crate::samples::{data, sample};

/// The file of the clicks in a shop.
pub(super) const ESHOP: &str = "eshop/clothing-2008.csv.xz";

const CATEGORIES: [&str; 4] = ["trousers", "skirts", "blouses", "sale"];
const PLACES: [&str; 6] =
    ["top-left", "top-middle", "top-right", "bottom-left", "bottom-middle", "bottom-right"];
/// Empty where the data names no country.
const COUNTRIES: [&str; 47] = [
    "AU", "AT", "BE", "VG", "KY", "CX", "HR", "CY", "CZ", "DK", "EE", "", "FO", "FI", "FR", "DE",
    "GR", "HU", "IS", "IN", "IE", "IT", "LV", "LT", "LU", "MX", "NL", "NO", "PL", "PT", "RO", "RU",
    "SM", "SK", "SI", "ES", "SE", "CH", "UA", "AE", "GB", "US", "", "", "", "", "",
];

/// The texts of a row, by the names of their columns.
type Row = BTreeMap<String, String>;

fn rows(path: &Path, delimiter: u8) -> impl Iterator<Item = Row> + use<> {
    let file = XzDecoder::new(File::open(path).unwrap());
    let reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(file);
    reader.into_deserialize::<Row>().map(Result::unwrap)
}

/// Returns the ads of a campaign: an impression for each row, and a click if the row has one.
pub(super) fn open_bandit(campaign: &str) -> Vec<Sent> {
    let events = rows(&sample(campaign), b',').flat_map(|row| {
        let features = ["user_feature_0", "user_feature_1", "user_feature_2", "user_feature_3"];
        let visitor = features.map(|feature| row[feature].as_str()).join("-");
        let item = format!("item-{}", row["item_id"]);
        let event = |event_type: &str| {
            Sent::read(&json!({
                "type": event_type,
                "event_time": row["timestamp"].replacen(' ', "T", 1),
                "visitor_id": visitor,
                "campaign_id": campaign,
                "ad_id": item,
                "placement": format!("position-{}", row["position"]),
                "page_type": "home",
                "items": [{"product_id": item}],
            }))
        };
        let click = (row["click"] == "1").then(|| event("ad_click"));
        iter::once(event("ad_impression")).chain(click)
    });
    events.collect()
}

/// Returns the clicks in a shop, each the view of a product.
pub(super) fn eshop() -> Vec<Sent> {
    let events = rows(&data(ESHOP), b';').map(|row| {
        let number = |column: &str| row[column].parse::<u32>().unwrap();
        let named = |names: &[&'static str], column: &str| names[number(column) as usize - 1];
        let year = i32::try_from(number("year")).unwrap();
        let date = NaiveDate::from_ymd_opt(year, number("month"), number("day")).unwrap();
        let midnight = date.and_time(NaiveTime::MIN).and_utc();
        Sent::read(&json!({
            "type": "product_view",
            "event_time": midnight + TimeDelta::seconds(number("order").into()),
            "visitor_id": format!("session-{}", row["session ID"]),
            "country": named(&COUNTRIES, "country"),
            "placement": named(&PLACES, "location"),
            "page_type": "category",
            "currency": "USD",
            "items": [{
                "product_id": row["page 2 (clothing model)"],
                "category": named(&CATEGORIES, "page 1 (main category)"),
                "price": row["price"],
            }],
        }))
    });
    events.collect()
}
