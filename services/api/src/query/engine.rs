use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use aggregates::Aggregates;
use metrics::{Dimension, Granularity};
use problem::{Code, Problem};
use telemetry::Counter;
use tenancy::{CampaignId, TenantContext};
use warehouse::{Advertisers, Keys, Warehouse};

use super::{
    answer::{Answered, Timing},
    both_periods::{added_up, both, in_both},
    credit::Credit,
    cursor::{self, PageEnd},
    reader::{Reader, Series},
    request::{Column, Direction, QueryRequest},
    scope,
    segments::{Numbers, Segment},
    total_sales::TotalSales,
};
use crate::{
    campaigns,
    failure::{Failure, shared},
    reports::{Cached, Currencies, Sources, TenantCache, retained},
};

/// How long an answer is used again for equal queries.
const CACHED: Duration = Duration::from_millis(500);
/// The most segments that a condition on segments may leave out while totals are asked for.
const MOST_EXCEPTIONS: usize = 5_000;
/// The most bytes of the keys of segments that are listed in a query: ClickHouse's settings allow a
/// parameter of 4 MiB, in which a byte may be escaped.
const MOST_BYTES: usize = 1_000_000;
/// The most segments whose keys are listed in a query.
pub(super) const MOST_KEYS: usize = 1_000;

/// Answers queries from the warehouse.
#[derive(Clone)]
pub(crate) struct Queries {
    pub(super) sources: Sources,
    pub(super) warehouse: Warehouse,
    pub(super) aggregates: Aggregates,
    directory: campaigns::Campaigns,
    answers: TenantCache<(Arc<QueryRequest>, Campaigns), Arc<Answered>>,
}

/// The campaigns that a credential may see; `None`: all.
type Campaigns = Option<Arc<[CampaignId]>>;

impl Queries {
    pub(crate) fn new(
        sources: Sources,
        warehouse: Warehouse,
        aggregates: Aggregates,
        directory: campaigns::Campaigns,
        cached_answers: u64,
    ) -> Self {
        let answers = TenantCache::new(cached_answers, CACHED);
        Self { sources, warehouse, aggregates, directory, answers }
    }

    /// Answers a query, limited to the campaigns that the credential may see. Returns the answer, and how long
    /// it took.
    ///
    /// # Errors
    /// The credential may not ask this, the query is too expensive, the cursor has no place any more, or a
    /// store is unavailable.
    pub(crate) async fn answer(
        &self,
        tenant: &TenantContext,
        campaigns: Campaigns,
        request: QueryRequest,
    ) -> Result<(Arc<Answered>, Timing), Failure> {
        let key = (Arc::new(request), campaigns);
        let found = self.answers.get(tenant, key, async |(request, campaigns)| {
            Box::pin(self.compute(tenant, campaigns.as_deref(), request)).await.map(Arc::new)
        });
        let (answer, timing) = match found.await.map_err(shared)? {
            Cached::Found(answer) | Cached::Shared(answer) => (answer, Timing::IN_MEMORY),
            Cached::Computed(answer) => {
                let timing = answer.timing;
                (answer, timing)
            }
        };
        Counter::QueriesAnswered.inc(&[timing.cache]);
        Ok((answer, timing))
    }

