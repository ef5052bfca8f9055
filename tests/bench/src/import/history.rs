use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

use chrono::Utc;
use testkit::{Platform, Tenant};
use tokio::time::Instant;

use crate::{
    Failure,
    log_end::LogEnd,
    measure::{Meter, Profile, Role, servers},
    options::Common,
    shops::{Shop, Sizes},
    sink::Processed,
};

/// A file of events, one a line.
pub(super) struct History {
    path: PathBuf,
    events: u64,
}

impl History {
    /// Writes the file into the folder of a platform.
    ///
    /// # Errors
    /// The disk is full.
    pub(super) fn write(platform: &Platform, events: u32) -> Result<Self, Failure> {
        let path = platform.folder().join("history.ndjson");
        let mut shop = Shop::new(1, Sizes::default());
        let now = Utc::now();
        let mut file = BufWriter::new(File::create(&path)?);
        for _ in 0..events {
            writeln!(file, "{}", shop.event(now))?;
        }
        file.flush()?;
        Ok(Self { path, events: events.into() })
    }

    /// Runs `footfall import` to its end. `collector` is the collector's process.
    ///
    /// # Errors
    /// Kafka does not have all events when the command ends.
    pub(super) async fn import(
        &self,
        common: &Common,
        platform: &Platform,
        tenant: &Tenant,
        collector: u32,
    ) -> Result<Processed, Failure> {
        let file = self.path.to_str().ok_or("the file has no readable path")?;
        let url = platform.collector("/");
        let key = tenant.import_key.as_str();
        let arguments = ["import", "--format", "ndjson", "--collector", &url, "--key", key, file];
        let end = LogEnd::of(platform)?;
        let before = end.records().await?;
        let meter = Meter::start(servers().into_iter().chain([(Role::Measured, collector)]));
        let began = Instant::now();
        let mut import = platform.spawn(&arguments);
        let profile = Profile::start(common, "import", import.id())?;
        import.ended().await;
        let took = began.elapsed();
        let cpu = meter.read();
        profile.map_or(Ok(()), Profile::finish)?;
        let received = end.records().await? - before;
        if received < self.events {
            let events = self.events;
            return Err(format!("Kafka has {received} of {events} imported events").into());
        }
        let events = self.events as f64;
        Ok(Processed { events, rate: events / took.as_secs_f64(), cpu, memory: f64::NAN })
    }
}
