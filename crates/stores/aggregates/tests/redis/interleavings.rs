//! Batches, rebuilds, crashes and losses in any order: what readers are given is always right, and
//! in the end it is all there.

use std::{collections::BTreeMap, time::Duration};

use aggregates::{ChainStart, Finish, LiveDelta, LiveSeries, Outcome, Rebuild, whole_after};
use chrono::{NaiveDate, TimeDelta, Utc};
use metrics::{Counter, QuarterHour, TimeRange};
use proptest::{collection::vec, prelude::*};
use redis::AsyncCommands;
use tenancy::TenantContext;

use crate::stand::{KGEN, Stand, campaign, clicks_and_spend, tenant};

const PARTITIONS: u16 = 2;
const REBUILDERS: usize = 2;
/// Another may join at once: two rebuilders at a time are what is tested.
const ALONE: Duration = Duration::ZERO;

#[derive(Clone, Debug)]
enum Step {
    /// Events come into a partition's log, so many hours old.
    Append(u16, Vec<u8>),
    /// The owner of a partition sends what it has not sent yet.
    Work(u16),
    /// A former owner sends the whole log once more, in one batch from an offset on.
    Zombie(u16, usize),
    /// A rebuilder does its next step.
    Rebuild(usize),
    /// A rebuilder forgets what it has done.
    Crash(usize),
    /// Somebody asks for a rebuild.
    Request,
    /// Redis loses everything.
    Wipe,
    /// Redis loses the chain alone.
    LoseChain,
    /// Redis writes its file.
    Save,
    /// Redis comes back with that file.
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    let partition = 0..PARTITIONS;
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

/// A rebuilder: what it joined, what it has done, what is left.
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
    /// Where each owner goes on, and how far its fences are known to have been.
    next: Vec<u64>,
    reached: Vec<u64>,
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
            next: vec![0; partitions],
            reached: vec![0; partitions],
            rebuilders: (0..REBUILDERS).map(|_| None).collect(),
            file: Vec::new(),
            stand,
        }
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Append(partition, ages) => {
                let log = &mut self.logs[usize::from(*partition)];
                log.extend(ages.iter().map(|age| {
                    QuarterHour::containing(Utc::now() - TimeDelta::hours(i64::from(*age)))
                }));
            }
            Step::Work(partition) => self.work(*partition).await,
            Step::Zombie(partition, first) => self.zombie(*partition, *first).await,
            Step::Rebuild(who) => self.rebuild(*who).await,
            Step::Crash(who) => self.rebuilders[*who] = None,
            Step::Request => self.stand.aggregates.request_rebuild().await.unwrap(),
            Step::Wipe => self.put_back(&[]).await,
            Step::LoseChain => {
                let chain = self.stand.key("chain");
                self.stand.redis.del::<_, ()>(chain).await.unwrap();
            }
            Step::Save => self.file = self.dump().await,
            Step::Restore => {
                let file = std::mem::take(&mut self.file);
                self.put_back(&file).await;
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

    async fn send(&self, partition: u16, first: u64, last: u64) -> Outcome {
        let range = usize::try_from(first).unwrap()..=usize::try_from(last).unwrap();
        let deltas = self.deltas(&self.logs[usize::from(partition)][range]);
        let deltas = vec![self.acme.scope(deltas)];
        self.stand.apply_to(partition, first, last, &[], deltas).await
    }

    async fn work(&mut self, partition: u16) {
        let at = usize::from(partition);
        let fences = self.stand.aggregates.fences(KGEN, partition).await.unwrap();
        let [(bucket, fence)] = fences[..] else { panic!("one bucket") };
        let end = self.logs[at].len() as u64;
        if end == self.next[at] {
            // What an idle owner looks after.
            match fence {
                Some(fence) => self.next[at] = self.next[at].min(fence),
                None => self.start(partition).await,
            }
            return;
        }
        match self.send(partition, self.next[at], end - 1).await {
            Outcome::Applied | Outcome::AlreadyApplied => self.next[at] = end,
            Outcome::ChainBroken { fence: Some(fence) } => self.next[at] = fence,
            Outcome::ChainBroken { fence: None } => self.start(partition).await,
        }
        self.reached[at] = self.reached[at].max(self.next[at]);
        let _ = bucket;
    }

    async fn start(&self, partition: u16) {
        let start = ChainStart {
            kgen: KGEN,
            partition,
            partitions: PARTITIONS,
            seen: None,
            next_offset: self.next[usize::from(partition)],
            whole_from: whole_after(Utc::now()),
            is_first: false,
        };
        assert!(self.stand.start_chain(&start).await);
    }

    async fn zombie(&self, partition: u16, first: usize) {
        let end = self.logs[usize::from(partition)].len();
        if first < end && self.next[usize::from(partition)] == end as u64 {
            // Whatever comes of it: the owner has sent all of it.
            let _ = self.send(partition, first as u64, end as u64 - 1).await;
        }
    }

    async fn rebuild(&mut self, who: usize) {
        let aggregates = &self.stand.aggregates;
        let bucket = aggregates.buckets().next().unwrap();
        let name = who.to_string();
        let joined = aggregates.join_rebuild(bucket, &name, ALONE).await.unwrap();
        let Some(rebuild) = joined else { return self.rebuilders[who] = None };
        let known = self.rebuilders[who].take().filter(|known| known.rebuild == rebuild);
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
        self.rebuilders[who] = Some(work);
    }

    async fn add_day(&self, work: &mut Rebuilder, day: NaiveDate) {
        let below = |at: usize| {
            let log = &self.logs[at];
            log.iter().take(usize::try_from(work.rebuild.starts[at]).unwrap())
        };
        let mut quarters: Vec<_> = (0..self.logs.len()).flat_map(below).copied().collect();
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

    /// What a reader is given who knows how far the fences have been.
    async fn read(&self) -> LiveSeries {
        let range = self.range();
        let noted: Vec<_> =
            (0..).zip(&self.reached).map(|(partition, next)| (KGEN, partition, *next)).collect();
        let reader = self.stand.aggregates.for_tenant(&self.acme);
        reader.campaign_series(&campaign(), range, &noted).await.unwrap()
    }

    fn range(&self) -> TimeRange {
        let now = self.stand.now.hour();
        TimeRange::covering(now - TimeDelta::hours(65), now + TimeDelta::hours(1)).unwrap()
    }

    /// Readers are given the sum of everything below the fences, or nothing.
    async fn must_be_right(&self) -> bool {
        let read = self.read().await;
        let Some(covered) = read.covered else { return false };
        let mut expected = metrics::QuarterSeries::new();
        for partition in 0..PARTITIONS {
            let fences = self.stand.aggregates.fences(KGEN, partition).await.unwrap();
            let fence = usize::try_from(fences[0].1.expect("a chain")).unwrap();
            let log = &self.logs[usize::from(partition)][..fence];
            for quarter in log.iter().filter(|quarter| covered.contains(quarter.start())) {
                expected.entry(*quarter).or_default().merge(&clicks_and_spend(1));
            }
        }
        assert_eq!(read.series, expected, "in {covered:?}");
        covered == self.range()
    }

    async fn all_is_there(&mut self) {
        for _ in 0..40 {
            for partition in 0..PARTITIONS {
                self.work(partition).await;
            }
            self.rebuild(0).await;
            let end = |(log, next): (&Vec<_>, &u64)| log.len() as u64 == *next;
            let done = self.logs.iter().zip(&self.next).all(end);
            if self.must_be_right().await && done {
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

    async fn put_back(&self, file: &[(String, Vec<u8>)]) {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_right_and_in_the_end_nothing_is_lost_or_doubled(
        steps in vec(step(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.take(step).await;
                world.must_be_right().await;
            }
            world.all_is_there().await;
            world.put_back(&[]).await;
        });
    }
}
