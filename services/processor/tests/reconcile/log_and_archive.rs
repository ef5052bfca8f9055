//! The records of the log, and the objects of the archive.

use std::path::PathBuf;

use archive::{ArchivedRecord, Header, ObjectKey, Stored};
use control_plane::{Archived, BatchPlan, Group, Skip};
use log::{LogRange, Offset, Partition};
use rdkafka::{
    ClientConfig, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
};
use stream::{Entry, LogReader, delete_topics, ensure_topics};

use crate::stand::{PARTITIONS, Stand};

impl Stand {
    /// Returns a reader of the log.
    pub(crate) fn reader(&self) -> LogReader {
        LogReader::new(&self.dependencies.kafka, self.dependencies.router.clone()).unwrap()
    }

    /// Returns one past the last record of each partition, ascending.
    pub(crate) async fn ends(&self) -> [Offset; PARTITIONS as usize] {
        let mut ends = self.reader().ends().await.unwrap();
        ends.sort_unstable();
        let ends: Vec<_> = ends.into_iter().map(|(_, end)| end).collect();
        ends.try_into().unwrap()
    }

    /// Returns every record of the log in the form of the archive.
    pub(crate) async fn copy_log(&self) -> Vec<(LogRange, Vec<ArchivedRecord>)> {
        let mut objects = Vec::new();
        for partition in Partition::all(PARTITIONS) {
            let whole = self.whole(partition).await;
            let bounds = self.reader().bounds(partition).await.unwrap();
            let mut stream = self.reader().read_range(partition, bounds).unwrap();
            while let Some(batch) = stream.next(7).await.unwrap() {
                let records: Vec<_> = batch.entries.iter().map(archived).collect();
                let first = records[0].offset;
                let last = records[records.len() - 1].offset;
                objects.push((whole.with(first, last), records));
            }
        }
        objects
    }

    /// Puts records into the archive and records their objects in the ledger.
    pub(crate) async fn archive(&self, objects: Vec<(LogRange, Vec<ArchivedRecord>)>) {
        let ledger = self.dependencies.control_plane.ledger();
        for (range, records) in objects {
            let times = records.iter().map(|record| record.log_time);
            let logged_from = times.clone().min().unwrap();
            let logged_to = times.max().unwrap();
            let archive = &self.dependencies.archive;
            let object = archive.write(ObjectKey(range), records).await.unwrap();
            let stored = archive.put(&object).await.unwrap();
            let Stored { records, bytes, sha256 } = stored;
            let object = Archived { range, records, bytes, sha256, logged_from, logged_to };
            let LogRange { generation, partition, first, last } = range;
            let taken = ledger.take(Group::Archive, generation, partition, "test");
            let mut lease = taken.await.unwrap();
            if lease.next.offset < first {
                lease = ledger.advance(&lease, first, logged_from).await.unwrap();
            }
            let plan = BatchPlan { first, last, skip: Skip::default(), destinations: Vec::new() };
            ledger.plan(&lease, &plan).await.unwrap();
            ledger.mark_archived(&lease, &object).await.unwrap();
        }
    }

    /// Returns the files of all objects, sorted.
    pub(crate) fn objects(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.archive_folder()];
        let mut objects = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { objects.push(path) }
            }
        }
        objects.sort();
        objects
    }

    /// Deletes every record of the log, as if all had expired.
    pub(crate) async fn empty_log(&self) {
        let client: AdminClient<_> = ClientConfig::new()
            .set("bootstrap.servers", &self.dependencies.kafka.brokers)
            .create()
            .unwrap();
        let mut ends = TopicPartitionList::new();
        for partition in 0..i32::from(PARTITIONS) {
            let topic = &self.dependencies.kafka.events_topic;
            ends.add_partition_offset(topic, partition, rdkafka::Offset::End).unwrap();
        }
        client.delete_records(&ends, &AdminOptions::new()).await.unwrap();
    }

    /// Deletes the log and creates another in its place.
    pub(crate) async fn recreate_log(&self) {
        delete_topics(&self.dependencies.kafka).await.unwrap();
        ensure_topics(&self.dependencies.kafka).await.unwrap();
    }
}

fn archived(entry: &Entry) -> ArchivedRecord {
    let record = entry.record().clone();
    let header = |(name, value): (&str, Option<&[u8]>)| Header {
        name: name.to_owned(),
        value: value.map(|value| value.to_vec().into()),
    };
    ArchivedRecord {
        offset: record.offset,
        log_time: record.log_time,
        key: record.key.clone(),
        headers: record.headers.iter().map(header).collect(),
        payload: record.payload.clone(),
    }
}
