//! Batches, rebuilds, crashes and losses in any order: readers always get correct numbers, and in
//! the end all of them.

use std::{collections::BTreeMap, time::Duration};

use aggregates::{ApplyOutcome, ChainStart, Finish, LiveDelta, LiveSeries, Rebuild, whole_after};
use chrono::{NaiveDate, TimeDelta, Utc};
use log::{Offset, Partition};
use metrics::{Counter, QuarterHour, TimeRange};
use proptest::{collection::vec, prelude::*};
use redis::AsyncCommands;
use tenancy::TenantContext;

use crate::stand::{GENERATION, Stand, campaign, clicks_and_spend, place, tenant};

const PARTITIONS: u16 = 2;
const REBUILDERS: usize = 2;
/// The other rebuilder may join at once: the test needs two at a time.
const ALONE: Duration = Duration::ZERO;

#[derive(Clone, Debug)]
enum Step {
    /// A partition's log receives events of these ages in hours.
    Append(Partition, Vec<u8>),
    /// The owner of a partition sends what it has not sent yet.
    Work(Partition),
    /// A former owner sends the log again, in one batch from an offset on.
    Zombie(Partition, usize),
    /// A rebuilder does its next step.
    Rebuild(usize),
    /// A rebuilder forgets what it has done.
    Crash(usize),
    /// An operator requests a rebuild.
    Request,
    /// Redis loses everything.
    Wipe,
    /// Redis loses only the chain.
    LoseChain,
    /// Redis writes its file.
    Save,
    /// Redis restarts with that file.
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    let partition = (0..PARTITIONS).prop_map(Partition::new);
    prop_oneof![
        4 => (partition.clone(), vec(0..60_u8, 1..4)).prop_map(|(one, ages)| Step::Append(one, ages)),
        6 => partition.clone().prop_map(Step::Work),
        1 => (partition, 0..8_usize).prop_map(|(one, first)| Step::Zombie(one, first)),
        8 => (0..REBUILDERS).prop_map(Step::Rebuild),
        1 => (0..REBUILDERS).prop_map(Step::Crash),
        1 => Just(Step::Request),
        1 => Just(Step::Wipe),
        1 => Just(Step::LoseChain),
        1 => Just(Step::Save),
        1 => Just(Step::Restore),
    ]
}

/// A rebuilder: the rebuild it joined, the steps it has done, the days that are left.
struct Rebuilder {
    rebuild: Rebuild,
    steps: Vec<String>,
    left: Vec<NaiveDate>,
}

/// The platform around a Redis.
struct World {
    stand: Stand,
    acme: TenantContext,
    /// Quarter hours of the events of each partition.
    logs: Vec<Vec<QuarterHour>>,
    /// Where the owner of each partition continues, and where its fence is known to have been.
    next: Vec<Offset>,
    noted: Vec<Offset>,
    rebuilders: Vec<Option<Rebuilder>>,
    file: Vec<(String, Vec<u8>)>,
}

