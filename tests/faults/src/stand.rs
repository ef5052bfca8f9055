//! A platform under test: tenants of every tier, shops that send, clients of the live streams.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use serde_json::json;
use telemetry::{Counter, Gauge};
use testkit::{Platform, Preparation, Process, Tenant, Tier, free_address, program};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    Failure,
    load::{CAMPAIGNS, Load, Target, Traffic},
    oracle::{
        Answers, Differences, Journal, LiveStream, Sources, Stores, archived, compare,
        drop_database, set_window,
    },
};

/// The program with failpoints, which runs unless a scenario names another.
pub(crate) const PROGRAM: &str = "footfall-with-failpoints";
/// Enough partitions for several members; each partition needs its own inserts.
const PARTITIONS: u16 = 3;
/// How long the platform may take to count everything, once all servers run again.
const CATCH_UP: Duration = Duration::from_secs(300);
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// How long a process may take to become ready, or to stop.
const PROCESS_TIMEOUT: Duration = Duration::from_secs(60);
/// The greatest age of a spool gauge.
const GAUGE_AGE: Duration = Duration::from_millis(1_500);

/// A platform under test.
pub(crate) struct Stand {
    pub(crate) platform: Platform,
    pub(crate) stores: Stores,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) journal: Arc<Journal>,
    /// The address that the shops send to: the collector, or a proxy in front of it.
    collector: String,
    members: BTreeMap<String, Process>,
    /// The metrics address of each processor.
    processors: BTreeMap<String, String>,
    streams: Vec<Vec<(&'static str, LiveStream)>>,
    /// The clients of the live streams; they end on drop.
    _watching: JoinSet<()>,
}

/// The verdict of a run.
pub(crate) struct Verdict {
    pub(crate) differences: Differences,
    pub(crate) answers: Answers,
    pub(crate) events: u64,
    /// The time from the last answer until everything was counted.
    pub(crate) caught_up: Duration,
}

impl Verdict {
    /// The verdict of a run without a platform.
    pub(crate) fn of_model(differences: Differences) -> Self {
        let answers = Answers::default();
        Self { differences, answers, events: 0, caught_up: Duration::ZERO }
    }
}

impl Stand {
    /// Prepares a platform with collector and API; the scenario starts processors.
    pub(crate) async fn prepare(preparation: Preparation) -> Result<Self, Failure> {
        Self::prepare_behind_proxy(preparation, None).await
    }

    /// Prepares a platform whose shops send to the address of a proxy.
    pub(crate) async fn prepare_behind_proxy(
        preparation: Preparation,
        proxy: Option<String>,
    ) -> Result<Self, Failure> {
        let mut settings = preparation.settings;
        settings.entry("FOOTFALL__KAFKA__PARTITIONS".to_owned()).or_insert(PARTITIONS.to_string());
        let program = preparation.program.or_else(|| Some(program(PROGRAM)));
        let platform = Platform::prepare_as(Preparation { program, settings, ..preparation }).await;
        let stores = Stores::of(&platform).await?;
        let collector = proxy.unwrap_or_else(|| platform.collector(""));
        let mut stand = Self {
            stores,
            tenants: Vec::new(),
            journal: Arc::new(Journal::create(
                &platform.folder().join("journal.ndjson"),
                Tier::ALL.len(),
            )?),
            collector,
            members: BTreeMap::new(),
            processors: BTreeMap::new(),
            streams: Vec::new(),
            _watching: JoinSet::new(),
            platform,
        };
        stand.start("collector", &["collector"], []);
        stand.start("api", &["api"], []);
        stand.wait_until_ready().await?;
        // Every partition has events of every tenant: a member without events reaches no step.
        let limits = json!({"partition_spread": PARTITIONS});
        for tier in Tier::ALL {
            stand.tenants.push(stand.platform.onboard_limited(tier, limits.clone()).await);
        }
        stand.open_streams();
        Ok(stand)
    }

    /// Reopens every live stream, as clients do after a lost connection.
    pub(crate) fn reopen_streams(&mut self) {
        self._watching.abort_all();
        self.streams.clear();
        self.open_streams();
    }

    fn open_streams(&mut self) {
        for tenant in &self.tenants {
            let mut followed = Vec::new();
            for campaign in CAMPAIGNS {
                let stream = LiveStream::default();
                let url = self.platform.api(&format!("/v1/campaigns/{campaign}/live"));
                let key = tenant.read_key.clone();
                let client = self.platform.client().clone();
                self._watching.spawn(stream.clone().follow(client, url, key));
                followed.push((campaign, stream));
            }
            self.streams.push(followed);
        }
    }

