mod sheet;

use std::collections::BTreeMap;

use attribution::DateBasis;
use chrono::{DateTime, Utc};
use metrics::{Filter, Granularity, Level, Sums};
use money::{Amount, Currency, Quantity};
use problem::Problem;
use serde::{Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};
use warehouse::{CellQuery, Keys, TenantWarehouse};

use super::{
    super::{Asker, Behaviour, fields::By},
    body::{AttributionRequest, UsedRule},
    credited::Credited,
    credits::{CreditedMoney, Credits},
};
use crate::failure::Failure;

/// The numbers of the ads that have the same values of the dimensions, in the bucket with this start.
type Cells = BTreeMap<(Vec<String>, DateTime<Utc>), Credits>;

/// The answer to a question about attribution.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttributionAnswer {
    /// The start of the range.
    from: DateTime<Utc>,
    /// Its end, excluded.
    to: DateTime<Utc>,
    /// The time zone whose clock the buckets follow.
    #[schema(example = "Europe/Berlin")]
    tz: &'static str,
    /// The length of the buckets.
    #[schema(example = "total")]
    granularity: &'static str,
    /// The date of a credit: `interaction` or `conversion`.
    #[schema(example = "conversion")]
    date_basis: &'static str,
    /// What the events of one user have in common.
    by: By,
    /// The dimensions of the rows.
    #[schema(example = json!(["campaign"]))]
    dimensions: Vec<String>,
    /// The currency of the amounts; those of other currencies are in `by_currency`.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// One answer for each rule, in the order of the request.
    rules: Vec<AttributedRule>,
    /// Orders that are left out because they have no visitor or customer; `null` by date of interaction,
    /// and for a credential that may see only some campaigns.
    without_key: Option<u64>,
    /// Everything received before this time is counted; `null` while it is unknown.
    as_of: Option<DateTime<Utc>>,
    /// Present if ads or orders are read from before it: events that were received before this time have been deleted
    /// by the tenant's retention, so credit may be missing, or another ad may have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    retained_from: Option<DateTime<Utc>>,
}

/// The credits under one rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttributedRule {
    /// The rule, with its defaults.
    rule: UsedRule,
    /// By the values of the dimensions, and within them by bucket. Only those with credit, with assisted sales
    /// or with spend.
    rows: Vec<AttributedRow>,
    /// All ads together.
    totals: AttributedValues,
    /// Orders in the range without any credit; `null` by date of interaction, and for a credential that
    /// may see only some campaigns.
    orders_without_credit: Option<u64>,
}

/// The credit of some ads in a bucket: the values of their dimensions by the names, and the numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttributedRow {
    #[serde(flatten)]
    keys: AttributedKeys,
    /// The start of the bucket.
    start: DateTime<Utc>,
    #[serde(flatten)]
    values: AttributedValues,
}

/// Each dimension with its value.
#[derive(Debug)]
pub(crate) struct AttributedKeys(Vec<(String, String)>);

/// Credited orders, units and sales.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttributedValues {
    /// Orders; parts of orders where several touches share one.
    attributed_orders: f64,
    /// Units, before refunds.
    #[schema(value_type = f64)]
    attributed_units: Quantity,
    #[serde(flatten)]
    own: AttributedMoney,
    /// Amounts in other currencies, if there are any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    by_currency: BTreeMap<Currency, AttributedMoney>,
}

/// Credited amounts of one currency, as decimal texts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttributedMoney {
    /// Sales, before refunds.
    #[schema(value_type = String, example = "60.01")]
    attributed_sales: Amount,
    /// Sales after refunds.
    #[schema(value_type = String, example = "50.00")]
    attributed_net_sales: Amount,
    /// Sales of the advertised product.
    #[schema(value_type = String, example = "10.01")]
    promoted_sales: Amount,
    /// Sales of other products.
    #[schema(value_type = String, example = "50.00")]
    halo_sales: Amount,
    /// Sales that another campaign has the credit of, after an eligible ad of this one.
    #[schema(value_type = String, example = "0.00")]
    assisted_sales: Amount,
    /// What ads cost in the bucket, of the events whose rows are retained.
    #[schema(value_type = String, example = "12.50")]
    spend: Amount,
    /// attributed_sales / spend; `null` without spend.
    attributed_roas: Option<f64>,
    /// spend / attributed_sales; `null` without sales.
    attributed_acos: Option<f64>,
}

