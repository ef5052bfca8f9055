//! One event per line, as the collector accepts them. A line without `event_id` gets an id derived
//! from it, so that importing the file again changes nothing; a campaign given on the command line
//! is set where a line has none.

use std::{borrow::Cow, fmt, io::BufRead};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use tenancy::CampaignId;

use super::{Identity, Row, RowError};

/// The names of the fields that a line may lack.
const IDS: [&str; 3] = ["event_id", "message_id", "messageId"];
const CAMPAIGNS: [&str; 2] = ["campaign_id", "promotion_id"];

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
    identity.begin(&text);
    let fields: Fields = serde_json::from_str(&text).map_err(|error| RowError::Wrong {
        line,
        reason: format!("must be a JSON object: {error}"),
    })?;
    let mut added = Vec::new();
    if let Some(name) = fields.unset(&IDS) {
        let id = identity.event_id(line, &text, "event");
        added.push(format!(r#""{name}":"{id}""#));
    }
    if let Some(campaign) = campaign
        && let Some(name) = fields.unset(&CAMPAIGNS)
    {
        added.push(format!(r#""{name}":"{campaign}""#));
    }
    // The line is sent as written: a number that is parsed and printed again may differ.
    match text.split_once('{') {
        Some((_, rest)) if !added.is_empty() => {
            let separator = if fields.is_empty { "" } else { "," };
            Ok(format!("{{{}{separator}{rest}", added.join(",")))
        }
        _ => Ok(text),
    }
}

/// Which of the fields that may be set a line has. Its other values are skipped, not kept: most
/// lines are sent as they are.
struct Fields {
    is_empty: bool,
    /// The names that occur, and whether they have a value.
    found: Vec<(&'static str, bool)>,
}

impl Fields {
    /// Returns the name to set a field by, unless one of its names is set. A name with `null` is not
    /// set, but is not used: a name must not occur twice.
    fn unset(&self, names: &[&'static str]) -> Option<&'static str> {
        let of = |name: &str| self.found.iter().rfind(|(found, _)| *found == name);
        if names.iter().any(|name| of(name).is_some_and(|(_, is_set)| *is_set)) {
            return None;
        }
        names.iter().find(|name| of(name).is_none()).or(names.first()).copied()
    }
}

/// A name, borrowed unless it has escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields { is_empty: true, found: Vec::new() };
                while let Some(Name(name)) = map.next_key()? {
                    let value: Option<IgnoredAny> = map.next_value()?;
                    fields.is_empty = false;
                    let known = IDS.iter().chain(&CAMPAIGNS).find(|known| **known == name);
                    fields.found.extend(known.map(|known| (*known, value.is_some())));
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

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