    /// Answers a query without looking for an answer in memory, for one that is asked once.
    ///
    /// # Errors
    /// As [`Queries::answer`].
    pub(crate) async fn compute(
        &self,
        tenant: &TenantContext,
        campaigns: Option<&[CampaignId]>,
        asked: &QueryRequest,
    ) -> Result<Answered, Failure> {
        let started = Instant::now();
        let request = &scope::limited(asked, campaigns)?;
        if campaigns.is_none() {
            let reads = request.reads();
            self.sources.still_known(tenant, request.range, "/time/from", reads).await?;
        }
        let advertisers = self.advertisers(tenant, request).await?;
        let own = tenant.currency();
        let earlier = request.comparison.map(|(_, range)| range);
        let ranges: Vec<_> = [request.range].into_iter().chain(earlier).collect();
        let source = self.source(tenant, request.reads(), &ranges).await?;
        let retained_from = self.sources.retained_from(tenant, request.reads()).await;
        let read_sales = async |range| {
            let buckets = request.granularity.buckets(range, request.zone);
            TotalSales::read(&source, request, own, (range, buckets)).await
        };
        let sales_before = match earlier {
            Some(range) => read_sales(range).await?,
            None => TotalSales::default(),
        };
        let sales = read_sales(request.range).await?;
        // The limit to campaigns is among the filters of `request`; it is one of touches, which have a campaign anyway.
        let read_credit =
            |range| Box::pin(Credit::read(&source.warehouse, asked, campaigns, own, range));
        let credit_before = match earlier {
            Some(range) => read_credit(range).await?,
            None => Credit::default(),
        };
        let credit = read_credit(request.range).await?;
        let current = Reader {
            source: &source,
            request,
            advertisers: advertisers.as_deref(),
            own,
            range: request.range,
            total_sales: &sales,
            credit: &credit,
        };
        let previous = earlier.map(|range| Reader {
            range,
            total_sales: &sales_before,
            credit: &credit_before,
            ..current
        });

        let (mut admitted, left_out) = segments(current, previous).await?;
        let adds_up = request.adds_up();
        let added = adds_up.then(|| added_up(&admitted, current, previous));
        // Most events have nothing to do with most metrics. A condition on values may ask for zeros.
        if !request.dimensions.is_empty() && request.segments.tests().is_empty() {
            admitted.retain(|segment| segment.has_values(request, own));
        }
        admitted.sort_by(|one, other| one.compare(other, &top_order(request), request, own));
        let most = request.top.map_or(usize::MAX, |top| top.n);
        let rest = admitted.split_off(most.min(admitted.len()));

        let totals = match added {
            Some(totals) => totals,
            None => {
                let except = left_out_keys(request, &left_out, &[])?;
                both(current, previous, except.as_deref(), Granularity::Total).await?
            }
        };
        let others = match request.top.is_some_and(|top| top.others) && !rest.is_empty() {
            true if adds_up && request.granularity == Granularity::Total => {
                Some(added_up(&rest, current, previous))
            }
            true => {
                let except = left_out_keys(request, &left_out, &admitted)?;
                Some(both(current, previous, except.as_deref(), request.granularity).await?)
            }
            false => None,
        };

        let mut sums = totals.current.sums.clone();
        if let Some(previous) = &totals.previous {
            sums.merge(&previous.sums);
        }
        let currencies = Currencies::of(&sums, own);
        // Refunds change credit at any time, and raise no version.
        let version = match request.attribution {
            None => source.data_version(&request.events, ranges.iter().copied()),
            Some(_) => None,
        };
        admitted.sort_by(|one, other| one.compare(other, &request.order, request, own));
        let numbers = page_numbers(&admitted, request, &currencies, version.is_some())?;
        let begin = request.after.as_ref().map_or(Ok(0), |end| after(&admitted, end))?;
        let mut page = admitted.split_off(begin);
        let has_more = page.len() > request.limit;
        page.truncate(request.limit);
        let last = page.last().filter(|_| has_more);
        let next = last.map(|last| PageEnd { after: last.keys.clone(), numbers });
        let next = next.map(|end| cursor::after(end, asked));
        request.not_too_large(page.len())?;
        let series = page_series(current, previous, &page).await?;
        let explanation = match request.explain {
            true => Some(current.explain(tenant, campaigns).await?),
            false => None,
        };
        let needs_new_to_brand = request.needs_new_to_brand();
        let longest = request.attribution.map(|one| one.longest_window()).unwrap_or_default();
        let read_from = ranges
            .iter()
            .map(|one| retained::read_from(*one, needs_new_to_brand).min(one.from() - longest));
        Ok(Answered {
            request: request.clone(),
            currencies,
            page,
            series,
            others,
            totals,
            next,
            as_of: source.as_of,
            // Late events of other campaigns raise it, too.
            data_version: version.filter(|_| campaigns.is_none()),
            retained_from: retained::touched(retained_from, read_from),
            explanation,
            timing: Timing {
                // Credit is read anew, whatever Redis has kept of the rest.
                cache: match request.attribution {
                    None => source.cache(),
                    Some(_) => "miss",
                },
                queued: source.warehouse.queued(),
                took: started.elapsed(),
            },
            rendered: OnceLock::new(),
        })
    }
}

impl Queries {
    /// Returns the advertisers of campaigns, if the query needs them.
    pub(super) async fn advertisers(
        &self,
        tenant: &TenantContext,
        request: &QueryRequest,
    ) -> Result<Option<Arc<Advertisers>>, Failure> {
        if request.used().all(|dimension| *dimension != Dimension::Advertiser) {
            return Ok(None);
        }
        let advertisers = self.directory.advertisers(tenant).await?;
        if advertisers.bytes() > MOST_BYTES {
            let reason = "may not have `advertiser`: too many campaigns have one. Ask by campaign";
            return Err(Problem::field("/dimensions", reason).into());
        }
        Ok(Some(advertisers))
    }
}

/// Returns the segments that the condition on segments admits, and those that it leaves out.
pub(super) async fn segments(
    current: Reader<'_>,
    previous: Option<Reader<'_>>,
) -> Result<(Vec<Segment>, Vec<Segment>), Failure> {
    let by = &current.request.dimensions;
    let read = async |reader: Reader<'_>| reader.totals(by, Keys::All).await;
    let (now, before) = Box::pin(in_both(current, previous, read)).await?;
    let mut segments = BTreeMap::<Vec<String>, Segment>::new();
    if by.is_empty() {
        // A query without dimensions has one segment, also without events.
        segments.insert(Vec::new(), Segment::default());
    }
    let segment = |keys: &Vec<String>| Segment { keys: keys.clone(), ..Segment::default() };
    for (keys, numbers) in now {
        segments.entry(keys).or_insert_with_key(segment).current = numbers;
    }
    for (keys, numbers) in before.unwrap_or_default() {
        segments.entry(keys).or_insert_with_key(segment).previous = numbers;
    }
    for segment in segments.values_mut() {
        current.total_sales.add_to(&mut segment.current);
        if let Some(previous) = previous {
            previous.total_sales.add_to(&mut segment.previous);
        }
    }
    let (request, own) = (current.request, current.own);
    Ok(segments.into_values().partition(|segment| segment.is_admitted(request, own)))
}

