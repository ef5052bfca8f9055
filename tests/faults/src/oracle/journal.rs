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

/// The requests and their answers. Each line is written to the file before it changes the state in
/// memory, so that both contain the same.
pub(crate) struct Journal {
    posts: AtomicU64,
    inner: Mutex<Inner>,
}

struct Inner {
    file: File,
    events: Vec<HashMap<Uuid, Sent>>,
    answers: Answers,
}

/// A sent event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) event: Event,
    /// Whether any answer accepted it.
    pub(crate) accepted: bool,
}

/// The number of answers of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answers {
    /// Requests sent, with copies.
    pub(crate) posts: u64,
    /// Answers with status 202.
    pub(crate) accepted: u64,
    /// Answers with another status.
    pub(crate) refused: u64,
    /// Requests without an answer.
    pub(crate) unanswered: u64,
}

/// The answer to one request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// 202, with an outcome for each event.
    Accepted(Vec<bool>),
    /// Another status.
    Refused(u16),
    /// No answer, with the error.
    Lost(String),
}

impl Journal {
    /// Creates the file of a journal for this number of tenants.
    pub(crate) fn create(path: &Path, tenants: usize) -> Result<Self, Failure> {
        let file = File::options().create_new(true).append(true).open(path)?;
        let events = vec![HashMap::new(); tenants];
        let inner = Mutex::new(Inner { file, events, answers: Answers::default() });
        Ok(Self { posts: AtomicU64::new(0), inner })
    }

    /// Writes down events that are about to be sent. Returns the request's number.
    pub(crate) fn record_request(&self, tenant: usize, events: &[Event]) -> Result<u64, Failure> {
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

    /// Writes down the answer to a request.
    pub(crate) fn record_answer(
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
            Answer::Lost(_) => inner.answers.unanswered += 1,
        })
    }

    /// Returns every event that was sent for a tenant.
    pub(crate) fn sent(&self, tenant: usize) -> HashMap<Uuid, Sent> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.events.get(tenant).cloned().unwrap_or_default()
    }

    /// Returns the number of answers of each kind so far.
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
