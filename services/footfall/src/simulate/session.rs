use chrono::{DateTime, TimeDelta, Utc};
use events::{EventType, Item};
use money::{Amount, Quantity};
use rand::{Rng, seq::IndexedRandom};
use tenancy::CampaignId;
use uuid::Uuid;

use super::{
    advertising::Shown,
    chance::{Chance, Decision},
    shop::Shop,
    visitors::Visitor,
};
use crate::delivery::OutgoingEvent;

/// The probability that a list is a search result.
const SEARCHES: f64 = 0.3;
/// The probability that an ad comes into view.
const IN_VIEW: f64 = 0.7;
/// The places for ads on a page.
const PLACES: u32 = 2;
const MOST_PAGES: usize = 25;

/// The longest duration of a session.
pub(super) const LONGEST: TimeDelta = TimeDelta::minutes(40);

/// One simulated visit: a clock and the events so far.
pub(super) struct Session<'a> {
    shop: &'a Shop,
    chance: &'a mut Chance,
    visitor: Visitor,
    id: String,
    now: DateTime<Utc>,
    cart: Vec<Item>,
    /// The products whose ads were clicked, each with its campaign, in order.
    clicked: Vec<(String, CampaignId)>,
    events: Vec<OutgoingEvent>,
}

impl<'a> Session<'a> {
    /// Returns all events of a visit that begins at `start`, in order of time.
    pub(super) fn events(
        start: DateTime<Utc>,
        shop: &'a Shop,
        chance: &'a mut Chance,
    ) -> Vec<OutgoingEvent> {
        let visitor = Visitor::arriving(&shop.countries, &mut chance.random);
        let id = format!("s-{:016x}", chance.random.random::<u64>());
        let mut session = Self {
            shop,
            chance,
            visitor,
            id,
            now: start,
            cart: Vec::new(),
            clicked: Vec::new(),
            events: Vec::new(),
        };
        session.browse();
        session.check_out();
        session.events.retain(|event| event.event_time < start + LONGEST);
        session.events
    }

    fn browse(&mut self) {
        let visits = self.shop.visits;
        self.page("home");
        self.see_ads("home");
        for _ in 0..MOST_PAGES {
            if self.chance.happens(visits.leaves_after_a_page) {
                break;
            }
            let page = if self.chance.happens(SEARCHES) { "search" } else { "category" };
            self.page(page);
            let list = self.shop.catalogue.list(&mut self.chance.random);
            let opened = list.choose(&mut self.chance.random).cloned();
            let mut seen = self.event(EventType::ProductListView);
            seen.page_type = Some(page.to_owned());
            seen.items = list;
            self.events.push(seen);
            self.see_ads(page);
            if let Some(product) = opened.filter(|_| self.chance.happens(visits.opens_a_product)) {
                self.open(product, visits.puts_in_cart);
            }
        }
    }

    fn page(&mut self, page_type: &str) {
        self.pass(2, 30);
        let mut event = self.event(EventType::PageView);
        event.page_type = Some(page_type.to_owned());
        self.events.push(event);
    }

    /// Shows ads; most come into view, few are clicked.
    fn see_ads(&mut self, page: &str) {
        for place in 1..=PLACES {
            let Some(shown) = self.shop.advertising.win(page == "search", &mut self.chance.random)
            else {
                continue;
            };
            let mut impression = self.ad_event(EventType::AdImpression, &shown, page, place);
            impression.cost = shown.impression_cost;
            self.events.push(impression);
            if !self.chance.happens(IN_VIEW) {
                continue;
            }
            self.pass(1, 2);
            let viewable = self.ad_event(EventType::AdViewable, &shown, page, place);
            self.events.push(viewable);
            // Lower places are clicked less.
            let click_rate = shown.click_rate / f64::from(place).sqrt();
            if self.chance.decides(Decision::Click, Some(&shown.campaign), click_rate) {
                self.pass(1, 6);
                let mut click = self.ad_event(EventType::AdClick, &shown, page, place);
                click.cost = shown.click_cost;
                self.events.push(click);
                self.clicked.push((shown.product.product_id.clone(), shown.campaign));
                self.open(shown.product, self.shop.visits.puts_in_cart_after_an_ad);
                return;
            }
        }
    }

