//! Re-sends, compared with a model that remembers everything.
#![cfg(test)]

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use recent_ids::{Memory, RecentIds};
use tenancy::ClientId;
use uuid::Uuid;

/// A record of the log: its time, and the tenant and the id if it is an event.
#[derive(Clone, Debug)]
struct Record {
    time: DateTime<Utc>,
    event: Option<(ClientId, Uuid)>,
}

/// A step in the life of a `RecentIds`.
#[derive(Clone, Debug)]
enum Step {
    /// It decides about the next records.
    Decide(usize),
    /// Another process decided; the records are added.
    CatchUp(usize),
    /// Earlier records are decided again.
    GoBack(usize),
    /// It is dropped; a new one is built from the log.
    Rebuild,
}

fn tenant(number: u8) -> ClientId {
    format!("tenant-{number}").parse().unwrap()
}

/// Clocks mostly advance, sometimes by hours, and sometimes go back.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![
        600 => 0..30_i64,
        3 => 600..7_200_i64,
        1 => 36_000..100_000_i64,
        1 => -7_200..0_i64,
        1 => Just(-100_000_i64),
        1 => Just(86_400_i64),
    ]
}

fn log() -> impl Strategy<Value = Vec<Record>> {
    let record = (pause(), 0..3_u8, 0..1_000_u128, prop::bool::weighted(0.95), 0..1_000_i64);
    prop::collection::vec(record, 1..3_000).prop_map(|drawn| {
        let mut at = DateTime::from_timestamp(1_900_000_000, 0).unwrap();
        let records = drawn.into_iter().map(|(pause, number, id, is_event, millis)| {
            at += TimeDelta::seconds(pause);
            let event = is_event.then(|| (tenant(number), Uuid::from_u128(id << 100 | id)));
            Record { time: at + TimeDelta::milliseconds(millis), event }
        });
        records.collect()
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..800_usize).prop_map(Step::Decide),
        1 => (1..800_usize).prop_map(Step::CatchUp),
        3 => (1..500_usize).prop_map(Step::GoBack),
        1 => Just(Step::Rebuild),
    ];
    prop::collection::vec(step, 1..12)
}

/// Decides by the definition: everything is remembered forever.
fn model(log: &[Record]) -> Vec<bool> {
    let mut last_seen = HashMap::new();
    let mut now = i64::MIN;
    let decide = |record: &Record| {
        now = now.max(record.time.timestamp());
        let Some(event) = record.event.clone() else { return false };
        let before = last_seen.insert(event, now);
        before.is_some_and(|before| now - before <= 86_400)
    };
    log.iter().map(decide).collect()
}

/// Returns the start of the window of the record at `next`.
fn since(log: &[Record], next: usize) -> DateTime<Utc> {
    let time = log.get(next).or(log.last()).unwrap().time;
    DateTime::from_timestamp(time.timestamp(), 0).unwrap() - RecentIds::WINDOW
}

fn remember(ids: &mut RecentIds, log: &[Record], to: usize) {
    let next = usize::try_from(ids.next()).unwrap();
    for (offset, Record { time, event }) in log.iter().enumerate().take(to).skip(next) {
        match event {
            Some((client, id)) => ids.remember(offset as u64, *time, client, *id).unwrap(),
            None => ids.pass(offset as u64, *time),
        }
    }
}

fn decide(ids: &mut RecentIds, log: &[Record], offset: usize) -> bool {
    let Record { time, event } = &log[offset];
    match event {
        Some((client, id)) => ids.is_resend(offset as u64, *time, client, *id).unwrap(),
        None => {
            ids.pass(offset as u64, *time);
            false
        }
    }
}

fn rebuild(memory: &Memory, log: &[Record], to: usize) -> RecentIds {
    let since = since(log, to);
    let start = log.iter().position(|record| record.time >= since).unwrap_or(to).min(to);
    let mut ids = RecentIds::new(memory, start as u64, since);
    remember(&mut ids, log, to);
    ids
}

fn check_steps(memory: &Memory, log: &[Record], steps: &[Step]) -> Result<(), TestCaseError> {
    let expected = model(log);
    let mut ids = rebuild(memory, log, 0);
    let mut at = 0;
    for step in steps.iter().chain([&Step::Decide(log.len())]) {
        match step {
            Step::Decide(count) => {
                for _ in 0..(*count).min(log.len() - at) {
                    prop_assert_eq!(decide(&mut ids, log, at), expected[at], "record {}", at);
                    at += 1;
                }
            }
            Step::CatchUp(count) => {
                at += (*count).min(log.len() - at);
                remember(&mut ids, log, at);
            }
            Step::GoBack(count) => {
                at = at.saturating_sub(*count);
                if ids.rewind(at as u64, since(log, at)) {
                    prop_assert!(ids.next() <= at as u64);
                    remember(&mut ids, log, at);
                } else {
                    ids = rebuild(memory, log, at);
                }
            }
            Step::Rebuild => ids = rebuild(memory, log, at),
        }
    }
    Ok(())
}

/// Runs `check_steps` on many logs with a memory of `limit` bytes.
fn check(limit: usize, cases: u32) {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::new(limit, folder.path()).unwrap();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    proptest!(config, |(log in log(), steps in steps())| check_steps(&memory, &log, &steps)?);
}

#[test]
fn decides_as_the_model_when_all_ids_are_in_memory() {
    check(1 << 30, 200);
}

#[test]
fn decides_as_the_model_when_memory_contains_many_runs() {
    check(100 << 10, 200);
}

#[test]
fn decides_as_the_model_when_most_ids_are_on_disk() {
    check(8 << 10, 12);
}

#[test]
fn decides_as_the_model_when_all_but_the_newest_ids_are_on_disk() {
    check(0, 4);
}
