use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::web::Bytes;
use moka::future::Cache;
use problem::Problem;
use telemetry::Counter;
use tenancy::{CampaignId, ClientId, TenantContext};

use crate::{
    failure::{Failure, shared},
    reports::{
        MetricsAnswer, MetricsRequest,
        numbers::Numbers,
        sources::{Sources, Timings},
    },
};

/// How long an answer is cached, whatever its range: history can be imported at any moment, and must
/// be visible as soon as other events. The cache serves many equal requests at once.
const CACHED: Duration = Duration::from_millis(500);

/// Returns a campaign's metrics, from memory while they are young enough.
#[derive(Clone)]
pub(crate) struct Reports {
    sources: Sources,
    /// The key begins with the tenant: no tenant gets another's answer.
    answers: Cache<(ClientId, CampaignId, MetricsRequest), Arc<Answer>>,
}

struct Answer {
    body: Bytes,
    timings: Timings,
}

/// A rendered answer.
pub(crate) struct Report {
    /// The JSON.
    pub(crate) body: Bytes,
    /// The value of `Server-Timing`.
    pub(crate) server_timing: String,
}

impl Reports {
    pub(crate) fn new(sources: Sources, cached_answers: u64) -> Self {
        let answers = Cache::builder().max_capacity(cached_answers).time_to_live(CACHED).build();
        Self { sources, answers }
    }

    /// Returns a campaign's metrics. The caller has checked that the credential may see it.
    pub(crate) async fn campaign_metrics(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        request: MetricsRequest,
    ) -> Result<Report, Failure> {
        let started = Instant::now();
        let key = (tenant.client_id().clone(), campaign.clone(), request.clone());
        let mut computed = false;
        let answer = self.answers.try_get_with(key, async {
            computed = true;
            self.compute(tenant, campaign, &request).await
        });
        let answer = answer.await.map_err(shared)?;
        let timings = match computed {
            true => answer.timings.clone(),
            false => vec![("cache", started.elapsed())],
        };
        for (source, _) in &timings {
            Counter::MetricsAnswered.inc(&[source]);
        }
        Ok(Report { body: answer.body.clone(), server_timing: server_timing(&timings) })
    }

    async fn compute(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        request: &MetricsRequest,
    ) -> Result<Arc<Answer>, Failure> {
        let (numbers, timings) = self.numbers(tenant, campaign, request).await?;
        let answer = MetricsAnswer::new(campaign.clone(), request, &numbers, tenant.currency());
        let body = serde_json::to_vec(&answer).map_err(Problem::internal)?;
        Ok(Arc::new(Answer { body: body.into(), timings }))
    }

    async fn numbers(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        request: &MetricsRequest,
    ) -> Result<(Numbers, Timings), Failure> {
        let MetricsRequest { range, granularity, zone, .. } = *request;
        let found = self.sources.read(tenant, campaign, request).await?;
        let recent = found.live.iter().map(|(quarter, sums)| (quarter.start(), sums));
        let older = found.stored.iter().map(|(start, sums)| (*start, sums));
        let buckets = granularity.buckets(range, zone);
        let numbers = Numbers::new(buckets, older.chain(recent), found.visitors, found.as_of);
        Ok((numbers, found.timings))
    }
}

/// Renders the header `Server-Timing`: `redis;dur=0.8, clickhouse;dur=12.1`, in milliseconds.
fn server_timing(timings: &Timings) -> String {
    let part = |(source, took): &(&str, Duration)| {
        format!("{source};dur={:.1}", took.as_secs_f64() * 1000.0)
    };
    timings.iter().map(part).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_timing_names_the_sources() {
        let timings = vec![
            ("redis", Duration::from_micros(800)),
            ("clickhouse", Duration::from_micros(12_140)),
        ];
        assert_eq!(server_timing(&timings), "redis;dur=0.8, clickhouse;dur=12.1");
    }
}
