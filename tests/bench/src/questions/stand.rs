use std::{net::SocketAddr, path::Path};

use ::clickhouse::Client as Driver;
use chrono::{DateTime, SecondsFormat, Utc};
use testkit::{Platform, Preparation, Process};

use crate::{
    Failure,
    clickhouse::ClickHouse,
    load::Target,
    platform::{address, prepared, with_api},
    shops::{SharedTenant, create_tenants, shared},
};

/// A build, with the tenants whose events are in the tables.
pub(super) struct Stand {
    pub(super) platform: Platform,
    pub(super) tenants: Vec<SharedTenant>,
}

/// A running api.
pub(super) struct Api {
    pub(super) process: Process,
    pub(super) address: SocketAddr,
}

impl Stand {
    /// Creates a platform and the tenants with these ids.
    ///
    /// # Errors
    /// A tenant cannot be created.
    pub(super) async fn prepare(
        program: &Path,
        ids: &[String],
        campaigns: usize,
    ) -> Result<Self, Failure> {
        let program = Some(program.to_owned());
        let platform = prepared(Preparation { program, ..Preparation::default() }).await;
        let tenants = create_tenants(&platform, ids, campaigns)?;
        Ok(Self { platform, tenants })
    }

    /// Starts an api. Each question has one of its own, whose memory and caches are not those of another
    /// question.
    ///
    /// # Errors
    /// Its address is not valid.
    pub(super) async fn api(&self) -> Result<Api, Failure> {
        let process = with_api(&self.platform).await;
        Ok(Api { process, address: address(&self.platform.api("/"))? })
    }

    /// Returns the tenant with half of the events.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn largest(&self) -> Result<&SharedTenant, Failure> {
        Ok(self.tenants.first().ok_or("no tenant was created")?)
    }

    /// Returns the tenant with a twentieth of the events.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn second(&self) -> Result<&SharedTenant, Failure> {
        Ok(self.tenants.get(1).ok_or("only one tenant was created")?)
    }
}

impl Api {
    /// Returns a target for the load generator.
    pub(super) fn target<'a>(&self, requests: &'a [Vec<u8>]) -> Target<'a> {
        Target { address: self.address, requests, status: 200, process: self.process.id() }
    }
}

/// Returns the driver of the services as the api uses it for a tenant.
///
/// # Errors
/// None is known.
pub(super) fn reader(tenant: &SharedTenant) -> Result<Driver, Failure> {
    Ok(ClickHouse::of("shared").reader(&shared()?.database, &tenant.id))
}

/// Returns a time as requests contain it.
pub(super) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
