use attribution::{
    AttributionModel, Line, MatchLevel, Order, ProductRef, Rule, Touch, TouchKind, ViewEvent,
};
use rust_decimal::Decimal;

/// A credit as the definition gives it: order, line, the touch's id, amount, refund, quantity,
/// returned quantity, millionths of the line and of the order.
pub(crate) type Part = (usize, usize, u128, i128, i128, i128, i128, i128, i128);

/// An assist: order, line, the touch's id, and whether it counts.
pub(crate) type Helper = (usize, usize, u128, bool);

fn matches(level: MatchLevel, one: &ProductRef, other: &ProductRef) -> bool {
    let (left, right) = match level {
        MatchLevel::SameSku => (one.product, other.product),
        MatchLevel::ParentSku => (one.parent, other.parent),
        MatchLevel::Brand => (one.brand, other.brand),
        MatchLevel::Category => (one.category, other.category),
        MatchLevel::Any => return true,
    };
    left.is_some() && left == right
}

/// Returns whether a touch is eligible for a line of an order at `time`.
fn is_eligible(rule: &Rule, touch: &Touch<u8>, line: &Line, time: i64) -> bool {
    let (window, level) = match (touch.kind, rule.view_event()) {
        (TouchKind::Click, _) => (rule.click_window(), rule.click_match()),
        (TouchKind::Impression, ViewEvent::Impression)
        | (TouchKind::Viewable, ViewEvent::Viewable)
            if touch.viewable != Some(false) && rule.view_window() != 0 =>
        {
            (rule.view_window(), rule.view_match())
        }
        (TouchKind::Impression, ViewEvent::Viewable)
            if touch.viewable == Some(true) && rule.view_window() != 0 =>
        {
            (rule.view_window(), rule.view_match())
        }
        _ => return false,
    };
    (0..=window).contains(&(time - touch.time)) && matches(level, &touch.product, &line.product)
}

/// Returns what a touch is ordered by.
fn rank(touch: &Touch<u8>) -> (i64, bool, u128) {
    (touch.time, touch.kind == TouchKind::Click, touch.id)
}

fn eligible<'a>(
    rule: &Rule,
    touches: &'a [Touch<u8>],
    line: &Line,
    time: i64,
) -> Vec<&'a Touch<u8>> {
    touches.iter().filter(|touch| is_eligible(rule, touch, line, time)).collect()
}

/// Returns the touches that have credit, in any order.
fn credited<'a>(rule: &Rule, eligible: &[&'a Touch<u8>]) -> Vec<&'a Touch<u8>> {
    let clicked = eligible.iter().any(|touch| touch.kind == TouchKind::Click);
    let beaten = clicked && rule.click_beats_view();
    let rivals: Vec<_> = eligible
        .iter()
        .copied()
        .filter(|touch| !beaten || touch.kind == TouchKind::Click)
        .collect();
    let wins = |touch: &&Touch<u8>| match rule.model() {
        AttributionModel::LastTouch => rivals.iter().all(|one| rank(one) <= rank(touch)),
        AttributionModel::FirstTouch => rivals.iter().all(|one| rank(one) >= rank(touch)),
        _ => true,
    };
    rivals.iter().copied().filter(wins).collect()
}

/// Returns the share of a touch among the credited ones, as a numerator; the sum is the denominator.
fn numerator(rule: &Rule, touch: &Touch<u8>, credited: &[&Touch<u8>], time: i64) -> i128 {
    let count = credited.len() as i128;
    let is_end = credited.iter().all(|one| rank(one) <= rank(touch))
        || credited.iter().all(|one| rank(one) >= rank(touch));
    match rule.model() {
        // 40 % each for the ends, 20 % for all others, in parts of 100 × (count − 2).
        AttributionModel::Position if count > 2 && is_end => 40 * (count - 2),
        AttributionModel::Position if count > 2 => 20,
        AttributionModel::TimeDecay => decayed(time - touch.time),
        _ => 1,
    }
}

