//! Sums of any events by any dimensions.

mod advertisers;
mod new_to_brand;
mod query;
mod refunds;
mod rows;
mod sessions;
mod spend;
mod windows;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use metrics::{Distinct, Distincts, Level, Sums};
use tenancy::Placement;

pub(crate) use self::refunds::refunded;
use self::rows::{CellRow, DistinctRow};
pub use self::{
    advertisers::Advertisers,
    query::{CellQuery, Keys},
};
use crate::{
    KeptDays, KeptRollup, TenantWarehouse, WarehouseError,
    campaign::{seconds, start},
    statement::{CUSTOMER_TYPE, Parameter, Statement, fingerprint},
};

/// The place of a number in an answer: the start of the bucket, and the values of the keys.
pub type Cell = (DateTime<Utc>, Vec<String>);

/// Numbers of distinct values; cells without events are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistinctCells {
    /// In the whole range, by the keys: at most the sum of the buckets.
    pub totals: BTreeMap<Vec<String>, Distincts>,
    /// In each bucket.
    pub buckets: BTreeMap<Cell, Distincts>,
}

/// The statements that count distinct values, as far as these are wanted.
struct Counting {
    values: Option<Statement>,
    sessions: Option<Statement>,
}

/// How a query would be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The projection that it reads; none if it reads the events themselves.
    pub rollup: Option<String>,
    /// The kept rollup that it reads of days whose rows have expired.
    pub kept_rollup: Option<KeptRollup>,
    /// Estimated number of rows of the parts that it reads, which need not be those of one tenant.
    pub rows: Option<u64>,
}

impl TenantWarehouse {
    /// Returns the sums of each cell; cells without events are absent.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn cells(
        &self,
        query: &CellQuery<'_>,
    ) -> Result<BTreeMap<Cell, Sums>, WarehouseError> {
        let statement = sums(query, self.kept);
        let rows: Vec<CellRow> = self.fetch_statement(&statement).await?;
        let mut cells = BTreeMap::<_, Sums>::new();
        for mut row in rows {
            let cell = (start(row.bucket), std::mem::take(&mut row.keys));
            row.add_to(cells.entry(cell).or_default());
        }
        Ok(cells)
    }

    /// Counts the distinct values of each cell, and of each combination of keys. Numbers that depend on
    /// first orders are zero unless they are `wanted`, since they cost a read of all orders; so are sessions.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn distinct_cells(
        &self,
        query: &CellQuery<'_>,
        wanted: &BTreeSet<Distinct>,
    ) -> Result<DistinctCells, WarehouseError> {
        let mut cells = DistinctCells::default();
        let Counting { values, sessions } = Counting::new(query, wanted);
        if let Some(statement) = values {
            let rows: Vec<DistinctRow> = self.fetch_statement(&statement).await?;
            rows.into_iter().for_each(|row| row.add_to(&mut cells));
        }
        if let Some(statement) = sessions {
            for ((bucket, keys), sessions) in self.session_cells(&statement).await? {
                // A session begins in one bucket only, so these add up.
                cells.totals.entry(keys.clone()).or_default().sessions += sessions;
                cells.buckets.entry((bucket, keys)).or_default().sessions += sessions;
            }
        }
        Ok(cells)
    }

    /// Returns a hash of everything on which the answer of [`TenantWarehouse::cells`] depends, other than the
    /// tenant and its events.
    pub fn fingerprint_of_cells(&self, query: &CellQuery<'_>) -> [u8; 32] {
        fingerprint(&[sums(query, self.kept)], self.placement())
    }

    /// As [`TenantWarehouse::fingerprint_of_cells`], of [`TenantWarehouse::refunded_cells`].
    pub fn fingerprint_of_refunds(&self, query: &CellQuery<'_>) -> [u8; 32] {
        fingerprint(&[refunds::statement(query)], self.placement())
    }

    /// As [`TenantWarehouse::fingerprint_of_cells`], of [`TenantWarehouse::new_to_brand_cells`].
    pub fn fingerprint_of_new_to_brand(&self, query: &CellQuery<'_>) -> [u8; 32] {
        fingerprint(&[new_to_brand::statement(query)], self.placement())
    }

    /// As [`TenantWarehouse::fingerprint_of_cells`], of [`TenantWarehouse::distinct_cells`].
    pub fn fingerprint_of_distincts(
        &self,
        query: &CellQuery<'_>,
        wanted: &BTreeSet<Distinct>,
    ) -> [u8; 32] {
        Counting::new(query, wanted).fingerprint(self.placement())
    }

    /// Returns how [`TenantWarehouse::cells`] would read.
    ///
    /// # Errors
    /// The cluster is unavailable.
    pub async fn explain(&self, query: &CellQuery<'_>) -> Result<Explanation, WarehouseError> {
        let statement = sums(query, self.kept);
        let plan: Vec<String> =
            self.fetch_statement(&statement.prefixed("EXPLAIN projections = 1 ")).await?;
        let estimate: Vec<rows::EstimateRow> =
            self.fetch_statement(&statement.prefixed("EXPLAIN ESTIMATE ")).await?;
        let rollup = plan.iter().find_map(|line| {
            let name = line.split_once("ReadFromMergeTree (")?.1.split_once(')')?.0;
            (!name.contains('.')).then(|| name.to_owned())
        });
        Ok(Explanation {
            rollup,
            kept_rollup: self.kept.and(query.kept_rollup()),
            rows: Some(estimate.iter().map(|row| row.rows).sum()),
        })
    }
}

