use std::{
    collections::HashMap,
    fs::File,
    io::Write,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Failure, load::Event};

/// What was sent, and what was answered. Every line is written before the oracle relies on it, so
/// that the file says the same as this.
pub(crate) struct Journal {
    posts: AtomicU64,
    inner: Mutex<Inner>,
}

struct Inner {
    file: File,
    events: Vec<HashMap<Uuid, Sent>>,
    answers: Answers,
}

/// An event that was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) event: Event,
    /// Whether some answer said that it is accepted.
    pub(crate) accepted: bool,
}

/// How many answers of each sort came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answers {
    /// Requests sent, copies included.
    pub(crate) posts: u64,
    /// Answered 202.
    pub(crate) accepted: u64,
    /// Answered otherwise.
    pub(crate) refused: u64,
    /// Not answered.
    pub(crate) lost: u64,
}

/// What became of one request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// 202, with an outcome for each event.
    Accepted(Vec<bool>),
    /// Another status.
    Refused(u16),
    /// None came.
    Lost(String),
}

impl Journal {
    /// Writes to a new file, for so many tenants.
    pub(crate) fn create(path: &Path, tenants: usize) -> Result<Self, Failure> {
        let file = File::options().create_new(true).append(true).open(path)?;
        let events = vec![HashMap::new(); tenants];
        let inner = Mutex::new(Inner { file, events, answers: Answers::default() });
        Ok(Self { posts: AtomicU64::new(0), inner })
    }

    /// Notes that these events are about to be sent. Returns the request's number.
    pub(crate) fn sending(&self, tenant: usize, events: &[Event]) -> Result<u64, Failure> {
        let post = self.posts.fetch_add(1, Ordering::Relaxed);
        self.write(&json!({"post": post, "tenant": tenant, "events": events}), |inner| {
            inner.answers.posts += 1;
            if let Some(known) = inner.events.get_mut(tenant) {
                for event in events {
                    known.entry(event.id).or_insert(Sent { event: *event, accepted: false });
                }
            }
        })?;
        Ok(post)
    }

    /// Notes what the answer to a request was.
    pub(crate) fn answered(
        &self,
        post: u64,
        tenant: usize,
        events: &[Event],
        answer: &Answer,
    ) -> Result<(), Failure> {
        let line = match answer {
            Answer::Accepted(outcomes) => json!({"post": post, "accepted": outcomes}),
            Answer::Refused(status) => json!({"post": post, "status": status}),
            Answer::Lost(error) => json!({"post": post, "lost": error}),
        };
        self.write(&line, |inner| match answer {
            Answer::Accepted(outcomes) => {
                inner.answers.accepted += 1;
                let Some(known) = inner.events.get_mut(tenant) else { return };
                for (event, accepted) in events.iter().zip(outcomes) {
                    if let Some(sent) = known.get_mut(&event.id) {
                        sent.accepted |= accepted;
                    }
                }
            }
            Answer::Refused(_) => inner.answers.refused += 1,
            Answer::Lost(_) => inner.answers.lost += 1,
        })
    }

    /// Every event that was sent for a tenant.
    pub(crate) fn sent(&self, tenant: usize) -> HashMap<Uuid, Sent> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.events.get(tenant).cloned().unwrap_or_default()
    }

    /// How many answers of each sort came so far.
    pub(crate) fn answers(&self) -> Answers {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).answers
    }

    fn write(&self, line: &Value, then: impl FnOnce(&mut Inner)) -> Result<(), Failure> {
        let line = format!("{line}\n");
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.file.write_all(line.as_bytes())?;
        then(&mut inner);
        Ok(())
    }
}
