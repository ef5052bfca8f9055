use chrono::{DateTime, TimeDelta, Utc};
use events::{EventType, Item};
use money::{Amount, Quantity};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use tenancy::CampaignId;
use uuid::Uuid;

use super::{
    advertising::{Advertising, Shown},
    catalogue::Catalogue,
    visitors::Visitor,
};
use crate::delivery::OutgoingEvent;

/// What visitors do, as chances.
const LEAVES_AFTER_A_PAGE: f64 = 0.18;
const IN_VIEW: f64 = 0.7;
const OPENS_A_PRODUCT: f64 = 0.5;
const PUTS_IN_CART: f64 = 0.14;
const PUTS_IN_CART_AFTER_AN_AD: f64 = 0.22;
const TAKES_OUT_AGAIN: f64 = 0.12;
const CHECKS_OUT: f64 = 0.55;
const BUYS: f64 = 0.62;
const GIVES_BACK: f64 = 0.03;
const MOST_PAGES: usize = 25;

/// The longest time a session takes.
pub(super) const LONGEST: TimeDelta = TimeDelta::minutes(40);

/// One visit, being made up: a clock, and what has happened so far.
pub(super) struct Session<'a> {
    catalogue: &'a Catalogue,
    advertising: &'a Advertising,
    random: &'a mut StdRng,
    visitor: Visitor,
    id: String,
    now: DateTime<Utc>,
    cart: Vec<Item>,
    /// The campaign whose ad was clicked last: what follows is counted for it.
    campaign: Option<CampaignId>,
    events: Vec<OutgoingEvent>,
}

impl<'a> Session<'a> {
    /// All events of a visit that begins at `start`, in the order of their times.
    pub(super) fn events(
        start: DateTime<Utc>,
        catalogue: &'a Catalogue,
        advertising: &'a Advertising,
        random: &'a mut StdRng,
    ) -> Vec<OutgoingEvent> {
        let visitor = Visitor::arriving(random);
        let id = format!("s-{:016x}", random.random::<u64>());
        let mut session = Self {
            catalogue,
            advertising,
            random,
            visitor,
            id,
            now: start,
            cart: Vec::new(),
            campaign: None,
            events: Vec::new(),
        };
        session.browse();
        if session.chance(CHECKS_OUT) {
            session.check_out();
        }
        session.events.retain(|event| event.event_time < start + LONGEST);
        session.events
    }

    fn browse(&mut self) {
        self.page("home");
        self.see_ads("home", 2);
        for _ in 0..MOST_PAGES {
            if self.chance(LEAVES_AFTER_A_PAGE) {
                break;
            }
            let page = if self.chance(0.3) { "search" } else { "category" };
            self.page(page);
            let list = self.catalogue.list(Catalogue::category(self.random), self.random);
            let opened = list.choose(self.random).cloned();
            let mut seen = self.event(EventType::ProductListView);
            seen.page_type = Some(page.to_owned());
            seen.items = list;
            self.events.push(seen);
            self.see_ads(page, 3);
            if let Some(product) = opened.filter(|_| self.chance(OPENS_A_PRODUCT)) {
                self.open(product, PUTS_IN_CART);
            }
        }
    }

    fn page(&mut self, page_type: &str) {
        self.pass(2, 30);
        let mut event = self.event(EventType::PageView);
        event.page_type = Some(page_type.to_owned());
        self.events.push(event);
    }

