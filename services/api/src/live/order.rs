use problem::{Code, Problem};
use serde::Deserialize;
use tenancy::CampaignId;

use super::hub::MAX_NAMED;

/// What a client of a WebSocket asks for.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Order {
    /// Adds campaigns to the stream.
    Subscribe { campaigns: Vec<CampaignId> },
    /// Removes campaigns from the stream.
    Unsubscribe { campaigns: Vec<CampaignId> },
}

impl Order {
    /// Reads a message.
    ///
    /// # Errors
    /// It is no order, or names too many campaigns.
    pub(crate) fn read(text: &str) -> Result<Self, Problem> {
        let order: Self = serde_json::from_str(text).map_err(|error| {
            Problem::new(Code::MalformedRequest, format!("The message is not an order: {error}."))
        })?;
        let (Self::Subscribe { campaigns } | Self::Unsubscribe { campaigns }) = &order;
        if campaigns.len() > MAX_NAMED { Err(too_many()) } else { Ok(order) }
    }
}

/// Returns the problem of a stream that would have too many campaigns.
pub(crate) fn too_many() -> Problem {
    let detail = format!("A stream may have at most {MAX_NAMED} campaigns.");
    Problem::new(Code::InvalidField, detail)
}

/// Returns the problem of a client that subscribes too often, each time to a snapshot.
pub(crate) fn too_often() -> Problem {
    Problem::new(Code::RateLimited, "A client may subscribe once a second.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_an_action_and_campaigns() {
        let campaigns = vec!["a".parse().unwrap()];
        let order = Order::read(r#"{"action":"subscribe","campaigns":["a"]}"#).unwrap();
        assert_eq!(order, Order::Subscribe { campaigns: campaigns.clone() });
        let order = Order::read(r#"{"campaigns":["a"],"action":"unsubscribe"}"#).unwrap();
        assert_eq!(order, Order::Unsubscribe { campaigns });
        for wrong in [
            "",
            "[]",
            "\u{0}",
            r#"{"action":"subscribe"}"#,
            r#"{"action":"watch","campaigns":[]}"#,
            r#"{"action":"subscribe","campaigns":[""]}"#,
            r#"{"action":"subscribe","campaigns":[],"more":1}"#,
        ] {
            assert_eq!(Order::read(wrong).unwrap_err().code(), Code::MalformedRequest, "{wrong}");
        }
    }
}
