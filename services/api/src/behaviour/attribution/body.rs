use attribution::{AttributionModel, DateBasis, MatchLevel, Rule, RuleError, ViewEvent};
use chrono::{DateTime, TimeDelta, Utc};
use metrics::{Dimension, Dimensions, Level};
use problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::fields::{By, duration};
use crate::{
    dimensions::Home,
    query::{Format, Time, TimeBody, names},
    reports::schemas::DimensionName,
};

/// The most dimensions of one request.
const MOST_DIMENSIONS: usize = 4;
/// The most rules of one request.
const MOST_RULES: usize = 5;

/// A question about attribution.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributionBody {
    /// The time of the orders, or of the ads, by `date_basis`; and the buckets.
    #[serde(default)]
    time: TimeBody,
    /// What the credit is divided by: 1 to 4 dimensions of the ads. Default: `campaign`.
    #[schema(value_type = Option<Vec<DimensionName>>, min_items = 1, max_items = 4, example = json!(["placement"]))]
    dimensions: Option<Vec<String>>,
    /// The rules to compare, at most 5. Default: Footfall's own.
    #[serde(default)]
    #[schema(max_items = 5)]
    rules: Vec<RuleBody>,
    /// The date of a credit: `interaction`, that of the ad, or `conversion`, that of the order. Default:
    /// `conversion`.
    #[schema(example = "conversion")]
    date_basis: Option<String>,
    /// What the events of one user have in common. Default: `visitor`.
    #[serde(default)]
    by: By,
    /// The form of the answer: `json`, or a file: `ndjson`, `csv`, `parquet` or `arrow`. Default: by the
    /// header `Accept`.
    #[schema(value_type = Option<String>, example = "csv")]
    pub(crate) format: Option<String>,
}

/// A rule. A field that is absent is that of the preset.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleBody {
    /// A habit of the market: `standard` (last touch, clicks of 14 days, views of 1 day, same product),
    /// `criteo_sponsored_products`, `criteo_display`, `amazon_sponsored_products`,
    /// `amazon_sponsored_products_vendor`, `amazon_sponsored_display`, `walmart_search`,
    /// `walmart_display`, `ga4_last_click`, `iab_europe`. Default: `standard`.
    #[schema(example = "criteo_display")]
    preset: Option<String>,
    /// `last_touch`, `first_touch`, `linear`, `position` or `time_decay`.
    #[schema(example = "last_touch")]
    model: Option<String>,
    /// How long before an order a click may be: 1 to 90 days, inclusive.
    #[schema(example = "14d")]
    click_window: Option<String>,
    /// How long before an order a view may be: up to 30 days; `0d` for no views.
    #[schema(example = "1d")]
    view_window: Option<String>,
    /// What of the ad must be that of the order line: `same_sku`, `parent_sku`, `brand`, `category` or
    /// `any`.
    #[serde(rename = "match")]
    #[schema(example = "same_sku")]
    matched: Option<String>,
    /// What counts as a view: `impression`, unless it says that it was not viewable, or `viewable`.
    #[schema(example = "impression")]
    view_event: Option<String>,
    /// Whether a click excludes views from credit.
    click_beats_view: Option<bool>,
}

/// A rule, as it was used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UsedRule {
    /// The preset it began with.
    #[schema(example = "standard")]
    pub(super) preset: &'static str,
    #[schema(example = "last_touch")]
    pub(super) model: &'static str,
    /// In seconds.
    pub(super) click_window_seconds: i64,
    /// In seconds; 0 without views.
    pub(super) view_window_seconds: i64,
    /// What of a click must match.
    #[schema(example = "same_sku")]
    pub(super) click_match: &'static str,
    /// What of a view must match.
    #[schema(example = "same_sku")]
    pub(super) view_match: &'static str,
    #[schema(example = "impression")]
    pub(super) view_event: &'static str,
    pub(super) click_beats_view: bool,
}

/// A valid question about attribution.
#[derive(Debug)]
pub(crate) struct AttributionRequest {
    pub(crate) time: Time,
    /// The form of the answer, if it names one.
    pub(crate) format: Option<Format>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) rules: Vec<(UsedRule, Rule)>,
    pub(super) basis: DateBasis,
    pub(super) by: By,
}