/// Returns the statement of the sums. Of kept days it reads the kept rollup that has what the query asks for, if
/// there is one. Its expressions are those of the rollups, except where it counts the events of products: the
/// rollup of products has the number of lines only.
fn sums(query: &CellQuery<'_>, days: Option<KeptDays>) -> Statement {
    let events = match (query.level, query.counts) {
        (Level::Event, _) => "countIf(kline = 0)",
        (Level::Product, true) => "uniqExact(kgen, kpart, koff)",
        (Level::Product, false) => "count()",
    };
    let [spent, earned] = match query.level {
        Level::Event => amounts(Level::Event),
        // A constant, because no rollup has its sum.
        Level::Product => ["toDecimal128(0, 6)", "sum(line_total)"],
    };
    let kept = days.zip(query.kept_rollup());
    let (of_kept, received) = match kept {
        Some((days, _)) => (include_str!("../../queries/cells_kept.sql"), days.received()),
        None => ("", "1"),
    };
    let template = include_str!("../../queries/cells.sql").replace("{kept}", of_kept);
    let mut statement = query.statement(&template);
    for (name, expression) in
        [("{events}", events), ("{spent}", spent), ("{earned}", earned), ("{received}", received)]
    {
        statement.sql = statement.sql.replace(name, expression);
    }
    if let Some((days, rollup)) = kept {
        let parameters = &mut statement.parameters;
        parameters.set("rollup", Parameter::Text(rollup.as_str().to_owned()));
        parameters.set("kept_until", Parameter::Seconds(seconds(days.until)));
    }
    statement
}

impl Counting {
    fn new(query: &CellQuery<'_>, wanted: &BTreeSet<Distinct>) -> Self {
        let values = wanted.iter().any(|distinct| *distinct != Distinct::Sessions);
        let template = include_str!("../../queries/cells_distinct.sql");
        Self {
            values: values.then(|| distincts(query, template, wanted)),
            sessions: wanted.contains(&Distinct::Sessions).then(|| sessions::statement(query)),
        }
    }

    fn fingerprint(self, placement: &Placement) -> [u8; 32] {
        let Self { values, sessions } = self;
        let statements: Vec<_> = values.into_iter().chain(sessions).collect();
        fingerprint(&statements, placement)
    }
}

/// Returns the statement that a template of distinct values makes of a query.
fn distincts(
    query: &CellQuery<'_>,
    template: &'static str,
    wanted: &BTreeSet<Distinct>,
) -> Statement {
    let mut statement = query.statement(template);
    let customer_type = match wanted.iter().any(|distinct| distinct.depends_on_first_orders()) {
        true => CUSTOMER_TYPE,
        false => "''",
    };
    statement.sql = statement.sql.replace("{customer_type}", customer_type);
    statement
}

