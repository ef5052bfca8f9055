use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tenancy::{ClientId, Destination};
use tokio::time::sleep;
use uuid::Uuid;
use warehouse::{InsertError, LogFrontier, PieceTally, RowLane, RowPiece, Warehouse};

use super::{pass::Pass, places::frontier};
use crate::ProcessorError;

/// For how long a comparison goes on at a time: others are moved in turn.
const SLICE: Duration = Duration::from_secs(5);

/// Rejects that were received this short ago may be on one side only, for a moment.
pub(super) const REJECTS_SETTLE: TimeDelta = TimeDelta::seconds(60);

/// How far the clock of a collector, which a reject has its time of, may be ahead.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

/// How often a piece that differs is copied again within one slice.
const ATTEMPTS: u32 = 5;

/// Whether a comparison makes the sides equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It changes nothing.
    None,
    /// What differs is copied from the source.
    Copy,
}

/// Compares a tenant's rows in the source with those in the target.
pub(super) struct Comparison<'a> {
    pub(super) warehouse: &'a Warehouse,
    pub(super) client_id: &'a ClientId,
    pub(super) source: Destination,
    pub(super) target: Destination,
    /// Rows received earlier are deleted or about to be, and may be on one side only. It is not when they expire: a
    /// row that has expired is there until its rollup is kept.
    pub(super) rows_from: DateTime<Utc>,
    pub(super) effect: Effect,
    /// The most rows that are copied in a second.
    pub(super) rows_per_second: u64,
}

