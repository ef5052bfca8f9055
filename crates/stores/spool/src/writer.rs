//! The thread that writes the segments.

use std::{
    fs::{self, File},
    io,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use failpoints::{Step, reach};
use telemetry::{Counter, Histogram};

use crate::{
    SpoolSettings,
    contents::Stored,
    disk::{Disk, is_full},
    error::Refusal,
    folder::private,
    frame::{FRAME_BYTES, assemble},
    header::{HEADER_BYTES, Header, Marker},
    proof::prove,
    queue::Append,
    shared::Shared,
};

/// The pause before each proof of a disk in doubt.
const BETWEEN_PROOFS: Duration = Duration::from_secs(1);

/// Writes groups of appends and makes each group durable by one fsync before it answers.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    settings: SpoolSettings,
    disk: Box<dyn Disk>,
    next_sequence: u64,
    active: Option<Active>,
    /// After a failed fsync: when to try the next proof.
    next_proof: Option<Instant>,
    frame: Vec<u8>,
}

/// The segment that is being written, which this process began.
struct Active {
    file: File,
    stored: Stored,
    since: Instant,
}

/// Why a group was not written.
enum Failure {
    /// There is no room; the spool is unchanged.
    Full,
    /// The write may be durable or not.
    Broken(io::Error),
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        settings: SpoolSettings,
        disk: Box<dyn Disk>,
        next_sequence: u64,
    ) -> Self {
        let active = None;
        let next_proof = None;
        let frame = Vec::new();
        Self { shared, settings, disk, next_sequence, active, next_proof, frame }
    }

    /// Runs until the queue is closed.
    pub(crate) fn run(mut self) {
        loop {
            let work = self.shared.queue.take(BETWEEN_PROOFS);
            if self.next_proof.is_some_and(|at| at <= Instant::now()) {
                self.prove();
            }
            if !work.appends.is_empty() {
                let outcome = self.group(&work.appends);
                for append in work.appends {
                    // A caller that no longer waits needs no answer.
                    let _ = append.answer.send(outcome);
                }
            }
            if work.seal {
                self.seal();
            }
            if work.closed {
                return;
            }
        }
    }

    fn group(&mut self, appends: &[Append]) -> Result<(), Refusal> {
        if self.next_proof.is_some() {
            return Err(Refusal::InDoubt);
        }
        self.write(appends).map_err(|failure| match failure {
            Failure::Full => Refusal::Full,
            Failure::Broken(error) => {
                self.mark_in_doubt(&error);
                Refusal::InDoubt
            }
        })
    }

    fn write(&mut self, appends: &[Append]) -> Result<(), Failure> {
        let bodies: Vec<_> = appends.iter().map(|append| &append.body).collect();
        let length = (FRAME_BYTES + bodies.iter().map(|body| body.len()).sum::<usize>()) as u64;
        self.shared.room_for(&self.settings, length).map_err(|_| Failure::Full)?;
        let is_complete = |active: &Active, settings: &SpoolSettings| {
            active.stored.end >= settings.segment_bytes()
                || active.since.elapsed() >= settings.segment_age()
        };
        if self.active.as_ref().is_some_and(|active| is_complete(active, &self.settings)) {
            self.seal();
        }
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.begin()?,
        };
        assemble(&mut self.frame, active.stored.header.marker, &bodies);
        let written = self.append(&active, length);
        if written.is_ok() {
            active.stored.end += length;
            self.shared.contents().active = Some(active.stored);
            self.shared.changed.notify_one();
        }
        self.active = Some(active);
        written
    }

    /// Appends the frame to the segment, durably.
    fn append(&mut self, active: &Active, length: u64) -> Result<(), Failure> {
        let end = active.stored.end;
        if let Err(error) = self.disk.write(&active.file, &self.frame, end) {
            // A part of the frame may be written: cut it off.
            let cut = active.file.set_len(end);
            return Err(if is_full(&error) && cut.is_ok() {
                Failure::Full
            } else {
                Failure::Broken(error)
            });
        }
        reach(Step::SpoolAppend);
        let began = Instant::now();
        self.disk.sync(&active.file).map_err(Failure::Broken)?;
        Histogram::SpoolSyncSeconds.observe(&[], began.elapsed());
        reach(Step::SpoolFsync);
        tracing::trace!(segment = active.stored.sequence, end = end + length, "durable");
        Ok(())
    }

    /// Begins a new segment: its header and its name are durable before records are added.
    fn begin(&mut self) -> Result<Active, Failure> {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let path = self.shared.folder.segment(sequence);
        let created = self.create(sequence);
        created.map_err(|error| {
            // If this fails, the next start removes the empty segment.
            let _ = fs::remove_file(path);
            if is_full(&error) { Failure::Full } else { Failure::Broken(error) }
        })
    }

    fn create(&mut self, sequence: u64) -> io::Result<Active> {
        let mut marker = Marker::default();
        getrandom::fill(&mut marker).map_err(io::Error::other)?;
        let header = Header { created_at: SystemTime::now(), marker };
        let file = private().create_new(true).open(self.shared.folder.segment(sequence))?;
        self.disk.write(&file, &header.to_bytes(), 0)?;
        self.disk.sync(&file)?;
        self.disk.sync_folder(self.shared.folder.file())?;
        let stored = Stored { sequence, header, end: HEADER_BYTES as u64 };
        Ok(Active { file, stored, since: Instant::now() })
    }

    /// Ends the active segment, so that it can be drained.
    fn seal(&mut self) {
        let Some(active) = self.active.take() else {
            return;
        };
        let mut contents = self.shared.contents();
        contents.active = None;
        if !active.stored.is_empty() {
            contents.sealed.push_back(active.stored);
            self.shared.changed.notify_one();
        }
    }

    /// Ends the active segment, and writes nothing until the disk is proved good. Records that
    /// earlier fsyncs made durable are drained as usual.
    fn mark_in_doubt(&mut self, error: &io::Error) {
        Counter::SpoolDiskFailures.inc(&[]);
        tracing::error!(%error, "the spool's disk failed and is in doubt, events are refused");
        if let Some(active) = &self.active {
            // For tidiness only: the rest of the frame was not acknowledged.
            let _ = active.file.set_len(active.stored.end);
        }
        self.seal();
        self.shared.contents().in_doubt = true;
        self.next_proof = Some(Instant::now() + BETWEEN_PROOFS);
    }

    fn prove(&mut self) {
        match prove(&mut *self.disk, &self.shared.folder) {
            Ok(()) => {
                tracing::info!("the spool's disk works again");
                self.next_proof = None;
                self.shared.contents().in_doubt = false;
            }
            Err(error) => {
                tracing::debug!(%error, "the spool's disk is still in doubt");
                self.next_proof = Some(Instant::now() + BETWEEN_PROOFS);
            }
        }
    }
}

impl Drop for Writer {
    /// Drops the waiting appends, so that no caller waits forever even after a panic.
    fn drop(&mut self) {
        self.shared.queue.close();
        drop(self.shared.queue.take(Duration::ZERO));
    }
}