/// Returns the expressions of what is paid and of what is earned.
pub(crate) const fn amounts(level: Level) -> [&'static str; 2] {
    match level {
        Level::Event => ["sum(cost)", "sum(sales)"],
        Level::Product => ["sum(toDecimal64(0, 6))", "sum(line_total)"],
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono_tz::{Europe::Berlin, UTC};
    use metrics::{
        DeclaredDimension, Dimension, DimensionTest, EventTest, Filter, Granularity, MemberKey,
        Membership, PropertyType, TextTest, TimeRange,
    };
    use tenancy::Isolation;
    use uuid::Uuid;

    use super::*;

    fn range(to: &str) -> TimeRange {
        TimeRange::covering("2026-03-01T00:00:00Z".parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    fn query<'a>(by: &'a [Dimension], filter: &'a Filter<EventTest>) -> CellQuery<'a> {
        let range = range("2026-03-02T00:00:00Z");
        CellQuery {
            range,
            buckets: Granularity::Total.buckets(range, UTC),
            zone: UTC,
            home: "EUR".parse().unwrap(),
            level: Level::Event,
            counts: true,
            by,
            filter,
            keys: Keys::All,
            advertisers: None,
        }
    }

    fn placement() -> Placement {
        let cluster = "shared".parse().unwrap();
        Placement { isolation: Isolation::Shared, cluster, route_version: 1 }
    }

    /// Returns what names the reads by these dimensions, of the events that pass the filter.
    fn fingerprints(by: &[Dimension], filter: &Filter<EventTest>) -> [[u8; 32]; 5] {
        let query = query(by, filter);
        let counted = [Distinct::Visitors, Distinct::Sessions]
            .map(|wanted| Counting::new(&query, &[wanted].into()).fingerprint(&placement()));
        let [visitors, sessions] = counted;
        let statements =
            [sums(&query, None), refunds::statement(&query), new_to_brand::statement(&query)];
        let [sums, refunds, new_to_brand] =
            statements.map(|statement| fingerprint(&[statement], &placement()));
        [sums, refunds, new_to_brand, visitors, sessions]
    }

    #[test]
    fn counts_that_are_not_all_wanted_alike_are_other_reads() {
        let everything = Filter::EVERYTHING;
        let query = query(&[], &everything);
        let wanted = [
            &[Distinct::Visitors][..],
            &[Distinct::Sessions],
            &[Distinct::Visitors, Distinct::Sessions],
            &[Distinct::NewCustomers],
            &[Distinct::NewCustomers, Distinct::Sessions],
        ];
        let names = wanted.map(|wanted| {
            let wanted = wanted.iter().copied().collect();
            Counting::new(&query, &wanted).fingerprint(&placement())
        });
        assert_eq!(BTreeSet::from(names).len(), wanted.len());
    }

    fn tier(pointer: &str, kind: PropertyType) -> Dimension {
        let (name, pointer) = ("tier".parse().unwrap(), pointer.parse().unwrap());
        Dimension::Declared(Arc::new(DeclaredDimension { name, pointer, kind }))
    }

    #[test]
    fn a_dimension_that_is_declared_anew_is_another_read() {
        let declared = [
            tier("/properties/tier", PropertyType::String),
            tier("/properties/loyalty", PropertyType::String),
            tier("/properties/tier", PropertyType::Integer),
            tier("/properties/tier", PropertyType::Boolean),
        ];
        let is_gold = |dimension: &Dimension| {
            let test = TextTest::In(vec!["gold".to_owned()]);
            Filter::Test(DimensionTest { dimension: dimension.clone(), test }.into())
        };
        let mut reads = BTreeSet::new();
        for dimension in &declared {
            reads.extend(fingerprints(std::slice::from_ref(dimension), &Filter::EVERYTHING));
            reads.extend(fingerprints(&[], &is_gold(dimension)));
        }
        assert_eq!(reads.len(), 10 * declared.len());
        let once_more = tier("/properties/tier", PropertyType::String);
        assert!(reads.is_superset(&fingerprints(&[once_more], &Filter::EVERYTHING).into()));
    }

    #[test]
    fn a_cohort_that_is_defined_anew_is_another_read() {
        let did = |dimension, text: &str| {
            let test = TextTest::In(vec![text.to_owned()]);
            Filter::Test(DimensionTest { dimension, test })
        };
        let buyers = Membership {
            cohort: Uuid::nil(),
            by: MemberKey::Visitor,
            did: did(Dimension::EventType, "purchase"),
            at_least: 1,
            time: range("2026-03-02T00:00:00Z"),
            zone: UTC,
        };
        let tested = |kind| did(tier("/properties/tier", kind), "1");
        let defined = [
            buyers.clone(),
            Membership { by: MemberKey::Customer, ..buyers.clone() },
            Membership { did: did(Dimension::EventType, "refund"), ..buyers.clone() },
            Membership { did: tested(PropertyType::String), ..buyers.clone() },
            Membership { did: tested(PropertyType::Integer), ..buyers.clone() },
            Membership { at_least: 2, ..buyers.clone() },
            Membership { time: range("2026-03-03T00:00:00Z"), ..buyers.clone() },
            Membership { zone: Berlin, ..buyers },
        ];
        let mut reads = BTreeSet::new();
        for membership in &defined {
            let member = Filter::Test(EventTest::Member(Arc::new(membership.clone())));
            reads.extend(fingerprints(&[], &member));
        }
        assert_eq!(reads.len(), 5 * defined.len());
    }
}