/// Returns the keys of segments that totals or others do not contain; none if they contain all.
fn left_out_keys(
    request: &QueryRequest,
    left_out: &[Segment],
    shown: &[Segment],
) -> Result<Option<Vec<Vec<String>>>, Problem> {
    if left_out.len() > MOST_EXCEPTIONS {
        let reason = format!(
            "leaves out more than {MOST_EXCEPTIONS} segments of {}: test a dimension as well, or use \
             `top` instead",
            request.dimensions.len()
        );
        return Err(Problem::new(Code::InvalidField, "The filter leaves out too many segments.")
            .with_error("/filters", reason));
    }
    let keys: Vec<Vec<String>> =
        left_out.iter().chain(shown).map(|segment| segment.keys.clone()).collect();
    if keys.iter().flatten().map(|key| key.len() + 4).sum::<usize>() > MOST_BYTES {
        let reason = "the values of the segments that it names are too long together: lower `top`, or \
                      test fewer segments";
        return Err(Problem::field("/filters", reason));
    }
    Ok((!keys.is_empty()).then_some(keys))
}

/// Reads the buckets of the segments of a page, in both periods.
async fn page_series(
    current: Reader<'_>,
    previous: Option<Reader<'_>>,
    page: &[Segment],
) -> Result<[BTreeMap<Vec<String>, Series>; 2], Failure> {
    let request = current.request;
    if request.granularity == Granularity::Total {
        // The only bucket of each segment is known already.
        let single = |reader: Reader<'_>, numbers: fn(&Segment) -> &Numbers| {
            let series = page.iter().map(|one| (one.keys.clone(), reader.single(numbers(one))));
            series.collect()
        };
        let before = previous.map(|previous| single(previous, |segment| &segment.previous));
        return Ok([single(current, |segment| &segment.current), before.unwrap_or_default()]);
    }
    if page.is_empty() {
        return Ok([BTreeMap::new(), BTreeMap::new()]);
    }
    let shown: Vec<_> = page.iter().map(|segment| segment.keys.clone()).collect();
    let by = &request.dimensions;
    // A long list of keys is slower to test than all segments are to read.
    let keys =
        if shown.len() > MOST_KEYS || by.is_empty() { Keys::All } else { Keys::Only(by, &shown) };
    let read = async |reader: Reader<'_>| {
        let mut found = reader.series(by, keys).await?;
        for segment in &shown {
            reader.total_sales.add_to_series(found.entry(segment.clone()).or_default());
        }
        Ok(found)
    };
    let (now, before) = Box::pin(in_both(current, previous, read)).await?;
    Ok([now, before.unwrap_or_default()])
}

/// Returns a hash of the numbers of all pages, if there are several and the first one is about a finished time: then
/// all of them have the same.
///
/// # Errors
/// They have changed since the first page.
fn page_numbers(
    segments: &[Segment],
    request: &QueryRequest,
    currencies: &Currencies,
    is_finished: bool,
) -> Result<Option<String>, Problem> {
    let is_bound = match &request.after {
        Some(end) => end.numbers.is_some(),
        None => is_finished && segments.len() > request.limit,
    };
    let numbers = is_bound.then(|| cursor::numbers(segments, request, currencies)).transpose()?;
    if request.after.as_ref().is_some_and(|end| end.numbers != numbers) {
        let reason = "belongs to a page whose numbers have changed since: begin at the first page";
        return Err(Problem::field("/cursor", reason));
    }
    Ok(numbers)
}

/// Returns the position behind the last segment of the page before.
fn after(segments: &[Segment], end: &PageEnd) -> Result<usize, Problem> {
    let is_last = |segment: &Segment| segment.keys == end.after;
    let position = segments.iter().position(is_last).map(|last| last + 1);
    position.ok_or_else(|| {
        Problem::field(
            "/cursor",
            "ends at a segment that no longer exists: begin at the first page",
        )
    })
}

/// Returns the order in which `top` chooses; without it, that of the query.
fn top_order(request: &QueryRequest) -> Vec<(Column, Direction)> {
    let Some(top) = request.top else {
        return Vec::new();
    };
    let dimensions = request.dimensions.iter().map(|one| Column::Dimension(one.clone()));
    let mut order = vec![(Column::Metric(top.by), Direction::Descending)];
    order.extend(dimensions.map(|column| (column, Direction::Ascending)));
    order
}