    /// Starts a member under a name. An earlier member of that name is dropped.
    pub(crate) fn start<'a>(
        &mut self,
        name: &str,
        arguments: &[&str],
        more: impl IntoIterator<Item = (&'a str, String)>,
    ) {
        let process = self.platform.spawn_as(name, arguments, more);
        self.members.insert(name.to_owned(), process);
    }

    /// Starts a processor with a name that stays the same over restarts.
    pub(crate) fn start_processor<'a>(
        &mut self,
        name: &str,
        more: impl IntoIterator<Item = (&'a str, String)>,
    ) {
        let bind = free_address();
        self.processors.insert(name.to_owned(), bind.clone());
        let own =
            [("FOOTFALL__PROCESSOR__INSTANCE", name.to_owned()), ("FOOTFALL__METRICS__BIND", bind)];
        self.start(name, &["processor"], own.into_iter().chain(more));
    }

    /// Returns a member.
    pub(crate) fn member(&mut self, name: &str) -> Result<&mut Process, Failure> {
        Ok(self.members.get_mut(name).ok_or_else(|| format!("there is no {name}"))?)
    }

    /// Kills a member with `kill -9`.
    pub(crate) fn kill(&mut self, name: &str) -> Result<(), Failure> {
        let mut process = self.members.remove(name).ok_or_else(|| format!("there is no {name}"))?;
        if let Some(status) = process.exited() {
            return Err(
                format!("{name} ended by itself ({status}):\n{}", process.last_lines()).into()
            );
        }
        process.kill();
        Ok(())
    }

