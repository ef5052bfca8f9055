//! One event a line, as the collector takes them. A line without `event_id` gets one derived from
//! it, so that importing the file again changes nothing; a campaign given on the command line is
//! set where a line names none.

use std::io::BufRead;

use serde_json::{Map, Value};
use tenancy::CampaignId;

use super::{Identity, Row, RowError};

pub(super) fn rows(
    source: impl BufRead + 'static,
    campaign: Option<CampaignId>,
) -> Result<Box<dyn Iterator<Item = Row>>, RowError> {
    let mut identity = Identity::of("ndjson", campaign.as_ref().map(CampaignId::as_str));
    let rows = (1..).zip(source.lines()).filter_map(move |(line, text)| match text {
        Ok(text) if text.trim().is_empty() => None,
        Ok(text) => Some(event(text, line, campaign.as_ref(), &mut identity)),
        Err(error) => Some(Err(error.into())),
    });
    Ok(Box::new(rows))
}

fn event(text: String, line: u64, campaign: Option<&CampaignId>, identity: &mut Identity) -> Row {
    let id = identity.event_id(line, &text, "event");
    let event: Map<String, Value> = serde_json::from_str(&text).map_err(|error| {
        RowError::Wrong { line, reason: format!("must be a JSON object: {error}") }
    })?;
    let has = |names: &[&str]| names.iter().any(|name| event.contains_key(*name));
    let (has_id, has_campaign) =
        (has(&["event_id", "message_id", "messageId"]), has(&["campaign_id", "promotion_id"]));
    let mut added = Vec::new();
    if !has_id {
        added.push(format!(r#""event_id":"{id}""#));
    }
    if let Some(campaign) = campaign.filter(|_| !has_campaign) {
        added.push(format!(r#""campaign_id":"{campaign}""#));
    }
    // What was written stays as it was written: a number read and printed again may differ.
    match text.split_once('{') {
        Some((_, rest)) if !added.is_empty() => {
            let separator = if event.is_empty() { "" } else { "," };
            Ok(format!("{{{}{separator}{rest}", added.join(",")))
        }
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_sent_as_it_is_unless_its_id_is_missing() {
        let text =
            "{\"event_id\":\"0197\",  \"type\":\"page_view\"}\n\n{\"type\":\"page_view\"}\n17\n";
        let read = || -> Vec<Row> { rows(text.as_bytes(), None).unwrap().collect() };
        let first = read();
        assert_eq!(first[0].as_ref().unwrap(), "{\"event_id\":\"0197\",  \"type\":\"page_view\"}");
        let event: Value = serde_json::from_str(first[1].as_ref().unwrap()).unwrap();
        assert!(event["event_id"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());
        assert_eq!(first[1].as_ref().unwrap(), read()[1].as_ref().unwrap());
        assert!(first[2].as_ref().unwrap_err().to_string().starts_with("line 4: must be a JSON"));
    }
}
