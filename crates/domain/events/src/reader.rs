use std::borrow::Cow;

use chrono::{DateTime, SubsecRound, Utc};
use money::{Amount, Currency, CurrencyError};
use tenancy::CampaignId;
use uuid::Uuid;

use crate::{
    Envelope, Event, EventIds, EventType, Item, ParseContext, Rejection,
    RejectionCode::{MissingField, TooOld},
    WarningCode, field_names,
    fields::{Field, Fields, LayerKind, Textual},
    items,
    name::Names,
    naming::{self, Named},
    notes::Notes,
    number,
    text::{self, Kind, NAME_MAX},
    time::{self, PAST, SentTime},
};

const URL_MAX: usize = 4_096;
const USER_AGENT_MAX: usize = 1_024;

/// Reads the fields of an event one after the other, and collects errors and warnings.
pub(crate) struct Reader<'a> {
    fields: Fields<'a>,
    notes: Notes,
    /// Of a custom type only the name counts: every other field is a detail.
    is_custom: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(fields: Fields<'a>) -> Self {
        Self { fields, notes: Notes::default(), is_custom: false }
    }

    /// Warns about fields of the envelope that are too long.
    pub(crate) fn note_too_long(&mut self, envelope: &Envelope<'_>) {
        for name in &envelope.too_long {
            let reason =
                "is too long for a field of the envelope: the events are stored without it";
            self.notes.warn(WarningCode::Dropped, format!("/{name}"), reason);
        }
    }

    /// Returns the fields that are left, and the notes.
    pub(crate) fn into_rest(self) -> (Fields<'a>, Notes) {
        (self.fields, self.notes)
    }

    /// Reads the event without its properties, and the sender's name for its type if that differs.
    /// The result is valid only if no error was noted.
    pub(crate) fn event(
        &mut self,
        context: &ParseContext<'_>,
    ) -> (Event<Cow<'a, str>>, Option<Cow<'a, str>>) {
        let named = naming::read(&mut self.fields, &mut self.notes);
        let Named { event_type, original } = named.unwrap_or_else(|rejection| {
            self.notes.error(rejection);
            Named { event_type: EventType::PageView, original: None }
        });
        self.is_custom = event_type.is_custom();
        let event_id = self.event_id(context.ids).unwrap_or_else(Uuid::now_v7);
        let received_at = context.received_at.trunc_subsecs(3);
        let sent_time = self.event_time(context);
        let (event_time, event_time_sent) = match sent_time {
            Some((placed, sent)) => (placed, Some(sent).filter(|sent| *sent != placed)),
            None => (received_at, None),
        };

        let sent_currency = self.fields.find(field_names::CURRENCY, LayerKind::Envelope);
        let named_currency = sent_currency.and_then(|field| self.currency(&field));
        let currency = named_currency.unwrap_or(context.currency);
        let items = self.items(currency);
        let farthest = if event_type.is_ad() { LayerKind::Nested } else { LayerKind::Own };
        let cost = self.amount(field_names::COST, farthest, currency);
        let revenue = self.revenue(&event_type, currency);
        let is_priced = items.iter().any(|item| item.price.is_some());
        let has_amount = cost.is_some() || revenue.is_some() || is_priced;
        if let (Some(field), None) = (sent_currency, named_currency) {
            self.wrong_currency(&field, has_amount);
        }
        if event_type == EventType::Purchase && revenue.is_none() && !is_priced {
            let reason = "has neither `revenue` nor items with a `price`: its sales are 0";
            self.notes.warn(WarningCode::NoRevenue, String::new(), reason);
        }
        let event = Event {
            event_id,
            event_time,
            event_time_sent,
            received_at,
            visitor_id: self.id(field_names::VISITOR),
            session_id: self.id(field_names::SESSION),
            customer_id: self.id(field_names::CUSTOMER),
            campaign_id: self.campaign_id(&event_type),
            ad_id: self.id(field_names::AD),
            creative_id: self.id(field_names::CREATIVE),
            placement: self.label(field_names::PLACEMENT, NAME_MAX, None),
            page_type: self.label(field_names::PAGE_TYPE, NAME_MAX, None),
            keyword: self.label(field_names::KEYWORD, NAME_MAX, None),
            viewable: self.viewable(&event_type),
            cost,
            items,
            order_id: self.id(field_names::ORDER),
            revenue,
            currency: named_currency.or(has_amount.then_some(context.currency)),
            url: self.label(field_names::URL, URL_MAX, Some(&["page", "url"])),
            referrer: self.label(field_names::REFERRER, URL_MAX, Some(&["page", "referrer"])),
            user_agent: self.label(field_names::USER_AGENT, USER_AGENT_MAX, Some(&["userAgent"])),
            device: self.label(field_names::DEVICE, NAME_MAX, Some(&["device", "type"])),
            country: self.country(),
            properties: serde_json::Map::new(),
            event_type,
        };
        (event, original)
    }

    /// Notes an error in a field; for a custom type it is only a warning.
    fn fault(&mut self, rejection: Rejection) {
        if self.is_custom {
            self.dropped(rejection, "it is stored as a property");
        } else {
            self.notes.error(rejection);
        }
    }

    /// Warns that a detail is wrong, with the consequence.
    fn dropped(&mut self, Rejection { pointer, reason, .. }: Rejection, consequence: &str) {
        self.notes.warn(WarningCode::Dropped, pointer, format!("{reason}: {consequence}"));
    }

    pub(crate) fn event_id(&mut self, ids: EventIds) -> Option<Uuid> {
        let field = self.fields.find(field_names::EVENT_ID, LayerKind::Nested)?;
        let Textual::Text(text) = field.textual() else {
            let reason = "must be a string or a number, best a UUIDv7";
            self.notes.error(self.fields.wrong_type(&field, reason));
            return None;
        };
        let id = ids.id(&text);
        if id.is_none() {
            let reason = "is the nil UUID: the event gets a generated id";
            self.notes.warn(WarningCode::Dropped, self.fields.pointer(&field), reason);
        }
        id
    }

    /// Reads when it happened: the corrected time, and the time as sent.
    fn event_time(&mut self, context: &ParseContext<'_>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let own_sent_at = self.fields.find(field_names::SENT_AT, LayerKind::Own);
        let own_sent_at =
            own_sent_at.and_then(|field| self.time(&field)).map(|(sent, _)| sent.time);
        let sent_at = own_sent_at.or(context.envelope.sent_at);
        let field = self
            .fields
            .find(field_names::EVENT_TIME, LayerKind::Own)
            .or_else(|| self.fields.find_in_envelope(field_names::EVENT_TIME))?;
        let (sent, written) = self.time(&field)?;
        let placed = time::place(sent, &written, sent_at, context);
        self.notes.adjusted.extend(placed.adjusted);
        if placed.too_old {
            let reason = format!(
                "is more than {} days before its receipt: send it with an `import` key, or resubmit \
                 it from the rejects",
                PAST.num_days()
            );
            self.notes.error(Rejection::new(TooOld, self.fields.pointer(&field), reason));
        }
        Some((placed.time, sent.time))
    }

    fn time(&mut self, field: &Field<'a>) -> Option<(SentTime, Cow<'a, str>)> {
        let Textual::Text(text) = field.textual() else {
            let reason = "must be a time, as a string or a number";
            self.notes.error(self.fields.wrong_type(field, reason));
            return None;
        };
        match time::read(&text) {
            Ok(sent) => Some((sent, text)),
            Err(error) => {
                self.notes.error(self.fields.invalid(field, error.as_str()));
                None
            }
        }
    }

    fn currency(&mut self, field: &Field<'_>) -> Option<Currency> {
        let text = field.string()?;
        let listed = |text: &str| text.parse().ok().filter(|code: &Currency| code.is_listed());
        if let Some(currency) = listed(&text) {
            return Some(currency);
        }
        let currency = listed(&text.to_ascii_uppercase())?;
        let reason = format!("is read as {currency}");
        self.notes.warn(WarningCode::Normalised, self.fields.pointer(field), reason);
        Some(currency)
    }

    /// Notes an unknown currency: an error if the event has amounts, otherwise a warning.
    fn wrong_currency(&mut self, field: &Field<'_>, has_amount: bool) {
        let rejection = self.fields.invalid(field, CurrencyError);
        if has_amount && !self.is_custom {
            self.notes.error(rejection);
            return;
        }
        self.fields.put_back(field);
        self.dropped(rejection, self.fields.consequence(field));
    }

    fn items(&mut self, currency: Currency) -> Vec<Item<Cow<'a, str>>> {
        items::read(&mut self.fields, currency, &mut self.notes).unwrap_or_else(|rejections| {
            rejections.into_iter().for_each(|rejection| self.fault(rejection));
            Vec::new()
        })
    }

    fn amount(&mut self, names: Names, farthest: LayerKind, currency: Currency) -> Option<Amount> {
        let field = self.fields.find(names, farthest)?;
        match number::amount(&self.fields, &field, currency, &mut self.notes) {
            Ok(amount) => Some(amount),
            Err(rejection) => {
                self.fields.put_back(&field);
                self.fault(rejection);
                None
            }
        }
    }

    /// Reads the order's total; for other types, the value that was sent.
    fn revenue(&mut self, event_type: &EventType, currency: Currency) -> Option<Amount> {
        let names = match event_type {
            EventType::Purchase | EventType::Refund => field_names::ORDER_REVENUE,
            EventType::Custom(_) => field_names::CUSTOM_REVENUE,
            _ => field_names::REVENUE,
        };
        self.amount(names, LayerKind::Nested, currency)
    }

    /// Reads the campaign, which is required for ads and optional for other events.
    fn campaign_id(&mut self, event_type: &EventType) -> Option<CampaignId> {
        let is_ad = event_type.is_ad();
        let Some(field) = self.fields.find(field_names::CAMPAIGN, LayerKind::Envelope) else {
            if is_ad {
                let reason = format!("is required for {event_type}: the campaign of the ad");
                self.notes.error(Rejection::new(MissingField, "/campaign_id", reason));
            }
            return None;
        };
        let read = match field.textual() {
            Textual::Text(text) => text.parse().map_err(|error| self.fields.invalid(&field, error)),
            Textual::Other => Err(self.fields.wrong_type(&field, "must be a string or a number")),
        };
        match read {
            Ok(campaign_id) => return Some(campaign_id),
            Err(rejection) if is_ad => self.notes.error(rejection),
            Err(rejection) => {
                self.fields.put_back(&field);
                self.dropped(rejection, self.fields.consequence(&field));
            }
        }
        None
    }

    fn id(&mut self, names: Names) -> Option<Cow<'a, str>> {
        text::take(&mut self.fields, names, Kind::Id, LayerKind::Envelope, &mut self.notes)
    }

    /// Reads a label from the nearest place that has a value.
    fn label(
        &mut self,
        names: Names,
        max: usize,
        context: Option<&[&str]>,
    ) -> Option<Cow<'a, str>> {
        let kind = Kind::Label(max);
        let own = self.fields.find(names, LayerKind::Nested);
        if own.is_none()
            && let Some(path) = context
            && let Some(label) = text::in_context(&self.fields, path, kind, &mut self.notes)
        {
            return Some(label);
        }
        let field = own.or_else(|| self.fields.find_in_envelope(names))?;
        text::read(&mut self.fields, &field, kind, &mut self.notes)
    }

    /// Reads whether an impression was viewable.
    fn viewable(&mut self, event_type: &EventType) -> Option<bool> {
        if *event_type != EventType::AdImpression {
            return None;
        }
        let field = self.fields.find(field_names::VIEWABLE, LayerKind::Nested)?;
        let viewable = match field.string().as_deref().unwrap_or(field.raw()) {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        if viewable.is_none() {
            self.fields.put_back(&field);
            let rejection = self.fields.invalid(&field, "must be true or false");
            self.dropped(rejection, self.fields.consequence(&field));
        }
        viewable
    }

    fn country(&mut self) -> Option<Cow<'a, str>> {
        let field = self.fields.find(field_names::COUNTRY, LayerKind::Envelope)?;
        let code = field.string().unwrap_or_default();
        let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !is_code {
            self.fields.put_back(&field);
            let reason = "must be an ISO 3166-1 code of two letters, such as DE";
            let rejection = self.fields.invalid(&field, reason);
            self.dropped(rejection, self.fields.consequence(&field));
            return None;
        }
        if code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Some(code);
        }
        let upper = code.to_ascii_uppercase();
        let reason = format!("is read as {upper}");
        self.notes.warn(WarningCode::Normalised, self.fields.pointer(&field), reason);
        Some(Cow::Owned(upper))
    }
}
