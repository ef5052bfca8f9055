use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use money::{Amount, Currency, Quantity};
use tenancy::CampaignId;
use uuid::Uuid;

use super::{CanonicalEvent, CanonicalItem, storable::Storable};

/// What remains of a JSON text to be read.
///
/// It knows only the form that our serialisation writes: fields in their order, no white space, no
/// escapes. At anything else it returns `None`, which says nothing about the text.
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// Reads a whole event.
    pub(super) fn event(json: &'a [u8]) -> Option<CanonicalEvent<'a>> {
        // Within a string, JSON escapes control characters.
        if json.iter().any(|byte| *byte < b' ') {
            return None;
        }
        let mut it = Self { rest: str::from_utf8(json).ok()? };
        it.expect(r#"{"event_id":"#)?;
        let event_id = it.uuid()?;
        it.expect(r#","type":"#)?;
        let event_type = it.string()?.parse().ok()?;
        it.expect(r#","event_time":"#)?;
        let event_time = it.time()?;
        let event_time_sent = it.field(r#","event_time_sent":"#, Self::time)?;
        it.expect(r#","received_at":"#)?;
        let event = CanonicalEvent {
            event_id,
            event_type,
            event_time,
            event_time_sent,
            received_at: it.time()?,
            visitor_id: it.text(r#","visitor_id":"#)?,
            session_id: it.text(r#","session_id":"#)?,
            customer_id: it.text(r#","customer_id":"#)?,
            campaign_id: it.field(r#","campaign_id":"#, Self::campaign)?,
            ad_id: it.text(r#","ad_id":"#)?,
            creative_id: it.text(r#","creative_id":"#)?,
            placement: it.text(r#","placement":"#)?,
            page_type: it.text(r#","page_type":"#)?,
            keyword: it.text(r#","keyword":"#)?,
            viewable: it.field(r#","viewable":"#, Self::boolean)?,
            cost: it.field(r#","cost":"#, Self::amount)?,
            items: it.field(r#","items":["#, Self::items)?.unwrap_or_default(),
            order_id: it.text(r#","order_id":"#)?,
            revenue: it.field(r#","revenue":"#, Self::amount)?,
            currency: it.field(r#","currency":"#, Self::currency)?,
            url: it.text(r#","url":"#)?,
            referrer: it.text(r#","referrer":"#)?,
            user_agent: it.text(r#","user_agent":"#)?,
            device: it.text(r#","device":"#)?,
            country: it.text(r#","country":"#)?,
            properties: it.field(r#","properties":"#, Self::object)?.unwrap_or(Cow::Borrowed("{}")),
        };
        (it.rest == "}").then_some(event)
    }

    fn items(&mut self) -> Option<Vec<CanonicalItem<'a>>> {
        let mut items = Vec::new();
        loop {
            self.expect(r#"{"product_id":"#)?;
            let product_id = Cow::Borrowed(self.string()?);
            let parent_sku = self.text(r#","parent_sku":"#)?;
            let brand = self.text(r#","brand":"#)?;
            let category = self.text(r#","category":"#)?;
            self.expect(r#","quantity":"#)?;
            let quantity = self.quantity()?;
            let price = self.field(r#","price":"#, Self::amount)?;
            items.push(CanonicalItem { product_id, parent_sku, brand, category, quantity, price });
            self.expect("}")?;
            if !self.take(",") {
                self.expect("]")?;
                return Some(items);
            }
        }
    }

    /// Reads the value of a field that may be missing. `None` if its value is of another form.
    fn field<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.take(name) { read(self).map(Some) } else { Some(None) }
    }

    fn text(&mut self, name: &str) -> Option<Option<Cow<'a, str>>> {
        self.field(name, |it| it.string().map(Cow::Borrowed))
    }

    fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.take(text).then_some(())
    }

    fn string(&mut self) -> Option<&'a str> {
        self.expect("\"")?;
        let end = memchr::memchr2(b'"', b'\\', self.rest.as_bytes())?;
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.strip_prefix('"')?;
        Some(text)
    }

    fn boolean(&mut self) -> Option<bool> {
        let value = self.take("true");
        (value || self.take("false")).then_some(value)
    }

    fn uuid(&mut self) -> Option<Uuid> {
        let text = self.string()?;
        if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
    }

    fn campaign(&mut self) -> Option<Cow<'a, str>> {
        CampaignId::checked(self.string()?).ok().map(Cow::Borrowed)
    }

    fn amount(&mut self) -> Option<Amount> {
        self.string()?.parse().ok()
    }

    fn currency(&mut self) -> Option<Currency> {
        self.string()?.parse().ok()
    }

    /// Reads a number of at most 12 digits and 3 decimal places.
    fn quantity(&mut self) -> Option<Quantity> {
        let whole = self.digits(12)?;
        let mut thousandths = whole.parse::<u64>().ok()? * 1_000;
        if self.take(".") {
            let decimals = self.digits(3)?;
            let unit = [100, 10, 1].get(decimals.len().checked_sub(1)?)?;
            thousandths += decimals.parse::<u64>().ok()? * unit;
        }
        // A JSON number has no leading zero.
        let is_json = whole.len() == 1 || !whole.starts_with('0');
        let ends = self.rest.starts_with([',', '}']);
        (is_json && ends).then(|| Quantity::from_thousandths(thousandths))
    }

    /// Takes 1 to `most` digits.
    fn digits(&mut self, most: usize) -> Option<&'a str> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        (count > 0).then_some(digits)
    }

    /// Reads `"2026-03-01T12:00:00.123Z"`, with or without milliseconds.
    fn time(&mut self) -> Option<DateTime<Utc>> {
        let text = self.string()?.as_bytes();
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to)?;
            let add = |number: Option<u32>, byte: &u8| {
                byte.is_ascii_digit().then(|| number.map(|it| it * 10 + u32::from(byte - b'0')))?
            };
            digits.iter().fold(Some(0), add)
        };
        let millis = match (text.len(), text.get(19)?) {
            (20, b'Z') => 0,
            (24, b'.') if text.ends_with(b"Z") => number(20, 23)?,
            _ => return None,
        };
        let signs = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if !signs.iter().all(|(place, sign)| text.get(*place) == Some(sign)) {
            return None;
        }
        let year = i32::try_from(number(0, 4)?).ok()?;
        let date = NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?;
        let time =
            date.and_hms_milli_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, millis)?;
        Some(time.and_utc())
    }

    /// Reads an object, and checks that it can be stored.
    fn object(&mut self) -> Option<Cow<'a, str>> {
        if !self.rest.starts_with('{') {
            return None;
        }
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Storable>();
        values.next()?.ok()?;
        let (object, rest) = self.rest.split_at_checked(values.byte_offset())?;
        self.rest = rest;
        Some(Cow::Borrowed(object))
    }
}
