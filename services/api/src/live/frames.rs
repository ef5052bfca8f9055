use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use metrics::{Additivity, Distincts, Metric, QuarterHour, QuarterSeries, Sums};
use money::Currency;
use problem::Problem;
use serde::Serialize;
use tenancy::CampaignId;
use web::web_socket;

use super::places::Place;
use crate::reports::{Currencies, Values};

/// The first line of a stream: how long a client waits before it reconnects.
pub(crate) const BEGINNING: &str = "retry: 2000\n\n";
/// A first line, and that what the client received earlier may lack changes.
pub(crate) const BEGINNING_AND_RESET: &str = "retry: 2000\n\nevent: reset\ndata: {}\n\n";
/// Earlier frames may lack changes: a snapshot follows.
pub(crate) const RESET: &str = "event: reset\ndata: {}\n\n";
/// The same, as a message of a WebSocket.
const RESET_MESSAGE: &str = "{\"event\":\"reset\",\"data\":{}}";
/// A comment, so that proxies and clients see that the stream is open.
pub(crate) const HEARTBEAT: &str = ": heartbeat\n\n";
/// Why a stream ends: the credential has expired. Connect again with a new one.
pub(crate) const EXPIRED: &str = "token_expired";
/// Why a stream ends: the credential may no longer see a campaign.
pub(crate) const REVOKED: &str = "revoked";

/// A frame for many clients. Only its `id:` differs between them: that of a ticket is signed.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// What precedes the frame.
    before: &'static str,
    /// The place from which a client resumes that has received the frame. Without an id, it resumes
    /// from the last id that it received.
    id: Option<Place>,
    /// The name and the data of the event; `None` where the frame only begins a stream.
    event: Option<(&'static str, Bytes)>,
}

/// Bytes for a client: a chunk of an HTTP/1.1 body, or frames of a WebSocket.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    bytes: Bytes,
    /// The place of the contents.
    contents: Range<usize>,
}

/// A client of a WebSocket has asked for something that it does not get.
#[derive(Debug, Serialize)]
struct Refusal<'a> {
    code: &'static str,
    detail: &'a str,
}

/// The end of a body in chunks.
pub(crate) const LAST_CHUNK: &str = "0\r\n\r\n";

const CHUNK_END: &str = "\r\n";

/// The whole state, with which a stream begins.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot<'a> {
    pub(crate) campaign_id: &'a CampaignId,
    /// The tenant's time zone, in which today began.
    pub(crate) tz: &'static str,
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// The currency of the amounts: the tenant's own.
    pub(crate) currency: Currency,
    /// Other currencies of the events: only `by_currency` contains their amounts.
    pub(crate) other_currencies: Vec<Currency>,
    pub(crate) today: Today,
    pub(crate) buckets: Vec<Bucket>,
}

/// Today's totals: the sums of the buckets from `from` on, and their ratios.
#[derive(Debug, Serialize)]
pub(crate) struct Today {
    pub(crate) from: DateTime<Utc>,
    #[serde(flatten)]
    pub(crate) values: Values,
}

/// The quarter hours that changed.
#[derive(Debug, Serialize)]
pub(crate) struct Update<'a> {
    pub(crate) campaign_id: &'a CampaignId,
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// The currency of the amounts: the tenant's own.
    pub(crate) currency: Currency,
    /// Other currencies of the events: only `by_currency` contains their amounts.
    pub(crate) other_currencies: Vec<Currency>,
    pub(crate) buckets: Vec<Bucket>,
}

/// A quarter hour with all its sums, which replace those of earlier frames.
#[derive(Debug, Serialize)]
pub(crate) struct Bucket {
    start: DateTime<Utc>,
    #[serde(flatten)]
    values: Values,
}

/// Returns the currencies of one frame.
pub(crate) fn currencies(series: &QuarterSeries, own: Currency) -> Currencies {
    let mut all = Sums::default();
    series.values().for_each(|sums| all.merge(sums));
    Currencies::of(&all, own)
}

/// Returns the buckets of a series, with the additive metrics.
pub(crate) fn buckets(series: &QuarterSeries, currencies: &Currencies) -> Vec<Bucket> {
    let metrics = metrics_that(|additivity| additivity == Additivity::Sum);
    let bucket = |(quarter, sums): (&QuarterHour, &Sums)| Bucket {
        start: quarter.start(),
        values: Values::new(&metrics, sums, Distincts::default(), currencies),
    };
    series.iter().map(bucket).collect()
}

