mod sheet;

use std::collections::BTreeMap;

use attribution::DateBasis;
use chrono::{DateTime, TimeDelta, Utc};
use metrics::Granularity;
use money::{Amount, Currency, Quantity};
use problem::{Code, Problem};
use serde::Serialize;
use tenancy::CampaignId;
use utoipa::ToSchema;
use warehouse::{JourneyQuery, KeyJourney};

use super::{
    super::{Asker, Behaviour, fields::By},
    body::{AttributionRequest, UsedRule},
    credits::{CreditedMoney, Credits, Places, RuleCredits},
    orders::{Names, Path, Refunds},
};
use crate::failure::Failure;

/// The most pairs of a touch and an order line of one key: its credits are decided without a pause.
const LARGEST_KEY: usize = 5_000_000;

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
    /// By campaign, and within it by bucket. Only those with credit, or with assisted sales.
    rows: Vec<AttributedRow>,
    /// All campaigns together.
    totals: AttributedValues,
    /// Orders in the range without any credit; `null` by date of interaction, and for a credential that
    /// may see only some campaigns.
    orders_without_credit: Option<u64>,
}

/// The credit of a campaign in a bucket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttributedRow {
    /// The campaign.
    campaign: String,
    /// The start of the bucket.
    start: DateTime<Utc>,
    #[serde(flatten)]
    values: AttributedValues,
}

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
}

impl Behaviour {
    /// Answers a question about attribution.
    pub(crate) async fn attribution(
        &self,
        asker: &Asker<'_>,
        request: &AttributionRequest,
    ) -> Result<AttributionAnswer, Failure> {
        let range = request.time.range;
        let longest = request.rules.iter().map(|(_, rule)| rule.longest_window()).max();
        let longest = TimeDelta::milliseconds(longest.unwrap_or_default());
        let end = match request.basis {
            DateBasis::Interaction => range.to() + longest + TimeDelta::milliseconds(1),
            DateBasis::Conversion => range.to(),
        };
        let touched_from = range.from() - longest;
        let retained_from = self.retained(asker, (range, "/time/from"), touched_from).await?;
        let as_of = self.as_of().await;
        let query = JourneyQuery {
            ordered: range.from()..end,
            touched_from,
            until: end.max(request.now),
            key: request.by.into(),
        };
        let home = asker.tenant.currency();
        let buckets = request.time.granularity.buckets(range, request.time.zone);
        let places = Places { range, buckets: &buckets, basis: request.basis };
        let (mut products, mut campaigns) = (Names::default(), Names::default());
        let mut credits: Vec<_> = request.rules.iter().map(|_| RuleCredits::default()).collect();
        let reader = self.reader(asker).in_one_slot();
        let mut refunds = Refunds::of(reader.refunds(range.from()).await?, home);
        let mut is_too_large = false;
        let each = |journey: KeyJourney| {
            if journey.touches.len().saturating_mul(journey.lines.len()) > LARGEST_KEY {
                is_too_large = true;
                return;
            }
            let path = Path::read(&journey, &mut products, &mut campaigns, &mut refunds, home);
            for ((_, rule), credits) in request.rules.iter().zip(&mut credits) {
                credits.add(*rule, &path, &places);
            }
        };
        let without_key = reader.journeys(&query, each).await?;
        if is_too_large {
            let reason = "one key has too many ads and orders in it: ask for a shorter range, or by another key";
            return Err(Problem::new(Code::InvalidRange, "The report takes too long.")
                .with_error("/time", reason)
                .into());
        }
        let seen = asker.campaigns.as_deref();
        let is_by_order = seen.is_none() && request.basis == DateBasis::Conversion;
        let rules = request.rules.iter().zip(credits).map(|((used, _), credits)| AttributedRule {
            orders_without_credit: is_by_order.then_some(credits.without_credit),
            ..rendered(used.clone(), &credits, &campaigns, (seen, home), buckets.starts())
        });
        Ok(AttributionAnswer {
            from: range.from(),
            to: range.to(),
            tz: request.time.zone.name(),
            granularity: Granularity::as_str(request.time.granularity),
            date_basis: request.basis.as_str(),
            by: request.by,
            currency: home,
            rules: rules.collect(),
            without_key: is_by_order.then_some(without_key),
            as_of,
            retained_from,
        })
    }
}

fn rendered(
    rule: UsedRule,
    credits: &RuleCredits,
    campaigns: &Names,
    (seen, home): (Option<&[CampaignId]>, Currency),
    starts: &[DateTime<Utc>],
) -> AttributedRule {
    let is_seen =
        |campaign: &str| seen.is_none_or(|seen| seen.iter().any(|own| own.as_str() == campaign));
    let mut totals = Credits::default();
    let mut rows = Vec::new();
    for ((campaign, bucket), credits) in &credits.credits {
        let campaign = campaigns.text(*campaign);
        if let Some(start) = starts.get(*bucket).filter(|_| is_seen(campaign)) {
            totals.merge(credits);
            rows.push(AttributedRow {
                campaign: campaign.to_owned(),
                start: *start,
                values: values(credits, home),
            });
        }
    }
    rows.sort_by(|one, other| (&one.campaign, one.start).cmp(&(&other.campaign, other.start)));
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
    }
}
