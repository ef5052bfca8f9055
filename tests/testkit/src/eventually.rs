use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Long, because it costs a passing test nothing: on a busy machine, what takes a second takes a minute.
const TIMEOUT: Duration = Duration::from_secs(180);
const POLL_EVERY: Duration = Duration::from_millis(50);

/// Polls `ask` until it returns a value; fails the test after three minutes, naming `what`.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "timed out after {TIMEOUT:?}: {what}");
        sleep(POLL_EVERY).await;
    }
}
