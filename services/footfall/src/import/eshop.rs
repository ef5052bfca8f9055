//! UCI "Clickstream data for online shopping" (Lapczynski and Bialowas, CC BY 4.0): clicks in an
//! online shop for clothing, April to August 2008.
//!
//! | column | event |
//! |---|---|
//! | each row | one `product_view` |
//! | `year` `month` `day`, `order` | `event_time`: the data has dates only, so a click is dated 00:00 UTC of its day plus its number in the session, in seconds |
//! | `session ID` | `session_id`, and `visitor_id` (the data has no visitor ids) |
//! | `page 2 (clothing model)` | `items[0].product_id` |
//! | `page 1 (main category)` 1-4 | `items[0].category`: trousers, skirts, blouses, sale |
//! | `price` (US dollars) | `items[0].price`, `currency` USD |
//! | `country` 1-42 | `country`; 43-47 are endings of host names and set none |
//! | `location` 1-6 | `placement`: top-left … bottom-right |
//! | `colour`, `model photography`, `price 2`, `page`, `country` | `properties`: the colour by name, the others as written |
//!
//! The data has no ads: a campaign is set only if the command line names one.

use std::io::BufRead;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use csv::StringRecord;
use events::{EventType, Item};
use serde_json::Value;
use tenancy::CampaignId;

use super::{Identity, Row, RowError, csv_rows};
use crate::delivery::OutgoingEvent;

const HEADER: &[&str] = &[
    "year",
    "month",
    "day",
    "order",
    "country",
    "session ID",
    "page 1 (main category)",
    "page 2 (clothing model)",
    "colour",
    "location",
    "model photography",
    "price",
    "price 2",
    "page",
];

const CATEGORIES: &[&str] = &["trousers", "skirts", "blouses", "sale"];

const PLACES: &[&str] =
    &["top-left", "top-middle", "top-right", "bottom-left", "bottom-middle", "bottom-right"];

const COLOURS: &[&str] = &[
    "beige",
    "black",
    "blue",
    "brown",
    "burgundy",
    "gray",
    "green",
    "navy blue",
    "many colours",
    "olive",
    "pink",
    "red",
    "violet",
    "white",
];

/// By the numbers of the data, starting with 1; 12 is "unidentified".
const COUNTRIES: &[&str] = &[
    "AU", "AT", "BE", "VG", "KY", "CX", "HR", "CY", "CZ", "DK", "EE", "", "FO", "FI", "FR", "DE",
    "GR", "HU", "IS", "IN", "IE", "IT", "LV", "LT", "LU", "MX", "NL", "NO", "PL", "PT", "RO", "RU",
    "SM", "SK", "SI", "ES", "SE", "CH", "UA", "AE", "GB", "US",
];

pub(super) fn rows(
    source: impl BufRead + 'static,
    campaign: Option<CampaignId>,
) -> Result<Box<dyn Iterator<Item = Row>>, RowError> {
    let mut identity = Identity::of("eshop", campaign.as_ref().map(CampaignId::as_str));
    let records = csv_rows(source, b';', HEADER)?;
    Ok(Box::new(records.map(move |record| {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let event = event(&record, line, campaign.as_ref(), &mut identity);
        event.map(|event| event.line()).map_err(|reason| RowError::Wrong { line, reason })
    })))
}

fn event(
    record: &StringRecord,
    line: u64,
    campaign: Option<&CampaignId>,
    identity: &mut Identity,
) -> Result<OutgoingEvent, String> {
    let fields: Vec<&str> = record.iter().collect();
    let [
        year,
        month,
        day,
        order,
        country,
        session,
        category,
        model,
        colour,
        location,
        photography,
        price,
        above_mean,
        page,
    ] = fields.as_slice()
    else {
        return Err(format!("must have {} columns", HEADER.len()));
    };
    let year = number(year)?;
    let month = number(month)?;
    let day = number(day)?;
    let date = i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
    let midnight = date
        .ok_or_else(|| format!("{year}-{month}-{day} is not a date"))?
        .and_time(NaiveTime::MIN)
        .and_utc();
    let time = midnight + TimeDelta::seconds(i64::from(number(order)?));

    let id = identity.event_id(line, &fields.join(";"), "product_view");
    let mut event = OutgoingEvent::new(id, EventType::ProductView, time);
    let session = format!("session-{session}");
    event.visitor_id = Some(session.clone());
    event.session_id = Some(session);
    event.campaign_id = campaign.cloned();
    event.country = named(COUNTRIES, country)?;
    event.placement = named(PLACES, location)?;
    event.page_type = Some("category".to_owned());
    event.items = vec![Item {
        product_id: (*model).to_owned(),
        parent_sku: None,
        brand: None,
        category: named(CATEGORIES, category)?,
        quantity: money::Quantity::ONE,
        price: Some(price.parse().map_err(|error| format!("price {price:?} {error}"))?),
    }];
    event.currency = "USD".parse().ok();
    let mut property = |name: &str, value: Value| event.properties.insert(name.to_owned(), value);
    property("colour", named(COLOURS, colour)?.map_or(Value::Null, Value::from));
    property("country_code", Value::from(*country));
    property("photography", Value::from(*photography));
    property("above_mean_price", Value::from(*above_mean == "1"));
    property("page", Value::from(*page));
    Ok(event)
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("{text:?} must be a whole number"))
}

/// Returns the name of a number counted from 1; `None` for a number beyond the names.
fn named(names: &[&str], text: &str) -> Result<Option<String>, String> {
    let place = number(text)?.checked_sub(1);
    let name = place.and_then(|place| names.get(place as usize));
    Ok(name.filter(|name| !name.is_empty()).map(|name| (*name).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_product_view() {
        let text = "year;month;day;order;country;session ID;page 1 (main category);page 2 (clothing model);colour;location;model photography;price;price 2;page\n\
                    2008;4;1;3;29;1;2;B4;10;2;1;52;1;1\n\
                    2008;4;31;1;29;1;2;B4;10;2;1;52;1;1\n\
                    2008;8;13;1;44;9;4;P80;14;6;2;38;2;5\n";
        let rows: Vec<Row> = rows(text.as_bytes(), None).unwrap().collect();
        let event: Value = serde_json::from_str(rows[0].as_ref().unwrap()).unwrap();
        assert_eq!(event["type"], "product_view");
        assert_eq!(event["event_time"], "2008-04-01T00:00:03.000Z");
        assert_eq!(event["country"], "PL");
        assert_eq!(event["placement"], "top-middle");
        assert_eq!(event["items"][0]["category"], "skirts");
        assert_eq!(event["items"][0]["price"], "52.00");
        assert_eq!(event["properties"]["colour"], "olive");
        assert_eq!(rows[1].as_ref().unwrap_err().to_string(), "line 3: 2008-4-31 is not a date");
        let event: Value = serde_json::from_str(rows[2].as_ref().unwrap()).unwrap();
        assert_eq!(event.get("country"), None);
        assert_eq!(event.get("campaign_id"), None);
    }
}