    fn open(&mut self, product: Item, puts_in_cart: f64) {
        self.page("product");
        let mut view = self.event_about(EventType::ProductView, vec![product.clone()]);
        view.page_type = Some("product".to_owned());
        self.events.push(view);
        let campaign = self.credited(std::slice::from_ref(&product));
        if !self.chance.decides(Decision::PutInCart, campaign.as_ref(), puts_in_cart) {
            return;
        }
        self.pass(5, 60);
        let pieces = if self.chance.happens(self.shop.visits.takes_two) { 2 } else { 1 };
        let line = Item { quantity: Quantity::from_thousandths(pieces * 1_000), ..product };
        let added = self.event_about(EventType::AddToCart, vec![line.clone()]);
        self.events.push(added);
        if self.chance.happens(self.shop.visits.takes_out_again) {
            self.pass(5, 60);
            let removed = self.event_about(EventType::RemoveFromCart, vec![line]);
            self.events.push(removed);
        } else {
            self.cart.push(line);
        }
    }

    fn check_out(&mut self) {
        let cart = std::mem::take(&mut self.cart);
        let campaign = self.credited(&cart);
        let checks_out = self.shop.visits.checks_out;
        if cart.is_empty()
            || !self.chance.decides(Decision::CheckOut, campaign.as_ref(), checks_out)
        {
            return;
        }
        self.page("cart");
        let begun = self.event_about(EventType::BeginCheckout, cart.clone());
        self.events.push(begun);
        if !self.chance.decides(Decision::Buy, campaign.as_ref(), self.shop.visits.buys) {
            return;
        }
        self.pass(20, 120);
        let order_id = format!("o-{:012x}", self.chance.random.random_range(0..1_u64 << 48));
        let line = |item: &Item| item.price.unwrap_or_default().times(item.quantity);
        let total = cart.iter().map(line).fold(Amount::ZERO, Amount::plus);
        for event_type in [EventType::Purchase, EventType::Refund] {
            let mut event = self.event_about(event_type, cart.clone());
            event.order_id = Some(order_id.clone());
            event.revenue = Some(total);
            self.events.push(event);
            if !self.chance.happens(self.shop.visits.gives_back) {
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

    fn event_about(&mut self, event_type: EventType, items: Vec<Item>) -> OutgoingEvent {
        let mut event = self.event(event_type);
        event.campaign_id = self.credited(&items);
        event.items = items;
        event
    }

    /// Returns the last campaign whose ad for one of these products was clicked.
    fn credited(&self, items: &[Item]) -> Option<CampaignId> {
        let advertised = |product: &str| items.iter().any(|item| item.product_id == product);
        let click = self.clicked.iter().rev().find(|(product, _)| advertised(product));
        click.map(|(_, campaign)| campaign.clone())
    }

    fn event(&mut self, event_type: EventType) -> OutgoingEvent {
        let millis = u64::try_from(self.now.timestamp_millis()).unwrap_or_default();
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &self.chance.random.random());
        let id: Uuid = id.into_uuid();
        let mut event = OutgoingEvent::new(id, event_type, self.now);
        event.visitor_id = Some(self.visitor.id.clone());
        event.customer_id = self.visitor.customer_id.clone();
        event.session_id = Some(self.id.clone());
        event.currency = Some(self.shop.currency);
        event.device = Some(self.visitor.device.to_owned());
        event.country = Some(self.visitor.country.clone());
        event
    }

    fn pass(&mut self, least_seconds: i64, most_seconds: i64) {
        let millis = self.chance.random.random_range(least_seconds * 1_000..=most_seconds * 1_000);
        self.now += TimeDelta::milliseconds(millis);
    }
}