/// Returns every metric that can be computed from live sums.
pub(crate) fn totals(sums: &Sums, currencies: &Currencies) -> Values {
    let metrics = metrics_that(|additivity| additivity != Additivity::Distinct);
    Values::new(&metrics, sums, Distincts::default(), currencies)
}

fn metrics_that(wanted: impl Fn(Additivity) -> bool) -> Vec<Metric> {
    let live =
        Metric::ALL.into_iter().filter(|metric| metric.is_live() && metric.distinct().is_none());
    live.filter(|metric| wanted(metric.additivity())).collect()
}

impl Frame {
    /// Creates the frame of an event. `data` is one line of JSON.
    pub(crate) const fn new(name: &'static str, id: Option<Place>, data: Bytes) -> Self {
        Self { before: "", id, event: Some((name, data)) }
    }

    /// Creates a frame that only begins a stream.
    pub(crate) const fn beginning() -> Self {
        Self { before: BEGINNING, id: None, event: None }
    }

    /// Creates the last event of a stream.
    pub(crate) fn end(reason: &str) -> Self {
        Self::new("end", None, data(&BTreeMap::from([("reason", reason)])))
    }

    /// Creates the answer to a message that is not obeyed.
    pub(crate) fn refusal(problem: &Problem) -> Self {
        let refusal = Refusal { code: problem.code().as_str(), detail: problem.detail() };
        Self::new("error", None, data(&refusal))
    }

    /// Puts `before` before the frame.
    pub(crate) fn after(&self, before: &'static str) -> Self {
        Self { before, ..self.clone() }
    }

    /// Lets the client resume from an earlier frame: what it has received is not all of a place.
    pub(crate) fn without_id(&self) -> Self {
        Self { id: None, ..self.clone() }
    }

    /// Renders the frame for one client. `signed` renders its ids.
    pub(crate) fn chunk(&self, signed: impl FnOnce(Place) -> String) -> Chunk {
        let id = self.id.map(|place| format!("id: {}\n", signed(place))).unwrap_or_default();
        match &self.event {
            None => Chunk::of(&[self.before.as_bytes()]),
            Some((name, data)) => {
                let fields = format!("{}{id}event: {name}\ndata: ", self.before);
                Chunk::of(&[fields.as_bytes(), data, b"\n\n"])
            }
        }
    }
}

impl Frame {
    /// Renders the frame for one client with a WebSocket: each event is a text message. `signed` renders
    /// its ids.
    pub(crate) fn messages(&self, signed: impl FnOnce(Place) -> String) -> Chunk {
        let mut bytes = Vec::new();
        if [RESET, BEGINNING_AND_RESET].contains(&self.before) {
            bytes.extend_from_slice(&web_socket::text(RESET_MESSAGE.as_bytes()));
        }
        if let Some((name, data)) = &self.event {
            let id = self.id.map(|place| format!("\"id\":\"{}\",", signed(place)));
            let id = id.unwrap_or_default();
            let mut text = format!("{{\"event\":\"{name}\",{id}\"data\":").into_bytes();
            text.extend_from_slice(data);
            text.push(b'}');
            bytes.extend_from_slice(&web_socket::text(&text));
        }
        Chunk::plain(bytes.into())
    }
}

/// Renders the data of an event. JSON contains no line breaks, so it is one line.
pub(crate) fn data(of: &impl Serialize) -> Bytes {
    serde_json::to_vec(of).unwrap_or_default().into()
}

/// Joins the data of several campaigns to that of one event.
pub(crate) fn joined<'a>(campaigns: impl Iterator<Item = &'a Bytes>) -> Bytes {
    let mut joined = b"{\"campaigns\":[".to_vec();
    for (number, campaign) in campaigns.enumerate() {
        if number > 0 {
            joined.push(b',');
        }
        joined.extend_from_slice(campaign);
    }
    joined.extend_from_slice(b"]}");
    joined.into()
}

impl Chunk {
    /// Joins the parts. An empty chunk would end the body: there must be bytes.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let size = format!("{length:x}{CHUNK_END}");
        let mut bytes = Vec::with_capacity(size.len() + length + CHUNK_END.len());
        bytes.extend_from_slice(size.as_bytes());
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        bytes.extend_from_slice(CHUNK_END.as_bytes());
        Self { bytes: bytes.into(), contents: size.len()..size.len() + length }
    }

    /// Creates bytes that are sent as they are.
    pub(crate) fn plain(bytes: Bytes) -> Self {
        let contents = 0..bytes.len();
        Self { bytes, contents }
    }

    /// Returns the chunk.
    pub(crate) fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// Returns the contents, where the server writes the chunks.
    pub(crate) fn contents(&self) -> Bytes {
        self.bytes.slice(self.contents.clone())
    }
}

