use std::time::Duration;

use tokio::time::{Instant, sleep};

const TIMEOUT: Duration = Duration::from_secs(30);
const POLL_EVERY: Duration = Duration::from_millis(50);

/// Polls `ask` until it returns a value; fails the test after 30 seconds, naming `what`.
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
