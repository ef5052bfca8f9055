use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{http::header::HeaderValue, web::Bytes};
use problem::Problem;
use telemetry::{Counter, CounterSeries};
use tenancy::{CampaignId, TenantContext};
use web::EntityTag;

use crate::{
    failure::{Failure, shared},
    reports::{
        MetricsAnswer, MetricsRequest,
        numbers::Numbers,
        retained,
        sources::{QUEUE, Sources, Timings},
        tenant_cache::{Cached, TenantCache},
    },
};

/// How long an answer is cached, whatever its range: history can be imported at any moment, and must
/// be visible as soon as other events. The cache serves many equal requests at once.
const CACHED: Duration = Duration::from_millis(500);

/// The `Server-Timing` of an answer that was in memory.
const FROM_CACHE: HeaderValue = HeaderValue::from_static("cache;desc=l1;dur=0.0");

/// Returns a campaign's metrics, from memory while they are young enough.
#[derive(Clone)]
pub(crate) struct Reports {
    sources: Sources,
    answers: TenantCache<(CampaignId, MetricsRequest), Arc<Answer>>,
    from_cache: CounterSeries,
}

/// An answer, rendered once for all equal requests.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The JSON.
    pub(crate) body: Bytes,
    pub(crate) tag: EntityTag,
    timings: Timings,
}

/// The answer to one request.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) answer: Arc<Answer>,
    /// The value of `Server-Timing`.
    pub(crate) server_timing: HeaderValue,
}

impl Reports {
    pub(crate) fn new(sources: Sources, cached_answers: u64) -> Self {
        let answers = TenantCache::new(cached_answers, CACHED);
        let from_cache = Counter::MetricsAnswered.series(&["cache"]);
        Self { sources, answers, from_cache }
    }

    /// Refuses a range of which no event of the tenant is stored any more; only for a credential that may see
    /// all campaigns.
    ///
    /// # Errors
    /// The range has expired, or a store is unavailable.
    pub(crate) async fn still_known(
        &self,
        tenant: &TenantContext,
        request: &MetricsRequest,
    ) -> Result<(), Failure> {
        self.sources.still_known(tenant, request.range, "?from", request.reads()).await
    }

    /// Returns a campaign's metrics. The caller has checked that the credential may see it.
    pub(crate) async fn campaign_metrics(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        request: MetricsRequest,
    ) -> Result<Report, Failure> {
        let started = Instant::now();
        let found = self.answers.get(tenant, (campaign.clone(), request), async |key| {
            let (campaign, request) = key;
            self.compute(tenant, campaign, request).await
        });
        let (answer, server_timing) = match found.await.map_err(shared)? {
            Cached::Found(answer) => {
                self.from_cache.inc();
                (answer, FROM_CACHE)
            }
            Cached::Shared(answer) => {
                self.from_cache.inc();
                (answer, server_timing("l1", &[("wait", started.elapsed())]))
            }
            Cached::Computed(answer) => {
                for (source, _) in answer.timings.iter().filter(|(part, _)| *part != QUEUE) {
                    Counter::MetricsAnswered.inc(&[source]);
                }
                let server_timing = server_timing("miss", &answer.timings);
                (answer, server_timing)
            }
        };
        Ok(Report { answer, server_timing })
    }

    async fn compute(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        request: &MetricsRequest,
    ) -> Result<Arc<Answer>, Failure> {
        let (numbers, retained_from) = tokio::join!(
            self.numbers(tenant, campaign, request),
            self.sources.retained_from(tenant, request.reads()),
        );
        let (numbers, timings) = numbers?;
        let read_from = retained::read_from(request.range, request.needs_new_to_brand());
        let retained_from = retained::touched(retained_from, [read_from]);
        let own = tenant.currency();
        let answer = MetricsAnswer::new(campaign.clone(), request, &numbers, own, retained_from);
        let (body, tag) = answer.render().map_err(Problem::internal)?;
        Ok(Arc::new(Answer { body: body.into(), tag, timings }))
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
        let numbers = Numbers::new(buckets, older.chain(recent), found.distincts, found.as_of);
        Ok((numbers, found.timings))
    }
}

/// Renders the header `Server-Timing`: `cache;desc=miss, redis;dur=0.8, clickhouse;dur=12.1`, in
/// milliseconds.
fn server_timing(cache: &str, timings: &[(&'static str, Duration)]) -> HeaderValue {
    let part = |(source, took): &(&str, Duration)| {
        format!(", {source};dur={:.1}", took.as_secs_f64() * 1000.0)
    };
    let parts: String = timings.iter().map(part).collect();
    HeaderValue::try_from(format!("cache;desc={cache}{parts}"))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
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
        assert_eq!(
            server_timing("miss", &timings),
            "cache;desc=miss, redis;dur=0.8, clickhouse;dur=12.1"
        );
    }
}