    /// Stops a member with `SIGTERM`, and waits until it has ended.
    pub(crate) async fn stop(&mut self, name: &str) -> Result<(), Failure> {
        let mut process = self.detach(name)?;
        process.terminate();
        let deadline = Instant::now() + PROCESS_TIMEOUT;
        while process.exited().is_none() {
            if Instant::now() > deadline {
                return Err(format!("{name} did not stop in {PROCESS_TIMEOUT:?}").into());
            }
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// Removes a running member from the checked ones. The process is killed on drop.
    pub(crate) fn detach(&mut self, name: &str) -> Result<Process, Failure> {
        Ok(self.members.remove(name).ok_or_else(|| format!("there is no {name}"))?)
    }

    /// Waits until collector and API are ready.
    pub(crate) async fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let urls = [self.platform.api("/readyz"), self.platform.collector("/readyz")];
        let deadline = Instant::now() + PROCESS_TIMEOUT;
        for url in urls {
            loop {
                let answer = self.platform.client().get(&url).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
                self.check_all_running()?;
                if Instant::now() > deadline {
                    return Err(format!("{url} is not ready after {PROCESS_TIMEOUT:?}").into());
                }
                sleep(POLL_INTERVAL).await;
            }
        }
        Ok(())
    }

    /// Fails when a member ended that was not killed.
    pub(crate) fn check_all_running(&mut self) -> Result<(), Failure> {
        for (name, process) in &mut self.members {
            if let Some(status) = process.exited() {
                let lines = process.last_lines();
                return Err(format!("{name} ended by itself ({status}):\n{lines}").into());
            }
        }
        Ok(())
    }

    /// Starts the shops.
    pub(crate) fn load(&self, traffic: Traffic, seed: u64) -> Load {
        let target = |tenant: &Tenant| Target {
            url: format!("{}/v1/events", self.collector),
            key: tenant.collect_key.clone(),
        };
        let targets = self.tenants.iter().map(target).collect();
        Load::start(traffic, targets, Arc::clone(&self.journal), seed)
    }

    /// Waits until the platform reports that everything is counted, and compares all data.
    pub(crate) async fn verdict(mut self) -> Result<Verdict, Failure> {
        self.check_all_running()?;
        let began = Instant::now();
        self.wait_until_drained().await?;
        self.wait_until_counted(Utc::now() + TimeDelta::seconds(1)).await?;
        let caught_up = began.elapsed();
        let mut verdict = Verdict {
            differences: Differences::default(),
            answers: self.journal.answers(),
            events: 0,
            caught_up,
        };
        let nothing = BTreeSet::new();
        let folder = self.platform.folder().join("archive");
        let (ledger, keys) = (self.stores.ledger(), self.stores.data_keys());
        let archived = archived(ledger, keys, &folder, &mut verdict.differences).await?;
        for (number, (tenant, streams)) in self.tenants.iter().zip(&self.streams).enumerate() {
            let sent = self.journal.sent(number);
            verdict.events += sent.values().filter(|sent| sent.accepted).count() as u64;
            let platform = &self.platform;
            let stores = &self.stores;
            let archived = archived.get(&tenant.id).unwrap_or(&nothing);
            let sources = Sources { platform, stores, tenant, streams, archived };
            verdict.differences.merge(compare(&sources, &sent).await?);
        }
        if verdict.events == 0 {
            return Err("no event was accepted, so the run proves nothing".into());
        }
        if verdict.differences.none() {
            self.clean_up().await?;
        } else {
            keep_files(self.platform.folder())?;
        }
        Ok(verdict)
    }

    /// Removes the data of the platform: long runs create hundreds of platforms.
    async fn clean_up(self) -> Result<(), Failure> {
        for tenant in &self.tenants {
            let context = self.stores.context(tenant).await?;
            drop_database(self.platform.client(), &context).await?;
        }
        let folder = self.platform.folder().clone();
        drop(self);
        // A disk that is still mounted there stays.
        let _ = fs::remove_dir_all(folder);
        Ok(())
    }

    /// Waits until every sink has processed the events received up to now.
    pub(crate) async fn wait_for_progress(&mut self, within: Duration) -> Result<(), Failure> {
        let moment = Utc::now();
        let deadline = Instant::now() + within;
        while self.stores.as_of().await?.is_none_or(|as_of| as_of < moment) {
            self.check_all_running()?;
            if Instant::now() > deadline {
                keep_files(self.platform.folder())?;
                return Err(format!("no progress of every sink within {within:?}").into());
            }
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// Waits until the collector has drained its spool to the log.
    pub(crate) async fn wait_until_drained(&mut self) -> Result<(), Failure> {
        // The gauge lags behind the spool.
        sleep(GAUGE_AGE).await;
        let deadline = Instant::now() + CATCH_UP;
        while self.spooled_bytes().await != Some(0) {
            self.check_all_running()?;
            if Instant::now() > deadline {
                keep_files(self.platform.folder())?;
                return Err(format!("the spool is not empty after {CATCH_UP:?}").into());
            }
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    async fn wait_until_counted(&mut self, moment: chrono::DateTime<Utc>) -> Result<(), Failure> {
        let deadline = Instant::now() + CATCH_UP;
        loop {
            let as_of = self.stores.as_of().await.ok().flatten();
            if as_of.is_some_and(|as_of| as_of >= moment) {
                return Ok(());
            }
            self.check_all_running()?;
            if Instant::now() > deadline {
                keep_files(self.platform.folder())?;
                return Err(format!(
                    "not everything is counted {CATCH_UP:?} after the last answer: as of {as_of:?}"
                )
                .into());
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Returns a counter of one processor; 0 without an answer.
    pub(crate) async fn counter(&self, processor: &str, counter: Counter) -> u64 {
        let Some(address) = self.processors.get(processor) else { return 0 };
        let url = format!("http://{address}/metrics");
        let Ok(answer) = self.platform.client().get(url).send().await else { return 0 };
        let Ok(metrics) = answer.text().await else { return 0 };
        metric(&metrics, counter.name()).unwrap_or(0)
    }

    /// Sets the deduplication window of each tenant's table in ClickHouse to this number of tokens.
    pub(crate) async fn set_windows(&self, tokens: u32) -> Result<(), Failure> {
        for tenant in &self.tenants {
            let context = self.stores.context(tenant).await?;
            set_window(self.platform.client(), &context, tokens).await?;
        }
        Ok(())
    }

    /// Returns the bytes in the collector's spool; `None` without an answer.
    pub(crate) async fn spooled_bytes(&self) -> Option<u64> {
        let answer = self.platform.client().get(self.platform.metrics()).send().await;
        let metrics = answer.ok()?.error_for_status().ok()?.text().await.ok()?;
        metric(&metrics, Gauge::SpoolBytes.name())
    }
}

/// Returns the sum of a metric's series; `None` without a series.
pub(crate) fn metric(metrics: &str, name: &str) -> Option<u64> {
    let of = |line: &str| {
        let rest = line.strip_prefix(name)?;
        let value =
            rest.strip_prefix(' ').or_else(|| Some(rest.strip_prefix('{')?.rsplit_once(' ')?.1))?;
        value.trim().parse::<f64>().ok()
    };
    let values: Vec<_> = metrics.lines().filter_map(of).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() as u64)
}

/// Copies the files of a platform to the folder of failed runs, for analysis.
pub(crate) fn keep_files(folder: &Path) -> Result<(), Failure> {
    let name = folder.file_name().ok_or("a platform's folder has a name")?;
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.footfall/faults/kept").join(name);
    fs::create_dir_all(&kept)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), kept.join(entry.file_name()))?;
        }
    }
    Ok(())
}
