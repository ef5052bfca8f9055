use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, task::AbortHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{BoxError, LifecycleError, signals::Signals};

/// The tasks of one process (or of one test), and the token that stops them.
///
/// Cloning is cheap: every clone shares the same tasks.
#[derive(Clone)]
pub struct Lifecycle {
    token: CancellationToken,
    running: Arc<Mutex<Running>>,
    ended: mpsc::UnboundedSender<Ended>,
    endings: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Ended>>>,
}

#[derive(Default)]
struct Running {
    next_id: u64,
    tasks: HashMap<u64, Task>,
}

#[derive(Clone)]
struct Task {
    name: &'static str,
    budget: Duration,
    abort: AbortHandle,
}

struct Ended {
    id: u64,
    outcome: Result<(), BoxError>,
}

impl Lifecycle {
    /// Creates a lifecycle without tasks.
    pub fn new() -> Self {
        let (ended, endings) = mpsc::unbounded_channel();
        Self {
            token: CancellationToken::new(),
            running: Arc::default(),
            ended,
            endings: Arc::new(tokio::sync::Mutex::new(endings)),
        }
    }

    /// Starts a task. It should end within `budget` after [`Lifecycle::token`] is cancelled. If it
    /// fails or panics, all tasks are stopped. A task may end successfully at any time.
    pub fn spawn(
        &self,
        name: &'static str,
        budget: Duration,
        task: impl Future<Output = Result<(), BoxError>> + Send + 'static,
    ) {
        let id = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.next_id += 1;
            let id = running.next_id;
            let ended = self.ended.clone();
            let abort = watch(task, move |outcome| drop(ended.send(Ended { id, outcome })));
            running.tasks.insert(id, Task { name, budget, abort });
            id
        };
        tracing::debug!(task = name, id, "started");
    }

    /// Returns the token, which is cancelled when all tasks must stop.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Waits for SIGINT, SIGTERM, the first failure, the end of the last task, or the token's
    /// cancellation; then stops all tasks, each within its budget.
    ///
    /// # Errors
    /// A task failed, or did not stop in time.
    pub async fn run_until_signal(&self) -> Result<(), LifecycleError> {
        let mut signals = Signals::listen().map_err(LifecycleError::Signals)?;
        let failure = tokio::select! {
            signal = signals.next() => {
                tracing::info!(signal, "stopping");
                None
            }
            failure = self.wait_for_an_end() => failure,
        };
        tokio::select! {
            stopped = self.stop_after(failure) => stopped,
            signal = signals.next() => {
                tracing::warn!(signal, "second signal, stopping without waiting");
                Err(LifecycleError::CutOff(self.cut_off_all()))
            }
        }
    }

    /// Stops all tasks now, each within its budget; for tests and one-off commands.
    ///
    /// # Errors
    /// A task failed, or did not stop in time.
    pub async fn stop(&self) -> Result<(), LifecycleError> {
        self.stop_after(None).await
    }

    /// Waits for the first failure, the end of the last task, or the token's cancellation.
    async fn wait_for_an_end(&self) -> Option<LifecycleError> {
        let mut endings = self.endings.lock().await;
        loop {
            let ended = tokio::select! {
                ended = endings.recv() => ended?,
                () = self.token.cancelled() => return None,
            };
            if let Err(failure) = self.outcome_of(ended) {
                return Some(failure);
            }
            if self.tasks().is_empty() {
                return None;
            }
        }
    }

    async fn stop_after(&self, mut failure: Option<LifecycleError>) -> Result<(), LifecycleError> {
        self.token.cancel();
        let since = Instant::now();
        let mut cut_off = Vec::new();
        let mut endings = self.endings.lock().await;
        while let Some((id, task)) = self.tasks().into_iter().min_by_key(|(_, task)| task.budget) {
            match tokio::time::timeout_at(since + task.budget, endings.recv()).await {
                Ok(Some(ended)) => {
                    if let Err(late) = self.outcome_of(ended) {
                        failure.get_or_insert(late);
                    }
                }
                Ok(None) => break,
                Err(_) => {
                    task.abort.abort();
                    self.forget(id);
                    cut_off.push(task.name);
                }
            }
        }
        match failure {
            Some(failure) => Err(failure),
            None if cut_off.is_empty() => Ok(()),
            None => Err(LifecycleError::CutOff(cut_off)),
        }
    }

    /// Removes the task; returns its failure, unless it was aborted.
    fn outcome_of(&self, ended: Ended) -> Result<(), LifecycleError> {
        let Some(task) = self.forget(ended.id) else {
            return Ok(());
        };
        ended.outcome.map_err(|source| LifecycleError::Failed { task: task.name, source })
    }

    fn cut_off_all(&self) -> Vec<&'static str> {
        let tasks = self.tasks().into_values();
        tasks.inspect(|task| task.abort.abort()).map(|task| task.name).collect()
    }

    fn tasks(&self) -> HashMap<u64, Task> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).tasks.clone()
    }

    fn forget(&self, id: u64) -> Option<Task> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).tasks.remove(&id)
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs a task and reports its outcome, even if it panics.
#[expect(clippy::disallowed_methods, reason = "the one place where tasks are started")]
fn watch(
    task: impl Future<Output = Result<(), BoxError>> + Send + 'static,
    report: impl FnOnce(Result<(), BoxError>) + Send + 'static,
) -> AbortHandle {
    let task = tokio::spawn(task);
    let abort = task.abort_handle();
    tokio::spawn(async move { report(task.await.unwrap_or_else(|panicked| Err(panicked.into()))) });
    abort
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn the_first_failure_stops_the_others_and_is_named() {
        let lifecycle = Lifecycle::new();
        let finished = Arc::new(AtomicBool::new(false));
        let token = lifecycle.token();
        let seen = finished.clone();
        lifecycle.spawn("patient", Duration::from_secs(5), async move {
            token.cancelled().await;
            tokio::time::sleep(SHORT).await;
            seen.store(true, Ordering::SeqCst);
            Ok(())
        });
        lifecycle.spawn("broken", SHORT, async { Err("no disk".into()) });
        let error = lifecycle.run_until_signal().await.unwrap_err();
        assert_eq!(error.to_string(), "broken failed: no disk");
        assert!(finished.load(Ordering::SeqCst), "the other task was not waited for");
    }

    #[tokio::test]
    async fn a_panic_is_a_failure() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn("careless", SHORT, async { panic!("oops") });
        let error = lifecycle.run_until_signal().await.unwrap_err();
        assert!(error.to_string().starts_with("careless failed"), "{error}");
    }

    #[tokio::test]
    async fn a_task_that_does_not_stop_is_aborted_and_named() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn("stuck", SHORT, std::future::pending());
        let token = lifecycle.token();
        lifecycle.spawn("good", Duration::from_secs(5), async move {
            token.cancelled().await;
            Ok(())
        });
        let error = lifecycle.stop().await.unwrap_err();
        assert!(matches!(error, LifecycleError::CutOff(names) if names == ["stuck"]));
    }

    #[tokio::test]
    async fn it_ends_when_the_last_task_has_ended() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn("once", SHORT, async { Ok(()) });
        lifecycle.run_until_signal().await.unwrap();
    }
}
