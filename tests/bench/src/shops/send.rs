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

/// Sends events of a tenant to the collector.
///
/// # Errors
/// A request is not accepted.
pub(crate) async fn send(
    platform: &Platform,
    tenant: &Tenant,
    events: usize,
) -> Result<(), Failure> {
    let address = address(&platform.collector("/"))?;
    let mut shop = Shop::new(1, Sizes::default());
    let key = Some(tenant.collect_key.as_str());
    let mut connection = Connection::open(address).await?;
    for _ in 0..events.div_ceil(BATCH) {
        let lines = shop.lines(BATCH, Utc::now());
        let request = post(address, "/v1/events", key, "application/x-ndjson", lines.as_bytes());
        match connection.ask(&request).await? {
            202 => {}
            status => return Err(format!("the collector answered {status}").into()),
        }
    }
    Ok(())
}