impl Comparison<'_> {
    /// Continues a pass for a while. Returns whether it is complete.
    pub(super) async fn proceed(&self, pass: &mut Pass) -> Result<bool, ProcessorError> {
        let began = Instant::now();
        let below = frontier(&pass.below);
        let lanes = self.lanes(&below).await?;
        pass.total_rows = lanes.values().map(|(source, _)| source).sum();
        for lane in lanes.into_keys() {
            let end = below.end(lane.generation, lane.partition);
            let Some(mut next) = pass.start_of(lane) else { continue };
            while next < end {
                let last = end.previous();
                let piece = self
                    .warehouse
                    .next_piece(&self.source, self.client_id, lane, next, last)
                    .await?;
                let rows = self.compare(piece, pass).await?;
                pass.compared_rows += rows;
                next = if piece.last == last { end } else { piece.last.next() };
                pass.go_to(lane, next);
                if began.elapsed() > SLICE {
                    return Ok(false);
                }
            }
        }
        if !self.kept_days(pass).await? {
            return Ok(false);
        }
        self.rejects(pass).await?;
        Ok(true)
    }

    /// Whether the target runs nothing that a former attempt began, also in a process that froze.
    pub(super) async fn is_settled(&self) -> Result<bool, ProcessorError> {
        let names = self.names();
        Ok(self.warehouse.is_settled(&self.target, self.client_id, &names).await?)
    }

    /// Whether both sides have as many rows in each lane, and the same kept rollups.
    pub(super) async fn counts_agree(&self, below: &LogFrontier) -> Result<bool, ProcessorError> {
        let lanes = self.lanes(below).await?;
        let rows_agree = lanes.values().all(|(source, target)| source == target);
        Ok(rows_agree && self.kept_days_that_differ().await?.is_empty())
    }

    /// Returns how many rows the source and the target have in each lane.
    async fn lanes(
        &self,
        below: &LogFrontier,
    ) -> Result<BTreeMap<RowLane, (u64, u64)>, ProcessorError> {
        let mut lanes = BTreeMap::<_, (u64, u64)>::new();
        for (lane, rows) in self.warehouse.row_lanes(&self.source, self.client_id, below).await? {
            lanes.entry(lane).or_default().0 = rows;
        }
        for (lane, rows) in self.warehouse.row_lanes(&self.target, self.client_id, below).await? {
            lanes.entry(lane).or_default().1 = rows;
        }
        lanes.retain(|lane, _| self.retains(lane.day));
        Ok(lanes)
    }

    fn retains(&self, day: NaiveDate) -> bool {
        day >= self.rows_from.date_naive()
    }

    /// Compares a piece, and copies it if it differs. Returns how many rows the source has of it.
    async fn compare(&self, piece: RowPiece, pass: &mut Pass) -> Result<u64, ProcessorError> {
        let mut attempt = 0;
        loop {
            let source = self.tally(&self.source, piece).await?;
            let target = self.tally(&self.target, piece).await?;
            if source == target {
                return Ok(source.rows);
            }
            if attempt == 0 {
                pass.differences += 1;
            }
            attempt += 1;
            if self.effect == Effect::None || attempt > ATTEMPTS {
                return Ok(source.rows);
            }
            if target.rows > 0 {
                self.warehouse.remove_piece(&self.target, self.client_id, piece).await?;
            }
            pass.copied_rows += self.copy(piece).await?;
        }
    }

    async fn tally(
        &self,
        destination: &Destination,
        piece: RowPiece,
    ) -> Result<PieceTally, ProcessorError> {
        Ok(self.warehouse.piece_tally(destination, self.client_id, piece).await?)
    }

    /// Copies a piece, not faster than allowed. What is in doubt is compared again.
    async fn copy(&self, piece: RowPiece) -> Result<u64, ProcessorError> {
        let began = Instant::now();
        // An earlier attempt of this name may have been removed: the server would drop another one.
        let name = format!("{}{}", self.names(), Uuid::now_v7());
        let copied = self
            .warehouse
            .copy_piece(&self.source, &self.target, self.client_id, piece, &name)
            .await;
        let rows = match copied {
            Ok(rows) => rows,
            Err(InsertError::InDoubt(error)) => {
                tracing::warn!(%name, %error, "a copied piece is compared again");
                0
            }
            Err(error) => return Err(error.into()),
        };
        self.not_faster(rows, began).await;
        Ok(rows)
    }

    /// Waits until as many rows may have been copied since a copy began.
    async fn not_faster(&self, rows: u64, began: Instant) {
        let least = Duration::from_secs_f64(rows as f64 / self.rows_per_second.max(1) as f64);
        sleep(least.saturating_sub(began.elapsed())).await;
    }

    /// Returns how the names of all copies of the tenant's rows begin.
    fn names(&self) -> String {
        format!("move:{}:", self.client_id)
    }

    /// Copies the kept rollups of days that differ, for a while, and counts the days that still do. Returns whether
    /// it is complete.
    async fn kept_days(&self, pass: &mut Pass) -> Result<bool, ProcessorError> {
        let began = Instant::now();
        let mut differ = self.kept_days_that_differ().await?;
        if self.effect == Effect::Copy && !differ.is_empty() {
            for (day, sums) in differ {
                if !self.copy_kept_day(day, sums).await? {
                    break;
                }
                if began.elapsed() > SLICE {
                    return Ok(false);
                }
            }
            differ = self.kept_days_that_differ().await?;
        }
        pass.differences += differ.len() as u64;
        Ok(true)
    }

    /// Copies the kept rollups of a day, which are so many sums. Returns whether both sides have the same.
    async fn copy_kept_day(&self, day: NaiveDate, sums: u64) -> Result<bool, ProcessorError> {
        let began = Instant::now();
        let (from, to, names) = (&self.source, &self.target, self.names());
        let copied = self.warehouse.copy_kept_day(from, to, self.client_id, day, &names).await;
        let agrees = match copied {
            Ok(agrees) => agrees,
            Err(InsertError::InDoubt(error)) => {
                tracing::warn!(%day, %error, "the kept rollups of a day are copied again");
                false
            }
            Err(error) => return Err(error.into()),
        };
        self.not_faster(sums, began).await;
        Ok(agrees)
    }

    /// Returns the days of which one side has other kept rollups, each with the number of sums in the source.
    async fn kept_days_that_differ(&self) -> Result<BTreeMap<NaiveDate, u64>, ProcessorError> {
        let source = self.warehouse.kept_tallies(&self.source, self.client_id).await?;
        let target = self.warehouse.kept_tallies(&self.target, self.client_id).await?;
        let days: BTreeSet<_> = source.keys().chain(target.keys()).copied().collect();
        let differing = days.into_iter().filter(|day| source.get(day) != target.get(day));
        let sums = |day| source.get(&day).map(|tally| tally.sums).unwrap_or_default();
        Ok(differing.map(|day| (day, sums(day))).collect())
    }

    /// Copies the rejects of days that differ, and counts the days that still do. All of them are copied, also those
    /// that were received a moment ago: what the source has of before the cut has to be in the target. Those are not
    /// compared: they may be on one side only, for a moment.
    async fn rejects(&self, pass: &mut Pass) -> Result<(), ProcessorError> {
        let now = Utc::now();
        if self.effect == Effect::Copy {
            let all = now + CLOCKS;
            for day in self.days_that_differ(all).await? {
                let (from, to) = (&self.source, &self.target);
                self.warehouse.copy_rejects(from, to, self.client_id, day, all).await?;
            }
        }
        pass.differences += self.days_that_differ(now - REJECTS_SETTLE).await?.len() as u64;
        Ok(())
    }

    /// Returns the days that have other rejects on one side, of those that were received before `until`.
    async fn days_that_differ(
        &self,
        until: DateTime<Utc>,
    ) -> Result<Vec<NaiveDate>, ProcessorError> {
        let source = self.warehouse.reject_days(&self.source, self.client_id, until).await?;
        let target = self.warehouse.reject_days(&self.target, self.client_id, until).await?;
        let days: BTreeSet<_> = source.keys().chain(target.keys()).copied().collect();
        let differ = |day: &NaiveDate| self.retains(*day) && source.get(day) != target.get(day);
        Ok(days.into_iter().filter(differ).collect())
    }
}