impl AttributionBody {
    /// Reads the question of a tenant at the time `now`.
    ///
    /// # Errors
    /// A wrong field, and what would be correct.
    pub(crate) fn parse(
        &self,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<AttributionRequest, Problem> {
        let time = self.time.parse("/time/", home.zone, now)?;
        if self.rules.len() > MOST_RULES {
            return Err(Problem::field("/rules", format!("must have at most {MOST_RULES} rules")));
        }
        let standard = [RuleBody::default()];
        let rules = if self.rules.is_empty() { &standard } else { self.rules.as_slice() };
        let rules = rules.iter().enumerate();
        let rules = rules.map(|(index, rule)| rule.parse(&format!("/rules/{index}")));
        Ok(AttributionRequest {
            time,
            format: Format::asked(self.format.as_deref(), "/format")?,
            dimensions: self.dimensions(home.dimensions)?,
            rules: rules.collect::<Result<_, _>>()?,
            basis: date_basis(self.date_basis.as_deref(), "/date_basis")?,
            by: self.by,
        })
    }

    fn dimensions(&self, known: &Dimensions) -> Result<Vec<Dimension>, Problem> {
        let Some(named) = &self.dimensions else {
            return Ok(vec![Dimension::Campaign]);
        };
        if !(1..=MOST_DIMENSIONS).contains(&named.len()) {
            let reason = format!("must have 1 to {MOST_DIMENSIONS} dimensions");
            return Err(Problem::field("/dimensions", reason));
        }
        let mut dimensions = Vec::new();
        for (index, name) in named.iter().enumerate() {
            let dimension = names::dimension(name, known).and_then(of_ads);
            let dimension = dimension
                .map_err(|reason| Problem::field(format!("/dimensions/{index}"), reason))?;
            if !dimensions.contains(&dimension) {
                dimensions.push(dimension);
            }
        }
        Ok(dimensions)
    }
}

/// Returns the dimension if an ad as a whole has it.
///
/// # Errors
/// The reason, and what to use instead.
pub(crate) fn of_ads(dimension: Dimension) -> Result<Dimension, String> {
    match dimension.level() {
        Level::Product => Err(format!(
            "may not be `{}`: an ad has its credit as a whole. Use a dimension of events, such as \
             `campaign`, `ad` or `placement`",
            dimension.as_str()
        )),
        Level::Event => names::of_any_event(dimension),
    }
}

/// Returns the preset of a name; `pointer` is where it is named.
///
/// # Errors
/// There is none.
pub(super) fn preset(named: &str, pointer: &str) -> Result<(&'static str, Rule), Problem> {
    let preset = Rule::PRESETS.into_iter().find(|(name, _)| *name == named);
    preset.ok_or_else(|| {
        let names = Rule::PRESETS.map(|(name, _)| name).join(", ");
        Problem::field(pointer, format!("must be one of {names}"))
    })
}

/// Returns the date of credit of a name; without one, that of the order.
///
/// # Errors
/// There is none; `pointer` is where it is named.
pub(super) fn date_basis(name: Option<&str>, pointer: &str) -> Result<DateBasis, Problem> {
    read(name, pointer, DateBasis::Conversion)
}

impl RuleBody {
    /// Reads the rule at `pointer`.
    ///
    /// # Errors
    /// A wrong field, and what would be correct.
    pub(super) fn parse(&self, pointer: &str) -> Result<(UsedRule, Rule), Problem> {
        let named = self.preset.as_deref().unwrap_or("standard");
        let (preset, base) = preset(named, &format!("{pointer}/preset"))?;
        let model = read(self.model.as_deref(), &format!("{pointer}/model"), base.model())?;
        let window = |text: Option<&str>, name: &str, base: i64| match text {
            None => Ok(base),
            Some("0d") => Ok(0),
            Some(text) => duration(text, &format!("{pointer}/{name}")).map(milliseconds),
        };
        let clicks = window(self.click_window.as_deref(), "click_window", base.click_window())?;
        let views = window(self.view_window.as_deref(), "view_window", base.view_window())?;
        let at = format!("{pointer}/match");
        let click_match: MatchLevel = read(self.matched.as_deref(), &at, base.click_match())?;
        let view_match: MatchLevel = read(self.matched.as_deref(), &at, base.view_match())?;
        let view_event: ViewEvent =
            read(self.view_event.as_deref(), &format!("{pointer}/view_event"), base.view_event())?;
        let beats = self.click_beats_view.unwrap_or(base.click_beats_view());
        let rule = Rule::new(model, clicks, views, click_match).map_err(|error| {
            let name = if error == RuleError::ViewWindow { "view_window" } else { "click_window" };
            Problem::field(format!("{pointer}/{name}"), error.to_string())
        })?;
        let rule = rule
            .with_view_match(view_match)
            .with_view_event(view_event)
            .with_click_beats_view(beats);
        Ok((UsedRule::of(preset, &rule), rule))
    }
}

fn milliseconds(length: TimeDelta) -> i64 {
    length.num_milliseconds()
}

fn read<T>(text: Option<&str>, pointer: &str, base: T) -> Result<T, Problem>
where
    T: std::str::FromStr<Err = RuleError>,
{
    let read = text.map(|text| {
        text.parse().map_err(|error: RuleError| Problem::field(pointer, error.to_string()))
    });
    Ok(read.transpose()?.unwrap_or(base))
}

impl UsedRule {
    pub(super) fn of(preset: &'static str, rule: &Rule) -> Self {
        Self {
            preset,
            model: AttributionModel::as_str(rule.model()),
            click_window_seconds: rule.click_window() / 1000,
            view_window_seconds: rule.view_window() / 1000,
            click_match: rule.click_match().as_str(),
            view_match: rule.view_match().as_str(),
            view_event: rule.view_event().as_str(),
            click_beats_view: rule.click_beats_view(),
        }
    }
}
