use chrono::{DateTime, Utc};
use events::{EventType, Item};
use money::{Amount, Currency};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};
use tenancy::CampaignId;
use uuid::Uuid;

/// An event of which only the id is wanted: texts stay where they are.
///
/// Each field takes what the event's own takes, or less, and there are no others. So what can be
/// read as a sketch can be read as an event; of the rest this says nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields are there to be checked")]
pub(super) struct Sketch<'a> {
    pub(super) event_id: Uuid,
    r#type: EventType,
    #[serde(borrow)]
    event_time: Time<'a>,
    event_time_sent: Option<Time<'a>>,
    received_at: Time<'a>,
    visitor_id: Option<&'a str>,
    session_id: Option<&'a str>,
    customer_id: Option<&'a str>,
    campaign_id: Option<CampaignId>,
    ad_id: Option<&'a str>,
    creative_id: Option<&'a str>,
    placement: Option<&'a str>,
    page_type: Option<&'a str>,
    keyword: Option<&'a str>,
    cost: Option<Amount>,
    #[serde(default)]
    items: Vec<Item>,
    order_id: Option<&'a str>,
    revenue: Option<Amount>,
    currency: Option<Currency>,
    url: Option<&'a str>,
    referrer: Option<&'a str>,
    user_agent: Option<&'a str>,
    device: Option<&'a str>,
    country: Option<&'a str>,
    #[serde(default)]
    properties: Map<String, Value>,
}

/// A time in the form that we write, or any other that is one.
struct Time<'a>(#[expect(dead_code, reason = "checked when it is read")] &'a str);

impl<'de: 'a, 'a> Deserialize<'de> for Time<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        if !is_usual(text) {
            text.parse::<DateTime<Utc>>().map_err(D::Error::custom)?;
        }
        Ok(Self(text))
    }
}

/// Whether a time has the form that we write, on a day that every month has.
fn is_usual(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00.000Z";
    let fits = |(byte, form): (u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == *form,
    };
    let within = |place, most: &str| text.get(place).is_some_and(|digits| digits <= most);
    text.len() == FORM.len()
        && text.bytes().zip(FORM).all(fits)
        && within(5..7, "12")
        && within(8..10, "28")
        && within(11..13, "23")
        && within(14..16, "59")
        && within(17..19, "59")
        && text.get(5..7) != Some("00")
        && text.get(8..10) != Some("00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_a_sketch_does_not_check_leaves_the_word_to_the_event() {
        let id = Uuid::from_u128(7);
        let at = "2026-03-01T12:00:00.000Z";
        let known = format!(
            r#"{{"event_id":"{id}","type":"refund","event_time":"{at}","received_at":"{at}""#
        );
        let sketch =
            |text: &str| serde_json::from_str::<Sketch<'_>>(text).ok().map(|one| one.event_id);
        assert_eq!(sketch(&format!("{known}}}")), Some(id));
        assert_eq!(sketch(&format!(r#"{known},"new":1}}"#)), None);
    }
}