    /// Up to `places` ads are shown; most come into view, few are clicked.
    fn see_ads(&mut self, page: &str, places: u32) {
        for place in 1..=places {
            let Some(shown) = self.advertising.win(page == "search", self.random) else {
                continue;
            };
            let mut impression = self.ad_event(EventType::AdImpression, &shown, page, place);
            impression.cost = shown.impression_cost;
            self.events.push(impression);
            if !self.chance(IN_VIEW) {
                continue;
            }
            self.pass(1, 2);
            let viewable = self.ad_event(EventType::AdViewable, &shown, page, place);
            self.events.push(viewable);
            // The lower the place, the fewer look.
            if self.chance(shown.click_rate / f64::from(place).sqrt()) {
                self.pass(1, 6);
                let mut click = self.ad_event(EventType::AdClick, &shown, page, place);
                click.cost = shown.click_cost;
                self.events.push(click);
                self.campaign = Some(shown.campaign);
                self.open(shown.product, PUTS_IN_CART_AFTER_AN_AD);
                return;
            }
        }
    }

    fn open(&mut self, product: Item, puts_in_cart: f64) {
        self.page("product");
        let mut view = self.event(EventType::ProductView);
        view.page_type = Some("product".to_owned());
        view.items = vec![product.clone()];
        self.events.push(view);
        if !self.chance(puts_in_cart) {
            return;
        }
        self.pass(5, 60);
        let quantity = Quantity::from_thousandths(if self.chance(0.1) { 2_000 } else { 1_000 });
        let line = Item { quantity, ..product };
        let mut added = self.event(EventType::AddToCart);
        added.items = vec![line.clone()];
        self.events.push(added);
        if self.chance(TAKES_OUT_AGAIN) {
            self.pass(5, 60);
            let mut removed = self.event(EventType::RemoveFromCart);
            removed.items = vec![line];
            self.events.push(removed);
        } else {
            self.cart.push(line);
        }
    }

    fn check_out(&mut self) {
        if self.cart.is_empty() {
            return;
        }
        let cart = std::mem::take(&mut self.cart);
        self.page("cart");
        let mut begun = self.event(EventType::BeginCheckout);
        begun.items = cart.clone();
        self.events.push(begun);
        if !self.chance(BUYS) {
            return;
        }
        self.pass(20, 120);
        let order_id = format!("o-{:012x}", self.random.random_range(0..1_u64 << 48));
        let line = |item: &Item| item.price.unwrap_or_default().times(item.quantity);
        let total = cart.iter().map(line).fold(Amount::ZERO, Amount::plus);
        for event_type in [EventType::Purchase, EventType::Refund] {
            let mut event = self.event(event_type);
            event.order_id = Some(order_id.clone());
            event.revenue = Some(total);
            event.items = cart.clone();
            self.events.push(event);
            if !self.chance(GIVES_BACK) {
                return;
            }
            self.pass(60, 600);
        }
    }

    fn ad_event(
        &mut self,
        what: EventType,
        shown: &Shown,
        page: &str,
        place: u32,
    ) -> OutgoingEvent {
        let mut event = self.event(what);
        event.campaign_id = Some(shown.campaign.clone());
        event.ad_id = Some(shown.ad_id.clone());
        event.placement = Some(format!("{page}-{place}"));
        event.page_type = Some(page.to_owned());
        event.keyword = shown.keyword.clone();
        event.items = vec![Item { price: None, ..shown.product.clone() }];
        event
    }

    fn event(&mut self, event_type: EventType) -> OutgoingEvent {
        let millis = u64::try_from(self.now.timestamp_millis()).unwrap_or_default();
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &self.random.random());
        let id: Uuid = id.into_uuid();
        let mut event = OutgoingEvent::new(id, event_type, self.now);
        event.visitor_id = Some(self.visitor.id.clone());
        event.customer_id = self.visitor.customer_id.clone();
        event.session_id = Some(self.id.clone());
        event.campaign_id = self.campaign.clone();
        event.device = Some(self.visitor.device.to_owned());
        event.country = Some(self.visitor.country.to_owned());
        event
    }

    fn pass(&mut self, least_seconds: i64, most_seconds: i64) {
        let millis = self.random.random_range(least_seconds * 1_000..=most_seconds * 1_000);
        self.now += TimeDelta::milliseconds(millis);
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability.clamp(0.0, 1.0))
    }
}
