//! A platform under test: tenants in every tier, shops that send, clients that watch.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
    time::Duration,
};

use chrono::{TimeDelta, Utc};
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
        Answers, Differences, Journal, LiveStream, Place, Stores, archived, compare, drop_database,
        set_window,
    },
};

/// The program that has failpoints.
const PROGRAM: &str = "footfall-with-failpoints";
/// Enough for members to share; each costs inserts of its own.
const PARTITIONS: u16 = 3;
/// How long it may take until everything is counted, once all servers are there again.
const CATCH_UP: Duration = Duration::from_secs(300);
const AGAIN: Duration = Duration::from_millis(200);
/// How long a process may take until it is ready.
const READY: Duration = Duration::from_secs(60);
/// How old a gauge of the spool may be.
const GAUGED: Duration = Duration::from_millis(1_500);

/// A platform under test.
pub(crate) struct Stand {
    pub(crate) platform: Platform,
    pub(crate) stores: Stores,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) journal: Arc<Journal>,
    /// Where the shops send to: the collector, or a proxy before it.
    collector: String,
    members: BTreeMap<String, Process>,
    /// Where each processor shows its metrics.
    processors: BTreeMap<String, String>,
    streams: Vec<Vec<(&'static str, LiveStream)>>,
    /// The clients of the live streams; they end with this.
    _watching: JoinSet<()>,
}

/// What a run came to.
pub(crate) struct Verdict {
    pub(crate) differences: Differences,
    pub(crate) answers: Answers,
    pub(crate) events: u64,
    /// From the moment when the last answer came until all was counted.
    pub(crate) caught_up: Duration,
}

impl Verdict {
    /// That of a run without a platform.
    pub(crate) fn of_model(differences: Differences) -> Self {
        let answers = Answers::default();
        Self { differences, answers, events: 0, caught_up: Duration::ZERO }
    }
}

impl Stand {
    /// A platform with collector and API; processors are the scenario's.
    pub(crate) async fn prepare(more: Preparation) -> Result<Self, Failure> {
        Self::prepare_behind(more, None).await
    }

    /// The same, with the address of a proxy that the shops send to.
    pub(crate) async fn prepare_behind(
        more: Preparation,
        proxy: Option<String>,
    ) -> Result<Self, Failure> {
        let mut settings = more.settings;
        settings.entry("FOOTFALL__KAFKA__PARTITIONS".to_owned()).or_insert(PARTITIONS.to_string());
        let program = Some(program(PROGRAM));
        let platform = Platform::prepare_as(Preparation { program, settings, ..more }).await;
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
        stand.ready().await?;
        for tier in Tier::ALL {
            stand.tenants.push(stand.platform.onboard(tier).await);
        }
        stand.watch();
        Ok(stand)
    }

    /// Opens every live stream anew, as clients that have lost their connection do.
    pub(crate) fn watch_anew(&mut self) {
        self._watching.abort_all();
        self.streams.clear();
        self.watch();
    }

