use std::{future::Future, time::Duration};

use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::BoxError;

/// Rounds of the work `doing`: the first begins now, the next ones every `period`, until `token` is
/// cancelled.
///
/// ```
/// # async fn delete_expired() -> Result<(), lifecycle::BoxError> { Ok(()) }
/// # async fn upkeep(token: tokio_util::sync::CancellationToken) {
/// let mut rounds = lifecycle::every(std::time::Duration::from_secs(60), token, "delete old rows");
/// while rounds.begin().await {
///     rounds.run(delete_expired()).await;
/// }
/// # }
/// ```
pub fn every(period: Duration, token: CancellationToken, doing: &'static str) -> Rounds {
    let mut tick = interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Rounds { tick, token, doing, is_failing: false }
}

/// Periodic work: see [`every`].
pub struct Rounds {
    tick: Interval,
    token: CancellationToken,
    doing: &'static str,
    is_failing: bool,
}

impl Rounds {
    /// Waits for the next round. Returns `false` once the token is cancelled.
    ///
    /// A round that takes longer than the period delays the next one.
    pub async fn begin(&mut self) -> bool {
        tokio::select! {
            // A round that is due does not begin after the cancellation.
            biased;
            () = self.token.cancelled() => false,
            _ = self.tick.tick() => true,
        }
    }

    /// Runs one round. Cancellation of the token drops it at its next await point, so a round must be
    /// safe to repeat.
    ///
    /// The next round repeats what failed. Of several failures in a row the first is logged, and the
    /// success that follows.
    pub async fn run(&mut self, round: impl Future<Output = Result<(), BoxError>>) {
        let Some(result) = self.token.run_until_cancelled(round).await else { return };
        let doing = self.doing;
        match &result {
            Err(error) if !self.is_failing => {
                tracing::warn!(doing, error, "failed, will be repeated in the next round");
            }
            Ok(()) if self.is_failing => tracing::info!(doing, "succeeds again"),
            _ => {}
        }
        self.is_failing = result.is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn a_round_that_fails_is_followed_by_others_until_the_token_is_cancelled() {
        let token = CancellationToken::new();
        let mut rounds = every(TICK, token.clone(), "count");
        let mut count = 0;
        while rounds.begin().await {
            count += 1;
            if count == 4 {
                token.cancel();
            }
            rounds.run(async { Err("not today".into()) }).await;
        }
        assert_eq!(count, 4);
    }

    #[tokio::test]
    async fn cancellation_drops_a_round_that_never_ends() {
        let token = CancellationToken::new();
        let mut rounds = every(TICK, token.clone(), "wait");
        assert!(rounds.begin().await);
        let never = async {
            token.cancel();
            std::future::pending().await
        };
        rounds.run(never).await;
        assert!(!rounds.begin().await);
    }
}