/// Returns `2^48 ÷ e^(ln 2 × age / 7 days)`, by the series of `e^x`, to 24 digits.
fn decayed(age: i64) -> i128 {
    let ln_2: Decimal = "0.6931471805599453094172321215".parse().unwrap();
    let x = ln_2 * Decimal::from(age) / Decimal::from(7 * 86_400_000);
    let mut term = Decimal::ONE;
    let mut power = Decimal::ZERO;
    for number in 1..90 {
        power += term;
        term = term * x / Decimal::from(number);
    }
    let weight = (Decimal::from(1u64 << 48) / power).round();
    weight.try_into().unwrap()
}

/// Returns the part of each touch: what is left over is counted, not sorted.
fn divided(whole: i128, numerators: &[i128], ranks: &[(i64, bool, u128)]) -> Vec<i128> {
    let sum: i128 = numerators.iter().sum();
    let size = whole.abs();
    let floors: Vec<_> = numerators.iter().map(|one| size * one / sum).collect();
    let rests: Vec<_> = numerators.iter().map(|one| size * one % sum).collect();
    let left_over = size - floors.iter().sum::<i128>();
    let parts = (0..floors.len()).map(|at| {
        let goes_first = |other: &usize| {
            rests[*other] > rests[at] || (rests[*other] == rests[at] && ranks[*other] < ranks[at])
        };
        let before = (0..floors.len()).filter(goes_first).count() as i128;
        whole.signum() * (floors[at] + i128::from(before < left_over))
    });
    parts.collect()
}

/// Returns the credits of all orders, in any order.
pub(crate) fn credits(rule: &Rule, touches: &[Touch<u8>], orders: &[Order]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (number, order) in orders.iter().enumerate() {
        let lines = order.lines.iter().enumerate();
        let sold: Vec<_> = lines
            .map(|(line, sold)| (line, sold, eligible(rule, touches, sold, order.time)))
            .filter(|(_, _, eligible)| !eligible.is_empty())
            .collect();
        let count = sold.len() as i128;
        for (at, (line, sold, eligible)) in sold.into_iter().enumerate() {
            let portion = 1_000_000 / count + i128::from((at as i128) < 1_000_000 % count);
            let credited = credited(rule, &eligible);
            let numerators: Vec<_> =
                credited.iter().map(|one| numerator(rule, one, &credited, order.time)).collect();
            let ranks: Vec<_> = credited.iter().map(|one| rank(one)).collect();
            let wholes = [
                sold.amount.micros().into(),
                sold.refunded.micros().into(),
                sold.quantity.thousandths().into(),
                sold.returned.thousandths().into(),
                1_000_000,
                portion,
            ];
            let columns = wholes.map(|whole| divided(whole, &numerators, &ranks));
            for (row, touch) in credited.iter().enumerate() {
                let [amount, refunded, quantity, returned, share, order] =
                    [0, 1, 2, 3, 4, 5].map(|column| columns[column][row]);
                parts.push((
                    number, line, touch.id, amount, refunded, quantity, returned, share, order,
                ));
            }
        }
    }
    parts
}

/// Returns the assists of all orders, in any order.
pub(crate) fn assists(rule: &Rule, touches: &[Touch<u8>], orders: &[Order]) -> Vec<Helper> {
    let mut helpers = Vec::new();
    for (number, order) in orders.iter().enumerate() {
        for (line, sold) in order.lines.iter().enumerate() {
            let eligible = eligible(rule, touches, sold, order.time);
            let credited = credited(rule, &eligible);
            let has_credit = |touch: &Touch<u8>| credited.iter().any(|one| one.id == touch.id);
            for touch in eligible.iter().filter(|touch| !has_credit(touch)) {
                let of_campaign =
                    || eligible.iter().filter(|other| other.campaign == touch.campaign);
                let counts = !of_campaign().any(|other| has_credit(other))
                    && of_campaign().all(|other| rank(other) <= rank(touch));
                helpers.push((number, line, touch.id, counts));
            }
        }
    }
    helpers
}