impl Behaviour {
    /// Answers a question about attribution.
    pub(crate) async fn attribution(
        &self,
        asker: &Asker<'_>,
        request: &AttributionRequest,
    ) -> Result<AttributionAnswer, Failure> {
        let range = request.time.range;
        let touched_from = range.from() - request.longest_window();
        let retained_from = self.retained(asker, (range, "/time/from"), touched_from).await?;
        let as_of = self.as_of().await;
        let home = asker.tenant.currency();
        let campaigns = asker.campaigns.as_deref();
        let reader = self.reader(asker).in_one_slot();
        let spend = spent(&reader, asker, request).await?;
        let Credited { buckets, segments, rules, without_key } =
            request.credited(&reader, campaigns, home, |keys| Some(keys.len())).await?;
        let is_by_order = campaigns.is_none() && request.basis == DateBasis::Conversion;
        let dimensions = request.dimensions.iter().map(|one| one.as_str().to_owned());
        let dimensions: Vec<_> = dimensions.collect();
        let answered = request.rules.iter().zip(rules);
        let answered = answered.map(|((used, _), credits)| -> Result<AttributedRule, Problem> {
            let mut cells = spend.clone();
            for ((segment, bucket), credits) in &credits.credits {
                if let Some(start) = buckets.starts().get(*bucket) {
                    let cell = (segments.keys(*segment).to_vec(), *start);
                    cells.entry(cell).or_default().merge(credits);
                }
            }
            request.not_too_large(cells.len())?;
            Ok(AttributedRule {
                orders_without_credit: is_by_order.then_some(credits.without_credit),
                ..rendered(used.clone(), cells, &dimensions, home)
            })
        });
        let rules = answered.collect::<Result<Vec<_>, Problem>>()?;
        Ok(AttributionAnswer {
            from: range.from(),
            to: range.to(),
            tz: request.time.zone.name(),
            granularity: Granularity::as_str(request.time.granularity),
            date_basis: request.basis.as_str(),
            by: request.by,
            dimensions,
            currency: home,
            rules,
            without_key: is_by_order.then_some(without_key),
            as_of,
            retained_from,
        })
    }
}

/// Returns what the ads of each cell cost, as far as it is not zero.
async fn spent(
    reader: &TenantWarehouse,
    asker: &Asker<'_>,
    request: &AttributionRequest,
) -> Result<Cells, Failure> {
    let query = CellQuery {
        range: request.time.range,
        buckets: request.buckets(),
        zone: request.time.zone,
        home: asker.tenant.currency(),
        level: Level::Event,
        counts: false,
        by: &request.dimensions,
        filter: &asker.limited(Filter::EVERYTHING),
        keys: Keys::All,
        advertisers: None,
    };
    let mut cells = Cells::new();
    let each = |(start, keys): warehouse::Cell, sums: Sums| {
        // One more than is allowed shows that there are too many.
        if cells.len() <= request.most_rows() {
            let credits = cells.entry((keys, start)).or_default();
            for (_, currency, amount) in sums.money_sums() {
                credits.money.entry(currency).or_default().spend += amount;
            }
        }
    };
    reader.spend(&query, each).await?;
    request.not_too_large(cells.len())?;
    Ok(cells)
}

fn rendered(rule: UsedRule, cells: Cells, dimensions: &[String], home: Currency) -> AttributedRule {
    let mut totals = Credits::default();
    let mut rows = Vec::with_capacity(cells.len());
    for ((keys, start), credits) in cells {
        totals.merge(&credits);
        let keys = AttributedKeys(dimensions.iter().cloned().zip(keys).collect());
        rows.push(AttributedRow { keys, start, values: values(&credits, home) });
    }
    AttributedRule { rule, rows, totals: values(&totals, home), orders_without_credit: None }
}

fn values(credits: &Credits, home: Currency) -> AttributedValues {
    let own = credits.money.get(&home).copied().unwrap_or_default();
    let others = credits.money.iter().filter(|(currency, _)| **currency != home);
    AttributedValues {
        attributed_orders: credits.orders as f64 / 1_000_000.0,
        attributed_units: Quantity::from_thousandths(credits.units),
        own: money(own),
        by_currency: others.map(|(currency, own)| (*currency, money(*own))).collect(),
    }
}

fn money(credited: CreditedMoney) -> AttributedMoney {
    AttributedMoney {
        attributed_sales: credited.sales,
        attributed_net_sales: credited.net_sales,
        promoted_sales: credited.promoted,
        halo_sales: credited.halo,
        assisted_sales: credited.assisted,
        spend: credited.spend,
        attributed_roas: credited.sales.ratio(credited.spend),
        attributed_acos: credited.spend.ratio(credited.sales),
    }
}

impl Serialize for AttributedKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl PartialSchema for AttributedKeys {
    fn schema() -> RefOr<Schema> {
        let campaign = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The campaign, if it is one of the dimensions"));
        let keys = ObjectBuilder::new().property("campaign", campaign);
        keys.description(Some("The values of the dimensions, by their names")).into()
    }
}

impl ToSchema for AttributedKeys {}
