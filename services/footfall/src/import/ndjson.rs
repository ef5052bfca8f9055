//! One event per line, as the collector accepts them. A line without `event_id` gets an id derived
//! from it, so that importing the file again changes nothing; a campaign given on the command line
//! is set where a line has none.

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
    let mut added = Vec::new();
    if let Some(name) = unset(&event, &["event_id", "message_id", "messageId"]) {
        added.push(format!(r#""{name}":"{id}""#));
    }
    if let Some(campaign) = campaign
        && let Some(name) = unset(&event, &["campaign_id", "promotion_id"])
    {
        added.push(format!(r#""{name}":"{campaign}""#));
    }
    // The line is sent as written: a number that is parsed and printed again may differ.
    match text.split_once('{') {
        Some((_, rest)) if !added.is_empty() => {
            let separator = if event.is_empty() { "" } else { "," };
            Ok(format!("{{{}{separator}{rest}", added.join(",")))
        }
        _ => Ok(text),
    }
}

/// Returns the name to set a field by, unless one of its names is set. A name with `null` is not
/// set, but is not used: a name must not occur twice.
fn unset<'a>(event: &Map<String, Value>, names: &[&'a str]) -> Option<&'a str> {
    let is_set = |name: &&str| event.get(*name).is_some_and(|value| !value.is_null());
    if names.iter().any(is_set) {
        return None;
    }
    names.iter().find(|name| !event.contains_key(**name)).or(names.first()).copied()
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

    #[test]
    fn an_id_or_a_campaign_that_is_null_counts_as_missing() {
        let text = r#"{"type":"page_view","event_id":null,"campaign_id":null}"#;
        let read = || -> events::Event {
            let row = rows(text.as_bytes(), Some("spring".parse().unwrap())).unwrap().next();
            let tenant = "acme".parse().unwrap();
            let noon = "2026-03-01T12:00:00Z".parse();
            let eur = "EUR".parse().unwrap();
            let admission = events::ParseContext::new(&tenant, eur, noon.unwrap());
            events::parse(row.unwrap().unwrap().as_bytes(), &admission).unwrap().event
        };
        let event = read();
        let again = read();
        assert_eq!(event.event_id, again.event_id);
        assert_eq!(event.campaign_id.unwrap().as_str(), "spring");
    }
}