impl World {
    async fn new() -> Self {
        let stand = Stand::bare().await;
        let partitions = usize::from(PARTITIONS);
        Self {
            acme: tenant("acme").await,
            logs: vec![Vec::new(); partitions],
            next: vec![Offset::ZERO; partitions],
            noted: vec![Offset::ZERO; partitions],
            rebuilders: (0..REBUILDERS).map(|_| None).collect(),
            file: Vec::new(),
            stand,
        }
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Append(partition, ages) => {
                let log = &mut self.logs[index(*partition)];
                log.extend(ages.iter().map(|age| {
                    QuarterHour::containing(Utc::now() - TimeDelta::hours(i64::from(*age)))
                }));
            }
            Step::Work(partition) => self.work(*partition).await,
            Step::Zombie(partition, first) => self.zombie(*partition, *first).await,
            Step::Rebuild(rebuilder) => self.rebuild(*rebuilder).await,
            Step::Crash(rebuilder) => self.rebuilders[*rebuilder] = None,
            Step::Request => self.stand.aggregates.request_rebuild().await.unwrap(),
            Step::Wipe => self.restore(&[]).await,
            Step::LoseChain => {
                let chain = self.stand.key("chain");
                self.stand.redis.del::<_, ()>(chain).await.unwrap();
            }
            Step::Save => self.file = self.dump().await,
            Step::Restore => {
                let file = std::mem::take(&mut self.file);
                self.restore(&file).await;
                self.file = file;
            }
        }
    }

    fn deltas(&self, quarters: &[QuarterHour]) -> Vec<LiveDelta> {
        let mut counts = BTreeMap::<_, u64>::new();
        quarters.iter().for_each(|quarter| *counts.entry(*quarter).or_default() += 1);
        let delta =
            |(quarter, clicks)| LiveDelta { quarter, ..self.stand.delta(&campaign(), clicks) };
        counts.into_iter().map(delta).collect()
    }

    /// Sends the log from `first` to its end.
    async fn send(&self, partition: Partition, first: Offset) -> ApplyOutcome {
        let log = &self.logs[index(partition)];
        let deltas = self.deltas(&log[usize::try_from(first.get()).unwrap()..]);
        let deltas = vec![self.acme.scope(deltas)];
        let last = log.len() as u64 - 1;
        self.stand.apply_to(partition, first.get(), last, &[], deltas).await
    }

    async fn work(&mut self, partition: Partition) {
        let at = index(partition);
        let fences = self.stand.aggregates.fences(GENERATION, partition).await.unwrap();
        let [(_, fence)] = fences[..] else { panic!("one slot group") };
        let end = Offset::new(self.logs[at].len() as u64);
        if end == self.next[at] {
            // What an owner without work checks.
            match fence {
                Some(fence) => self.next[at] = self.next[at].min(fence),
                None => self.start(partition).await,
            }
            return;
        }
        match self.send(partition, self.next[at]).await {
            ApplyOutcome::Applied | ApplyOutcome::AlreadyApplied => self.next[at] = end,
            ApplyOutcome::ChainBroken { fence: Some(fence) } => self.next[at] = fence,
            ApplyOutcome::ChainBroken { fence: None } => self.start(partition).await,
        }
        self.noted[at] = self.noted[at].max(self.next[at]);
    }

    async fn start(&self, partition: Partition) {
        let start = ChainStart {
            next: place(partition, self.next[index(partition)].get()),
            partitions: PARTITIONS,
            seen: None,
            whole_from: whole_after(Utc::now()),
            is_first: false,
        };
        assert!(self.stand.start_chain(&start).await);
    }

    async fn zombie(&self, partition: Partition, first: usize) {
        let end = self.logs[index(partition)].len();
        if first < end && self.next[index(partition)].get() == end as u64 {
            // The outcome does not matter: the owner has sent all of it.
            let _ = self.send(partition, Offset::new(first as u64)).await;
        }
    }

    async fn rebuild(&mut self, rebuilder: usize) {
        let aggregates = &self.stand.aggregates;
        let slot_group = aggregates.slot_groups().next().unwrap();
        let name = rebuilder.to_string();
        let joined = aggregates.join_rebuild(slot_group, &name, ALONE).await.unwrap();
        let Some(rebuild) = joined else { return self.rebuilders[rebuilder] = None };
        let known = self.rebuilders[rebuilder].take().filter(|known| known.rebuild == rebuild);
        let mut work = known.unwrap_or_else(|| {
            let days = rebuild.from.date_naive().iter_days().take(5).collect();
            Rebuilder { rebuild, steps: Vec::new(), left: days }
        });
        match work.left.pop() {
            Some(day) => self.add_day(&mut work, day).await,
            None => match aggregates.finish_rebuild(&work.rebuild, &work.steps).await.unwrap() {
                Finish::Whole | Finish::StepsMissing | Finish::Over => return,
            },
        }
        self.rebuilders[rebuilder] = Some(work);
    }

    async fn add_day(&self, work: &mut Rebuilder, day: NaiveDate) {
        let before_start = |at: usize| {
            let log = &self.logs[at];
            log.iter().take(usize::try_from(work.rebuild.starts[at].get()).unwrap())
        };
        let mut quarters: Vec<_> = (0..self.logs.len()).flat_map(before_start).copied().collect();
        quarters.retain(|quarter| {
            quarter.start().date_naive() == day && quarter.start() >= work.rebuild.from
        });
        if quarters.is_empty() {
            return;
        }
        let counters = self.stand.aggregates.for_tenant(&self.acme);
        let deltas = self.deltas(&quarters);
        let step = counters.add_base(&work.rebuild, &campaign(), day, &deltas).await.unwrap();
        work.steps.extend(step);
    }

    /// Reads as a reader that knows where the fences have been.
    async fn read(&self) -> LiveSeries {
        let range = self.range();
        let partitions = Partition::all(PARTITIONS).zip(&self.noted);
        let noted: Vec<_> =
            partitions.map(|(partition, next)| place(partition, next.get())).collect();
        let reader = self.stand.aggregates.for_tenant(&self.acme);
        reader.campaign_series(&campaign(), range, &noted).await.unwrap()
    }

    fn range(&self) -> TimeRange {
        let now = self.stand.now.hour();
        TimeRange::covering(now - TimeDelta::hours(65), now + TimeDelta::hours(1)).unwrap()
    }

    /// Checks that readers get the sum of everything before the fences, or nothing. Returns whether
    /// all hours are whole.
    async fn check_read(&self) -> bool {
        let read = self.read().await;
        let Some(covered) = read.covered else { return false };
        let mut expected = metrics::QuarterSeries::new();
        for partition in Partition::all(PARTITIONS) {
            let fences = self.stand.aggregates.fences(GENERATION, partition).await.unwrap();
            let fence = usize::try_from(fences[0].1.expect("a chain").get()).unwrap();
            let log = &self.logs[index(partition)][..fence];
            for quarter in log.iter().filter(|quarter| covered.contains(quarter.start())) {
                expected.entry(*quarter).or_default().merge(&clicks_and_spend(1));
            }
        }
        assert_eq!(read.series, expected, "in {covered:?}");
        covered == self.range()
    }

    /// Works until readers get every event.
    async fn complete(&mut self) {
        for _ in 0..40 {
            for partition in Partition::all(PARTITIONS) {
                self.work(partition).await;
            }
            self.rebuild(0).await;
            let end = |(log, next): (&Vec<_>, &Offset)| log.len() as u64 == next.get();
            let done = self.logs.iter().zip(&self.next).all(end);
            if self.check_read().await && done {
                let clicks = self.read().await.series;
                let clicks: u64 = clicks.values().map(|sums| sums.count(Counter::Clicks)).sum();
                let sent: usize = self.logs.iter().map(Vec::len).sum();
                assert_eq!(clicks, sent as u64);
                return;
            }
        }
        panic!("the hours never became whole");
    }

    async fn keys(&self) -> Vec<String> {
        let pattern = format!("{}_*", self.stand.settings.namespace);
        self.stand.redis.clone().keys(pattern).await.unwrap()
    }

    async fn dump(&self) -> Vec<(String, Vec<u8>)> {
        let mut file = Vec::new();
        for key in self.keys().await {
            let value: Vec<u8> = redis::cmd("DUMP")
                .arg(&key)
                .query_async(&mut self.stand.redis.clone())
                .await
                .unwrap();
            file.push((key, value));
        }
        file
    }

    async fn restore(&self, file: &[(String, Vec<u8>)]) {
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        let keys = self.keys().await;
        if !keys.is_empty() {
            pipeline.del(keys).ignore();
        }
        for (key, value) in file {
            pipeline.cmd("RESTORE").arg(key).arg(3_600_000).arg(value.as_slice()).ignore();
        }
        pipeline.exec_async(&mut self.stand.redis.clone()).await.unwrap();
    }
}

fn index(partition: Partition) -> usize {
    usize::from(partition.get())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_correct_and_in_the_end_no_event_is_lost_or_counted_twice(
        steps in vec(step(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.take(step).await;
                world.check_read().await;
            }
            world.complete().await;
            world.restore(&[]).await;
        });
    }
}
