//! The Open Bandit Dataset (Saito et al., arXiv 2008.07146): recommendations shown in a fashion
//! shop, read as the ads of one campaign.
//!
//! | column | event |
//! |---|---|
//! | `timestamp` (UTC, microseconds) | `event_time`, cut to milliseconds |
//! | each row | one `ad_impression` of the campaign |
//! | `click` = 1 | one more event, `ad_click`, at the same time |
//! | `item_id` | `ad_id` (`item-14`) and the product (`items[0].product_id`, the same) |
//! | `position` 1-3 | `placement` (`position-3`) |
//! | `user_feature_0..3` (hashes) | `visitor_id`: the data has no visitor ids, so people with the same features count as one |
//! | `propensity_score` | `properties.propensity_score`, as written |
//!
//! `page_type` is `home`: the recommendations were on the shop's front page.

use std::io::BufRead;

use chrono::{DateTime, Utc};
use csv::StringRecord;
use events::{EventType, Item};
use serde_json::Value;
use tenancy::CampaignId;

use super::{Identity, Row, RowError, csv_rows};
use crate::delivery::OutgoingEvent;

const HEADER: &[&str] = &[
    "timestamp",
    "item_id",
    "position",
    "click",
    "propensity_score",
    "user_feature_0",
    "user_feature_1",
    "user_feature_2",
    "user_feature_3",
];

pub(super) fn rows(
    source: impl BufRead + 'static,
    campaign: Option<CampaignId>,
) -> Result<Box<dyn Iterator<Item = Row>>, RowError> {
    let needed = || RowError::Unreadable("a campaign is required: pass --campaign".to_owned());
    let campaign = campaign.ok_or_else(needed)?;
    let mut identity = Identity::of("open-bandit", Some(campaign.as_str()));
    let records = csv_rows(source, b',', HEADER)?;
    Ok(Box::new(records.flat_map(move |record| match record {
        Ok(record) => match events(&record, &campaign, &mut identity) {
            Ok(events) => events.iter().map(|event| Ok(event.line())).collect(),
            Err(reason) => vec![Err(RowError::Wrong { line: line(&record), reason })],
        },
        Err(error) => vec![Err(error.into())],
    })))
}

fn events(
    record: &StringRecord,
    campaign: &CampaignId,
    identity: &mut Identity,
) -> Result<Vec<OutgoingEvent>, String> {
    let fields: Vec<&str> = record.iter().collect();
    let [timestamp, item, position, click, propensity, features @ ..] = fields.as_slice() else {
        return Err(format!("must have {} columns", HEADER.len()));
    };
    let time = DateTime::parse_from_str(timestamp, "%Y-%m-%d %H:%M:%S%.f%:z")
        .map_err(|_| {
            format!("timestamp {timestamp:?} must be like 2019-11-24 00:03:13.442536+00:00")
        })?
        .with_timezone(&Utc);
    let types: &[EventType] = match *click {
        "0" => &[EventType::AdImpression],
        "1" => &[EventType::AdImpression, EventType::AdClick],
        _ => return Err(format!("click {click:?} must be 0 or 1")),
    };
    let row = fields.join(",");
    let product_id = format!("item-{item}");
    let event = |event_type: &EventType| {
        let id = identity.event_id(line(record), &row, event_type.as_str());
        let mut event = OutgoingEvent::new(id, event_type.clone(), time);
        event.visitor_id = Some(features.join("-"));
        event.campaign_id = Some(campaign.clone());
        event.ad_id = Some(product_id.clone());
        event.placement = Some(format!("position-{position}"));
        event.page_type = Some("home".to_owned());
        event.items = vec![Item {
            product_id: product_id.clone(),
            parent_sku: None,
            brand: None,
            category: None,
            quantity: money::Quantity::ONE,
            price: None,
        }];
        event.properties.insert("propensity_score".to_owned(), Value::from(*propensity));
        event
    };
    Ok(types.iter().map(event).collect())
}

fn line(record: &StringRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Vec<Row> {
        rows(text.as_bytes(), Some("random-men".parse().unwrap())).unwrap().collect()
    }

    #[test]
    fn a_row_is_an_impression_and_a_clicked_row_also_a_click() {
        let text = "timestamp,item_id,position,click,propensity_score,user_feature_0,user_feature_1,user_feature_2,user_feature_3\n\
                    2019-11-24 00:03:13.442536+00:00,14,3,0,0.029,cef3,03a5,7bc9,9bde\n\
                    2019-11-24 00:04:00+00:00,7,1,1,0.029,cef3,03a5,7bc9,9bde\n";
        let events: Vec<Value> = read(text)
            .iter()
            .map(|row| serde_json::from_str(row.as_ref().unwrap()).unwrap())
            .collect();
        let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["ad_impression", "ad_impression", "ad_click"]);
        assert_eq!(events[0]["event_time"], "2019-11-24T00:03:13.442Z");
        assert_eq!(events[0]["placement"], "position-3");
        assert_eq!(events[0]["visitor_id"], "cef3-03a5-7bc9-9bde");
        assert_eq!(events[2]["event_time"], events[1]["event_time"]);
        assert_ne!(events[2]["event_id"], events[1]["event_id"]);
        assert_eq!(events[2]["campaign_id"], "random-men");
    }

    #[test]
    fn a_wrong_row_is_named_by_its_line_and_the_rest_is_read() {
        let text = "timestamp,item_id,position,click,propensity_score,user_feature_0,user_feature_1,user_feature_2,user_feature_3\n\
                    yesterday,14,3,0,0.029,cef3,03a5,7bc9,9bde\n\
                    2019-11-24 00:04:00+00:00,7,1\n\
                    2019-11-24 00:04:00+00:00,7,1,0,0.029,cef3,03a5,7bc9,9bde\n";
        let rows = read(text);
        assert!(rows[0].as_ref().unwrap_err().to_string().starts_with("line 2: timestamp"));
        assert!(rows[1].as_ref().unwrap_err().to_string().starts_with("line 3: "));
        assert!(rows[2].is_ok());
    }

    #[test]
    fn another_format_is_refused() {
        let error = rows("year;month\n".as_bytes(), Some("x".parse().unwrap())).err().unwrap();
        assert!(error.to_string().starts_with("the first line must be timestamp,item_id"));
    }
}
