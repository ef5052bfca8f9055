//! Answers to random queries must fit each other: what is true of sums is true of them, whatever the
//! events are. The events are those of the recount.

mod check;
mod numbers;
mod trial;

use std::cell::Cell;

use crate::{
    deck::Deck,
    recount::{Catalogue, DAYS, EVENTS, Shops, range, requests},
};
use check::Check;
use trial::Trial;

/// The number of random queries; each is compared with at least thirteen others.
const TRIALS: usize = 170;
/// The least number of queries and of comparisons.
const LEAST: usize = 2_000;

#[tokio::test]
async fn answers_to_random_queries_fit_each_other() {
    let mut deck = Deck::new();
    let shops = Shops::open().await;
    shops.send(&requests()).await;
    shops.have_counted(&range(DAYS), EVENTS).await;
    let (_, tenant) = &shops.tenants[0];
    let catalogue = Catalogue::of(&shops.platform, tenant).await;

    let trials: Vec<_> = (0..TRIALS).map(|_| Trial::random(&mut deck, &catalogue)).collect();
    deck.every_option_was_used();
    let asked = Cell::new(0);
    let compared = Cell::new(0);
    let next = Cell::new(0);
    let work = async || {
        while let Some(trial) = trials.get(next.replace(next.get() + 1)) {
            let check = Check { shops: &shops, trial, asked: &asked, compared: &compared };
            check.every_relation().await;
        }
    };
    tokio::join!(work(), work(), work(), work());
    for number in [asked, compared] {
        assert!(number.get() >= LEAST, "{number:?}");
    }
}
