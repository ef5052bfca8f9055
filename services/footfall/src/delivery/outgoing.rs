use chrono::{DateTime, SecondsFormat, Utc};
use events::{EventType, Item};
use money::{Amount, Currency};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use tenancy::CampaignId;
use uuid::Uuid;

/// An event as a sender writes it, with the fields that importers and simulator use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct OutgoingEvent {
    pub(crate) event_id: Uuid,
    #[serde(rename = "type")]
    pub(crate) event_type: EventType,
    #[serde(serialize_with = "milliseconds")]
    pub(crate) event_time: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) visitor_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) campaign_id: Option<CampaignId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ad_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) placement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) page_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keyword: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cost: Option<Amount>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) items: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revenue: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) properties: Map<String, Value>,
}

impl OutgoingEvent {
    /// Creates an event with only its id, type and time.
    pub(crate) fn new(event_id: Uuid, event_type: EventType, event_time: DateTime<Utc>) -> Self {
        Self {
            event_id,
            event_type,
            event_time,
            visitor_id: None,
            session_id: None,
            customer_id: None,
            campaign_id: None,
            ad_id: None,
            placement: None,
            page_type: None,
            keyword: None,
            cost: None,
            items: Vec::new(),
            order_id: None,
            revenue: None,
            currency: None,
            device: None,
            country: None,
            properties: Map::new(),
        }
    }

    /// Returns the event as NDJSON, without the line end.
    pub(crate) fn line(&self) -> String {
        // Strings, numbers and maps with text keys always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn milliseconds<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
}
