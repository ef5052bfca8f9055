use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, ServiceConfig, resource},
};
use futures::future::{BoxFuture, join_all};
use lifecycle::{BoxError, Lifecycle};
use serde::Serialize;

/// How long a check may take before it counts as failed.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Checks that a server that this service needs is available.
pub type HealthCheck = Arc<dyn Fn() -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>;

/// `/healthz` (the process runs) and `/readyz` (all servers that it needs are available).
#[derive(Clone)]
pub struct Health {
    lifecycle: Lifecycle,
    checks: Vec<(&'static str, HealthCheck)>,
    /// The checks that failed the last time.
    failing: Arc<Mutex<BTreeSet<&'static str>>>,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    checks: BTreeMap<&'static str, &'static str>,
}

impl Health {
    /// Creates one without checks. It is not ready once `lifecycle` stops.
    pub fn new(lifecycle: &Lifecycle) -> Self {
        Self { lifecycle: lifecycle.clone(), checks: Vec::new(), failing: Arc::default() }
    }

    /// Adds `check`, named `name` in the answer.
    pub fn with<F>(
        mut self,
        name: &'static str,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.checks.push((name, Arc::new(move || Box::pin(check()))));
        self
    }

    /// Adds the two routes.
    pub fn configure(self, config: &mut ServiceConfig) {
        config
            .app_data(Data::new(self))
            .service(resource("/healthz").get(alive))
            .service(resource("/readyz").get(ready));
    }

    async fn readiness(&self) -> Readiness {
        let asked = self.checks.iter().map(|(name, check)| async move {
            let failure = match tokio::time::timeout(TIMEOUT, check()).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(late) => Some(late.to_string()),
            };
            self.log_change(name, failure.as_deref());
            (*name, failure.is_none())
        });
        let answers = join_all(asked).await;
        let all_good = answers.iter().all(|(_, good)| *good);
        let word = |good| if good { "ok" } else { "failing" };
        Readiness {
            ready: all_good && !self.lifecycle.token().is_cancelled(),
            checks: answers.into_iter().map(|(name, good)| (name, word(good))).collect(),
        }
    }
}

impl Health {
    /// Logs once that a check began to fail, and once that it succeeds again.
    fn log_change(&self, check: &'static str, failure: Option<&str>) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            Some(error) if failing.insert(check) => tracing::warn!(check, error, "not ready"),
            None if failing.remove(check) => tracing::info!(check, "ready again"),
            _ => {}
        }
    }
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

async fn ready(health: Data<Health>) -> HttpResponse {
    let readiness = health.readiness().await;
    if readiness.ready {
        HttpResponse::Ok().json(readiness)
    } else {
        HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, 1)).json(readiness)
    }
}
