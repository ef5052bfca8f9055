use std::net::SocketAddr;

use chrono::Utc;

use super::BATCH;
use crate::{
    load::post,
    shops::{Retailers, Shop, Sizes},
};

/// Different requests, which are sent in turn.
const SINGLES: u32 = 20_000;
const BATCHES: u32 = 500;

/// The requests of a run, made beforehand.
pub(super) struct Loads {
    /// The collector.
    pub(super) address: SocketAddr,
    /// Requests of one event.
    pub(super) singles: Vec<Vec<u8>>,
    /// Requests of [`BATCH`] events, one a line.
    pub(super) batches: Vec<Vec<u8>>,
    /// The same for the handler that only parses.
    pub(super) parse_only: Vec<Vec<u8>>,
    /// [`singles`](Self::singles) for the relay.
    pub(super) relayed_singles: Vec<Vec<u8>>,
    /// [`batches`](Self::batches) for the relay.
    pub(super) relayed_batches: Vec<Vec<u8>>,
}

impl Loads {
    /// Makes the requests of all tenants, mixed.
    pub(super) fn new(
        address: SocketAddr,
        bare: SocketAddr,
        relay: SocketAddr,
        retailers: &Retailers,
    ) -> Self {
        let mut shops: Vec<_> = (1..)
            .zip(retailers.tenants())
            .map(|(seed, tenant)| (Shop::new(seed, Sizes::default()), tenant))
            .collect();
        let now = Utc::now();
        let mut singles = Vec::new();
        let mut batches = Vec::new();
        let mut parse_only = Vec::new();
        let mut relayed_singles = Vec::new();
        let mut relayed_batches = Vec::new();
        let shares = retailers.shares(SINGLES).into_iter().zip(retailers.shares(BATCHES));
        for ((shop, tenant), (few, many)) in shops.iter_mut().zip(shares) {
            let key = Some(tenant.collect_key.as_str());
            for _ in 0..few {
                let event = shop.event(now);
                let kind = "application/json";
                singles.push(post(address, "/v1/events", key, kind, event.as_bytes()));
                relayed_singles.push(post(relay, "/events", None, kind, event.as_bytes()));
            }
            for _ in 0..many {
                let lines = shop.lines(BATCH, now);
                let kind = "application/x-ndjson";
                batches.push(post(address, "/v1/events", key, kind, lines.as_bytes()));
                parse_only.push(post(bare, "/events", None, kind, lines.as_bytes()));
                relayed_batches.push(post(relay, "/events", None, kind, lines.as_bytes()));
            }
        }
        let mut loads =
            Self { address, singles, batches, parse_only, relayed_singles, relayed_batches };
        for requests in [
            &mut loads.singles,
            &mut loads.batches,
            &mut loads.parse_only,
            &mut loads.relayed_singles,
            &mut loads.relayed_batches,
        ] {
            mix(requests);
        }
        loads
    }
}

/// Spreads the requests of each tenant over the whole list.
fn mix(requests: &mut [Vec<u8>]) {
    use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
    requests.shuffle(&mut StdRng::seed_from_u64(1));
}
