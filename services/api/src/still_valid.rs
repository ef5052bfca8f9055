use std::{
    error::Error,
    io,
    pin::Pin,
    time::{Duration, Instant},
};

use actix_web::web::Bytes;
use auth::Principal;
use chrono::Utc;
use futures::{Stream, TryStreamExt, stream};
use problem::Kind;
use web::WebState;

/// Between two checks of the credential of a long answer: shorter than the five seconds within which a
/// revocation takes effect, also with the time that its announcement takes.
const CHECK_EVERY: Duration = Duration::from_secs(2);

/// A long answer, and the credential that asked for it.
struct LongAnswer<S> {
    web: WebState,
    principal: Principal,
    parts: Pin<Box<S>>,
    checked_at: Instant,
}

impl<S> LongAnswer<S> {
    /// Checks the credential, unless that was just done.
    ///
    /// # Errors
    /// It was revoked, or its tenant suspended.
    async fn check(&mut self) -> io::Result<()> {
        if self.checked_at.elapsed() < CHECK_EVERY {
            return Ok(());
        }
        self.checked_at = Instant::now();
        match self.web.tenant(&self.principal, Utc::now()).await {
            Err(problem) if matches!(problem.kind(), Kind::Unauthenticated | Kind::Forbidden) => {
                tracing::info!(%problem, "a long answer broke off: its credential is no longer valid");
                Err(io::Error::other("the credential is no longer valid"))
            }
            // While PostgreSQL is unavailable, the last answer counts.
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// Returns the parts of a long answer until its credential is revoked or its tenant suspended. Then the
/// transfer breaks off, so that no client takes it for whole.
pub(crate) fn while_valid<S, E>(
    web: &WebState,
    principal: &Principal,
    parts: S,
) -> impl Stream<Item = io::Result<Bytes>> + use<S, E>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let answer = LongAnswer {
        web: web.clone(),
        principal: principal.clone(),
        parts: Box::pin(parts.map_err(io::Error::other)),
        checked_at: Instant::now(),
    };
    stream::try_unfold(answer, async |mut answer| {
        answer.check().await?;
        let part = answer.parts.try_next().await?;
        Ok(part.map(|part| (part, answer)))
    })
}
