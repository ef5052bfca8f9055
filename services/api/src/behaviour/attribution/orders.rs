//! The touches and orders of a key, as the rules of attribution read them.

use std::{
    collections::{BTreeMap, HashMap},
    slice,
};

use attribution::{Line, Order, ProductRef, Touch, TouchKind};
use money::{Amount, Currency, Quantity};
use warehouse::{KeyJourney, LineProduct, OrderLine, Refund};

/// Texts as small numbers, the same for equal texts.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<String, u32>,
}

/// The values of the dimensions as small numbers, the same for equal values.
#[derive(Debug, Default)]
pub(super) struct Segments {
    numbers: HashMap<Vec<String>, u32>,
    keys: Vec<Vec<String>>,
}

/// What one key saw and bought.
pub(super) struct Path<'a> {
    /// Each with the number of its campaign.
    pub(super) touches: Vec<Touch<u32>>,
    /// The values of each one's dimensions, if the credential may see its campaign. Most touches have no credit, so
    /// those with credit are numbered alone.
    pub(super) keys: Vec<Option<&'a [String]>>,
    pub(super) orders: Vec<Order>,
    /// The currency of each order.
    pub(super) currencies: Vec<Currency>,
}

/// The parent of each product for which a journey names one. Not every event of a product does, and yet all
/// are of the same product.
type Parents<'a> = HashMap<&'a str, &'a str>;

impl Names {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// Returns the product; one without a parent is its own, so that an ad of a parent and its variants match.
    fn product(&mut self, product: &LineProduct, parents: &Parents<'_>) -> ProductRef {
        let mut known = |kind: &str, text: &str| {
            (!text.is_empty()).then(|| self.number(&format!("{kind}:{text}")))
        };
        let id = known("product", &product.product);
        let parent = parents.get(product.product.as_str()).copied().unwrap_or(&product.parent);
        ProductRef {
            product: id,
            parent: known("product", parent).or(id),
            brand: known("brand", &product.brand),
            category: known("category", &product.category),
        }
    }
}

impl Segments {
    pub(super) fn number(&mut self, keys: &[String]) -> u32 {
        if let Some(number) = self.numbers.get(keys) {
            return *number;
        }
        let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.numbers.insert(keys.to_vec(), number);
        self.keys.push(keys.to_vec());
        number
    }

    pub(super) fn keys(&self, number: u32) -> &[String] {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        self.keys.get(index).map(Vec::as_slice).unwrap_or_default()
    }
}

impl<'a> Path<'a> {
    /// Reads a journey. `is_seen` tells whether the credential may see a campaign; `home` is the currency of orders
    /// without one.
    pub(super) fn read(
        journey: &'a KeyJourney,
        (products, campaigns): (&mut Names, &mut Names),
        is_seen: impl Fn(&str) -> bool,
        refunds: &mut Refunds,
        home: Currency,
    ) -> Self {
        let parents = &parents(journey);
        let touches = journey.touches.iter().map(|touch| Touch {
            time: touch.time,
            kind: match touch.event_type.as_str() {
                "ad_click" => TouchKind::Click,
                "ad_viewable" => TouchKind::Viewable,
                _ => TouchKind::Impression,
            },
            id: touch.id,
            campaign: campaigns.number(&touch.campaign),
            product: products.product(&touch.product, parents),
            viewable: touch.viewable,
        });
        let touches = touches.collect();
        let keys = journey.touches.iter().map(|touch| {
            // Without other dimensions, the campaign is the only one.
            let campaign = slice::from_ref(&touch.campaign);
            let keys = if touch.keys.is_empty() { campaign } else { touch.keys.as_slice() };
            is_seen(&touch.campaign).then_some(keys)
        });
        let keys = keys.collect();
        let mut by_event = BTreeMap::<(i64, u128), Vec<&OrderLine>>::new();
        for line in &journey.lines {
            by_event.entry((line.time, line.id)).or_default().push(line);
        }
        let mut path = Self { touches, keys, orders: Vec::new(), currencies: Vec::new() };
        for ((time, _), mut lines) in by_event {
            lines.sort_by_key(|line| line.line);
            let currency = lines.first().and_then(|line| line.currency.parse().ok());
            let currency = currency.unwrap_or(home);
            path.currencies.push(currency);
            let amounts = amounts(&lines);
            let lines = lines.iter().zip(amounts).map(|(line, amount)| {
                let (refunded, returned) = refunds.take(line, amount, currency);
                let product = products.product(&line.product, parents);
                Line { product, amount, quantity: line.quantity, refunded, returned }
            });
            path.orders.push(Order { time, lines: lines.collect() });
        }
        path
    }
}

/// Returns the parents that a journey names: of a product that names several, the last one.
fn parents(journey: &KeyJourney) -> Parents<'_> {
    let touches = journey.touches.iter().map(|touch| (touch.time, &touch.product));
    let lines = journey.lines.iter().map(|line| (line.time, &line.product));
    let mut named: Vec<_> = touches
        .chain(lines)
        .filter(|(_, product)| !product.product.is_empty() && !product.parent.is_empty())
        .map(|(time, product)| (time, product.parent.as_str(), product.product.as_str()))
        .collect();
    named.sort_unstable();
    named.into_iter().map(|(_, parent, product)| (product, parent)).collect()
}

/// Returns the amount of each line: price times quantity, or for an order without prices its total on the
/// first line.
fn amounts(lines: &[&OrderLine]) -> Vec<Amount> {
    let mut amounts: Vec<_> = lines.iter().map(|line| line.total).collect();
    if amounts.iter().all(|amount| *amount == Amount::ZERO)
        && let (Some(first), Some(line)) = (amounts.first_mut(), lines.first())
    {
        *first = line.sales;
    }
    amounts
}

/// What was refunded and is not yet subtracted, by order, product and currency.
pub(super) struct Refunds(HashMap<(String, String, Currency), (i64, u64)>);

impl Refunds {
    pub(super) fn of(refunds: Vec<Refund>, home: Currency) -> Self {
        let mut sums = HashMap::<_, (i64, u64)>::new();
        for Refund { order_id, product, currency, total, quantity } in refunds {
            let currency = currency.parse().unwrap_or(home);
            let (amount, pieces) = sums.entry((order_id, product, currency)).or_default();
            *amount = amount.saturating_add(total.micros());
            *pieces = pieces.saturating_add(quantity.thousandths());
        }
        Self(sums)
    }

    /// Takes what was refunded of a line, at most the line itself: negative, and how much came back.
    fn take(&mut self, line: &OrderLine, amount: Amount, currency: Currency) -> (Amount, Quantity) {
        let key = (line.order_id.clone(), line.product.product.clone(), currency);
        let Some((left, pieces)) = self.0.get_mut(&key) else {
            return (Amount::ZERO, Quantity::ZERO);
        };
        let taken = (*left).min(amount.micros()).max(0);
        let returned = (*pieces).min(line.quantity.thousandths());
        *left -= taken;
        *pieces -= returned;
        (Amount::from_micros(-taken), Quantity::from_thousandths(returned))
    }
}
