use std::{collections::BTreeMap, path::Path, time::Duration};

use stream::delete_topics;
use tenancy::Destination;
use testkit::{Platform, Preparation};

use super::Stored;
use crate::{
    Failure,
    clickhouse::{ClickHouse, Tables, all_merged},
    measure::{Meter, Profile, Role, peak_bytes, servers},
    options::Common,
    platform::{prepared, with_api},
    shops::{Filled, Requests, Retailers, Sizes, fill},
};

/// The longest wait for all rows.
const TIMEOUT: Duration = Duration::from_secs(900);

/// A platform whose log holds events that no processor has seen.
pub(crate) struct Waiting {
    pub(crate) platform: Platform,
    pub(crate) filled: Filled,
    pub(crate) destinations: Vec<(Destination, Vec<String>)>,
}

impl Waiting {
    /// Fills the log of a platform with events of its tenants.
    ///
    /// # Errors
    /// A server fails.
    pub(crate) async fn of(
        platform: Platform,
        retailers: &Retailers,
        events: u32,
        sizes: Sizes,
    ) -> Result<Self, Failure> {
        Self::of_requests(platform, retailers, events, sizes, Requests::LARGE).await
    }

    /// Does the same with events of such requests.
    ///
    /// # Errors
    /// A server fails.
    pub(crate) async fn of_requests(
        platform: Platform,
        retailers: &Retailers,
        events: u32,
        sizes: Sizes,
        requests: Requests,
    ) -> Result<Self, Failure> {
        let ids = retailers.tenants().map(|tenant| tenant.id.as_str());
        let filled = fill(&platform, ids.zip(retailers.shares(events)), sizes, requests).await?;
        let destinations = retailers.destinations()?;
        Ok(Self { platform, filled, destinations })
    }

    /// Runs the store sink until every row is visible and the merges have ended.
    ///
    /// # Errors
    /// Rows are missing or doubled.
    pub(crate) async fn store(&self, common: &Common) -> Result<Stored, Failure> {
        let tables = Tables::of(&self.destinations).await?;
        all_merged().await?;
        let mut processor = self.platform.spawn(&["processor", "--sink", "store"]);
        let id = processor.id();
        let meter = Meter::start(servers().into_iter().chain([(Role::Measured, id)]));
        let profile = Profile::start(common, "store", id)?;
        let rate = tables.rate_until(self.filled.rows, TIMEOUT).await;
        profile.map_or(Ok(()), Profile::finish)?;
        let rate = rate.map_err(|error| format!("{error}\n{}", processor.last_lines()))?;
        all_merged().await?;
        let cpu = meter.read();
        let memory = peak_bytes(id);
        processor.kill();
        Ok(Stored { rows: self.filled.rows, rate, cpu, memory })
    }

    /// Removes the rows, the tables of single tenants and the topics.
    ///
    /// # Errors
    /// A server fails.
    pub(crate) async fn remove(self) -> Result<(), Failure> {
        remove_rows(&self.destinations).await?;
        Ok(delete_topics(&self.platform.log()).await?)
    }
}

/// Creates a migrated platform with a log of `partitions` partitions; no process runs yet.
pub(crate) async fn platform_of(program: &Path, partitions: u16) -> Platform {
    platform_with(program, partitions, BTreeMap::new()).await
}

async fn platform_with(
    program: &Path,
    partitions: u16,
    mut settings: BTreeMap<String, String>,
) -> Platform {
    settings.insert("FOOTFALL__KAFKA__PARTITIONS".to_owned(), partitions.to_string());
    let program = Some(program.to_owned());
    prepared(Preparation { program, settings, ..Preparation::default() }).await
}

/// Creates such a platform with tenants in all tiers, and returns both; no process runs then.
pub(crate) async fn onboarded(
    program: &Path,
    partitions: u16,
    tenants: u32,
) -> (Platform, Retailers) {
    onboarded_with(program, partitions, tenants, BTreeMap::new()).await
}

/// Does the same with more settings of the platform's processes.
pub(crate) async fn onboarded_with(
    program: &Path,
    partitions: u16,
    tenants: u32,
    settings: BTreeMap<String, String>,
) -> (Platform, Retailers) {
    let platform = platform_with(program, partitions, settings).await;
    let retailers = {
        let _api = with_api(&platform).await;
        Retailers::onboard(&platform, tenants as usize).await
    };
    (platform, retailers)
}

/// Removes the rows of some tenants, and the databases of single tenants.
///
/// # Errors
/// A server fails.
pub(crate) async fn remove_rows(
    destinations: &[(Destination, Vec<String>)],
) -> Result<(), Failure> {
    for (Destination { cluster, database }, tenants) in destinations {
        let server = ClickHouse::of(cluster.as_str());
        let statement = match database.starts_with("tenant_") {
            true => format!("DROP DATABASE {database} SYNC"),
            false => format!(
                "ALTER TABLE {database}.events DELETE WHERE client_id IN ('{}') \
                 SETTINGS mutations_sync = 1",
                tenants.join("', '"),
            ),
        };
        server.run(statement).await?;
    }
    Ok(())
}