#[cfg(test)]
mod tests {
    use aggregates::StreamId;
    use metrics::{Counter, MoneySum};
    use money::Amount;
    use serde_json::json;

    use super::*;

    fn quarter_with(spend: &[(&str, i64)]) -> QuarterSeries {
        let mut sums = Sums::default();
        sums.add_count(Counter::Impressions, None, 200);
        for (currency, units) in spend {
            let currency = currency.parse().unwrap();
            sums.add_count(Counter::Clicks, Some(currency), 5);
            sums.add_money(MoneySum::Spend, currency, Amount::from_micros(units * 1_000_000));
        }
        [(QuarterHour::containing(DateTime::UNIX_EPOCH), sums)].into()
    }

    fn eur() -> Currency {
        "EUR".parse().unwrap()
    }

    #[test]
    fn a_bucket_has_sums_and_a_total_also_has_ratios() {
        let series = quarter_with(&[("EUR", 2)]);
        let currencies = currencies(&series, eur());
        let bucket = serde_json::to_value(&buckets(&series, &currencies)[0]).unwrap();
        assert_eq!(bucket["start"], "1970-01-01T00:00:00Z");
        assert_eq!((&bucket["impressions"], &bucket["spend"]), (&json!(200), &json!("2.00")));
        assert_eq!(bucket.get("ctr"), None);
        assert_eq!(bucket.get("by_currency"), None);
        let total = totals(series.values().next().unwrap(), &currencies);
        let total = serde_json::to_value(total).unwrap();
        assert_eq!((&total["ctr"], &total["cpc"]), (&json!(0.025), &json!("0.40")));
        assert!(total["cpo"].is_null());
        assert_eq!(total.get("visitors"), None);
    }

    #[test]
    fn several_currencies_are_not_added_up() {
        let series = quarter_with(&[("EUR", 2), ("USD", 3)]);
        let currencies = currencies(&series, eur());
        assert_eq!(currencies.others, ["USD".parse().unwrap()]);
        let total = totals(series.values().next().unwrap(), &currencies);
        let total = serde_json::to_value(total).unwrap();
        assert_eq!((&total["spend"], &total["cpc"]), (&json!("2.00"), &json!("0.40")));
        let usd = &total["by_currency"]["USD"];
        assert_eq!((&usd["spend"], &usd["cpc"]), (&json!("3.00"), &json!("0.60")));
    }

    #[test]
    fn an_event_is_one_line_of_data() {
        let text = |id| {
            let data = data(&"two\nlines");
            let chunk = Frame::new("update", id, data).chunk(|place| place.to_string());
            String::from_utf8(chunk.contents().to_vec()).unwrap()
        };
        let fields = "event: update\ndata: \"two\\nlines\"\n\n";
        assert_eq!(text(Some(StreamId::START.into())), format!("id: 0-0\n{fields}"));
        assert_eq!(text(None), fields);
    }

    #[test]
    fn the_data_of_campaigns_is_one_list() {
        for (campaigns, list) in [(0, "[]"), (1, "[{}]"), (2, "[{},{}]")] {
            let campaigns = vec![data(&json!({})); campaigns];
            assert_eq!(joined(campaigns.iter()), format!("{{\"campaigns\":{list}}}"));
        }
    }

    #[test]
    fn an_event_is_one_message_of_a_web_socket() {
        let frame = Frame::new("update", Some(StreamId::START.into()), data(&json!({})));
        let text = r#"{"event":"update","id":"0-0","data":{}}"#;
        let update = web_socket::text(text.as_bytes());
        assert_eq!(frame.messages(|place| place.to_string()).bytes(), update);
        let reset = web_socket::text(RESET_MESSAGE.as_bytes());
        let both = frame.after(RESET).messages(|place| place.to_string());
        assert_eq!(both.bytes(), [reset, update].concat());
        assert!(Frame::beginning().messages(|_| String::new()).bytes().is_empty());
        let end = Frame::end(EXPIRED).chunk(|_| String::new()).contents();
        assert_eq!(end, "event: end\ndata: {\"reason\":\"token_expired\"}\n\n");
    }

    #[test]
    fn a_chunk_states_its_length_in_hexadecimal() {
        let chunk = Frame::beginning().after(RESET).chunk(|_| String::new());
        assert_eq!(chunk.bytes(), format!("17\r\n{RESET}\r\n"));
        assert_eq!(chunk.contents(), RESET);
    }
}
