use chrono::Utc;
use testkit::{Platform, Tenant};

use super::{Shop, Sizes};
use crate::{
    Failure,
    load::{Connection, post},
    platform::address,
};

/// Events of one request.
const BATCH: usize = 500;

/// Sends at least `events` events of a tenant to the collector, and returns how many it has sent.
///
/// # Errors
/// A request is not accepted.
pub(crate) async fn send(
    platform: &Platform,
    tenant: &Tenant,
    events: usize,
) -> Result<usize, Failure> {
    let address = address(&platform.collector("/"))?;
    let mut shop = Shop::new(1, Sizes::default());
    let key = Some(tenant.collect_key.as_str());
    let mut connection = Connection::open(address).await?;
    let requests = events.div_ceil(BATCH);
    for _ in 0..requests {
        let lines = shop.lines(BATCH, Utc::now());
        let request = post(address, "/v1/events", key, "application/x-ndjson", lines.as_bytes());
        match connection.ask(&request).await? {
            202 => {}
            status => return Err(format!("the collector answered {status}").into()),
        }
    }
    Ok(requests * BATCH)
}