    fn watch(&mut self) {
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

    /// Starts a member under a name; one of that name that ran before is forgotten.
    pub(crate) fn start<'a>(
        &mut self,
        name: &str,
        arguments: &[&str],
        more: impl IntoIterator<Item = (&'a str, String)>,
    ) {
        let process = self.platform.spawn_as(name, arguments, more);
        self.members.insert(name.to_owned(), process);
    }

    /// Starts a processor that keeps its name over restarts.
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

    /// A running member.
    pub(crate) fn member(&mut self, name: &str) -> Result<&mut Process, Failure> {
        Ok(self.members.get_mut(name).ok_or_else(|| format!("there is no {name}"))?)
    }

    /// `kill -9`.
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

    /// `SIGTERM`, and waits until it is gone.
    pub(crate) async fn leave(&mut self, name: &str) -> Result<(), Failure> {
        let mut process = self.take_aside(name)?;
        process.terminate();
        let deadline = Instant::now() + READY;
        while process.exited().is_none() {
            if Instant::now() > deadline {
                return Err(format!("{name} did not leave in {READY:?}").into());
            }
            sleep(AGAIN).await;
        }
        Ok(())
    }

    /// A member that runs on and is no longer looked after; it is killed when dropped.
    pub(crate) fn take_aside(&mut self, name: &str) -> Result<Process, Failure> {
        Ok(self.members.remove(name).ok_or_else(|| format!("there is no {name}"))?)
    }

    /// Waits until collector and API are ready.
    pub(crate) async fn ready(&mut self) -> Result<(), Failure> {
        let urls = [self.platform.api("/readyz"), self.platform.collector("/readyz")];
        let deadline = Instant::now() + READY;
        for url in urls {
            loop {
                let asked = self.platform.client().get(&url).send().await;
                if asked.is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
                self.all_running()?;
                if Instant::now() > deadline {
                    return Err(format!("{url} is not ready after {READY:?}").into());
                }
                sleep(AGAIN).await;
            }
        }
        Ok(())
    }

    /// Fails when a member ended that nobody killed.
    pub(crate) fn all_running(&mut self) -> Result<(), Failure> {
        for (name, process) in &mut self.members {
            if let Some(status) = process.exited() {
                let lines = process.last_lines();
                return Err(format!("{name} ended by itself ({status}):\n{lines}").into());
            }
        }
        Ok(())
    }

    /// Lets the shops begin.
    pub(crate) fn load(&self, traffic: Traffic, seed: u64) -> Load {
        let target = |tenant: &Tenant| Target {
            url: format!("{}/v1/events", self.collector),
            key: tenant.collect_key.clone(),
        };
        let targets = self.tenants.iter().map(target).collect();
        Load::start(traffic, targets, Arc::clone(&self.journal), seed)
    }

    /// Waits until the platform says that everything is counted, and holds it to that.
    pub(crate) async fn verdict(mut self) -> Result<Verdict, Failure> {
        self.all_running()?;
        let began = Instant::now();
        self.drained().await?;
        self.counted_until(Utc::now() + TimeDelta::seconds(1)).await?;
        let caught_up = began.elapsed();
        let mut verdict = Verdict {
            differences: Differences::default(),
            answers: self.journal.answers(),
            events: 0,
            caught_up,
        };
        let nothing = BTreeSet::new();
        let folder = self.platform.folder().join("archive");
        let archived = archived(self.stores.ledger(), &folder, &mut verdict.differences).await?;
        for (number, (tenant, streams)) in self.tenants.iter().zip(&self.streams).enumerate() {
            let sent = self.journal.sent(number);
            verdict.events += sent.values().filter(|sent| sent.accepted).count() as u64;
            let (platform, stores) = (&self.platform, &self.stores);
            let archived = archived.get(&tenant.id).unwrap_or(&nothing);
            let place = Place { platform, stores, tenant, streams, archived };
            verdict.differences.merge(compare(&place, &sent).await?);
        }
        if verdict.events == 0 {
            return Err("not one event was accepted: this shows nothing".into());
        }
        if verdict.differences.none() {
            self.forget().await?;
        } else {
            keep(self.platform.folder())?;
        }
        Ok(verdict)
    }

    /// Removes what the platform wrote: long runs make hundreds of them.
    async fn forget(self) -> Result<(), Failure> {
        for tenant in &self.tenants {
            let context = self.stores.context(tenant).await?;
            drop_database(self.platform.client(), &context).await?;
        }
        let folder = self.platform.folder().clone();
        drop(self);
        // A disk that is still mounted in it stays.
        let _ = fs::remove_dir_all(folder);
        Ok(())
    }

    /// Waits until every sink has passed this moment.
    pub(crate) async fn moving(&mut self, within: Duration) -> Result<(), Failure> {
        let (moment, deadline) = (Utc::now(), Instant::now() + within);
        while self.stores.as_of().await?.is_none_or(|as_of| as_of < moment) {
            self.all_running()?;
            if Instant::now() > deadline {
                keep(self.platform.folder())?;
                return Err(format!("nothing moves on after {within:?}").into());
            }
            sleep(AGAIN).await;
        }
        Ok(())
    }

    /// Waits until the collector has brought everything into the log.
    pub(crate) async fn drained(&mut self) -> Result<(), Failure> {
        // The gauge is a little older than what it tells of.
        sleep(GAUGED).await;
        let deadline = Instant::now() + CATCH_UP;
        while self.spooled().await != Some(0) {
            self.all_running()?;
            if Instant::now() > deadline {
                keep(self.platform.folder())?;
                return Err(format!("the spool is not empty after {CATCH_UP:?}").into());
            }
            sleep(AGAIN).await;
        }
        Ok(())
    }

    async fn counted_until(&mut self, moment: chrono::DateTime<Utc>) -> Result<(), Failure> {
        let deadline = Instant::now() + CATCH_UP;
        loop {
            let as_of = self.stores.as_of().await.ok().flatten();
            if as_of.is_some_and(|as_of| as_of >= moment) {
                return Ok(());
            }
            self.all_running()?;
            if Instant::now() > deadline {
                keep(self.platform.folder())?;
                return Err(format!(
                    "not everything is counted {CATCH_UP:?} after the last answer: as of {as_of:?}"
                )
                .into());
            }
            sleep(AGAIN).await;
        }
    }

    /// A counter of one processor; 0 while it says nothing.
    pub(crate) async fn counter(&self, processor: &str, counter: Counter) -> u64 {
        let Some(address) = self.processors.get(processor) else { return 0 };
        let url = format!("http://{address}/metrics");
        let Ok(answer) = self.platform.client().get(url).send().await else { return 0 };
        let Ok(metrics) = answer.text().await else { return 0 };
        metric(&metrics, counter.name()).unwrap_or(0)
    }

    /// Lets ClickHouse remember no more than so many tokens of inserts in each of our tables.
    pub(crate) async fn set_windows(&self, tokens: u32) -> Result<(), Failure> {
        for tenant in &self.tenants {
            let context = self.stores.context(tenant).await?;
            set_window(self.platform.client(), &context, tokens).await?;
        }
        Ok(())
    }

    /// Bytes that the collector still has to bring into the log; `None` when it does not say.
    pub(crate) async fn spooled(&self) -> Option<u64> {
        let asked = self.platform.client().get(self.platform.metrics()).send().await;
        let metrics = asked.ok()?.error_for_status().ok()?.text().await.ok()?;
        metric(&metrics, Gauge::SpoolBytes.name())
    }
}

/// The sum of a metric's series; `None` when there is none.
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

/// Keeps what a platform wrote, for whoever looks into what went wrong.
pub(crate) fn keep(folder: &Path) -> Result<(), Failure> {
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
