use std::collections::BTreeSet;

use crate::{
    Assist, Credit, Line, Order, Rule, Touch,
    entries::{Entries, Entry},
    split::Split,
    trail::Trail,
};

/// The millionths of a whole line, and of a whole order.
const WHOLE: u64 = 1_000_000;

/// The touches of one key, sorted for one rule.
#[derive(Debug)]
pub struct Journey<'a, C> {
    rule: Rule,
    touches: &'a [Touch<C>],
    clicks: Entries,
    views: Entries,
}

/// A line, and where it stands.
#[derive(Clone, Copy)]
struct Place<'o> {
    order: usize,
    time: i64,
    number: usize,
    line: &'o Line,
}

impl<'a, C: Copy + Ord> Journey<'a, C> {
    /// Returns the journey of a key. `touches` are its touches, in any order, each event once.
    ///
    /// It takes `O(touches × log touches)` time, and memory for the touches that the rule admits.
    pub fn new(rule: Rule, touches: &'a [Touch<C>]) -> Self {
        let clicks = Entries::of(touches, rule.level, Touch::is_click);
        let views = Entries::of(touches, rule.view_level, |touch| {
            rule.view_window > 0 && touch.is_view(rule.view_event)
        });
        Self { rule, touches, clicks, views }
    }

    /// Returns the credits of orders of the key: by order, line and the order of touches.
    ///
    /// A line takes `O(log touches)` time; if several touches share it, also linear time and memory
    /// for these.
    pub fn credits<'s>(&'s self, orders: &'s [Order]) -> impl Iterator<Item = Credit> + 's {
        let numbered = orders.iter().enumerate();
        numbered.flat_map(|(number, order)| {
            let credited = places(number, order).filter(|place| !self.eligible(*place).is_empty());
            let credited: Vec<_> = credited.collect();
            // An order is one order, however many of its lines are credited.
            let portions = Split::equal(credited.len()).parts(WHOLE);
            let lines = credited.into_iter().zip(portions);
            lines.flat_map(|(place, portion)| self.credits_of(place, portion))
        })
    }

    /// Returns the touches that were eligible for a line but have no credit of it, in the order of
    /// [`Self::credits`].
    ///
    /// A line without credit has no assists. A line of `c` eligible touches takes
    /// `O(log touches + c × log c)` time, and memory for these.
    pub fn assists<'s>(&'s self, orders: &'s [Order]) -> impl Iterator<Item = Assist> + 's {
        let places = orders.iter().enumerate().flat_map(|(number, order)| places(number, order));
        places.flat_map(|place| self.assists_of(place))
    }

    /// Returns the touches that are eligible for a line.
    fn eligible(&self, place: Place<'_>) -> Trail<'_> {
        let product = &place.line.product;
        let value = self.rule.level.value(product);
        let clicks = self.clicks.within(value, place.time, self.rule.click_window);
        let view_value = self.rule.view_level.value(product);
        let views = self.views.within(view_value, place.time, self.rule.view_window);
        Trail { clicks, views }
    }

    /// Returns those of the eligible touches that have credit, in order.
    fn credited(&self, eligible: &Trail<'_>) -> Vec<Entry> {
        self.rule.model.credited(eligible.candidates(self.rule.click_beats_view))
    }

    /// Returns the credits of a line, of which `portion` millionths of its order are.
    fn credits_of(&self, place: Place<'_>, portion: u64) -> Vec<Credit> {
        let line = place.line;
        let touches = self.credited(&self.eligible(place));
        // An eligible touch is at most a window older than the order: nothing saturates.
        let ages = touches.iter().map(|touch| place.time.saturating_sub(touch.time));
        let split = Split::by(self.rule.model.weights(ages));
        let mut refunds = split.amounts(line.refunded);
        let mut quantities = split.quantities(line.quantity);
        let mut returns = split.quantities(line.returned);
        let mut shares = split.parts(WHOLE).into_iter();
        let mut portions = split.parts(portion).into_iter();
        let amounts = touches.into_iter().zip(split.amounts(line.amount));
        let credits = amounts.map(|(touch, amount)| Credit {
            order: place.order,
            line: place.number,
            touch: touch.touch,
            amount,
            refunded: refunds.next().unwrap_or_default(),
            quantity: quantities.next().unwrap_or_default(),
            returned: returns.next().unwrap_or_default(),
            share: shares.next().unwrap_or_default(),
            orders: portions.next().unwrap_or_default(),
            promoted: self.promotes(touch, line),
            interaction: touch.time,
            conversion: place.time,
        });
        credits.collect()
    }

    /// Returns whether a touch advertises the product of a line.
    fn promotes(&self, touch: Entry, line: &Line) -> bool {
        let advertised = self.touches.get(touch.touch).and_then(|touch| touch.product.product);
        advertised.is_some() && advertised == line.product.product
    }

    fn assists_of(&self, place: Place<'_>) -> Vec<Assist> {
        let eligible = self.eligible(place);
        let credited = self.credited(&eligible);
        let positions: BTreeSet<_> = credited.iter().map(|touch| touch.touch).collect();
        let campaign = |touch: usize| self.touches.get(touch).map(|touch| touch.campaign);
        let mut counted: BTreeSet<_> = positions.iter().copied().map(campaign).collect();
        let uncredited = eligible.filter(|touch| !positions.contains(&touch.touch));
        // From the latest on, the first assist of a campaign without credit is the one that counts.
        let assists = uncredited.rev().map(|Entry { touch, .. }| Assist {
            order: place.order,
            line: place.number,
            touch,
            amount: place.line.amount,
            refunded: place.line.refunded,
            counts: counted.insert(campaign(touch)),
        });
        let mut assists: Vec<_> = assists.collect();
        assists.reverse();
        assists
    }
}

/// Returns the lines of an order.
fn places(order: usize, Order { time, lines }: &Order) -> impl Iterator<Item = Place<'_>> {
    let numbered = lines.iter().enumerate();
    numbered.map(move |(number, line)| Place { order, time: *time, number, line })
}
