use std::{collections::HashSet, net::SocketAddr};

use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;
use serde_json::{Value as Json, json};

use crate::{
    load::{get, post},
    questions::stand::text,
    shops::History,
};

/// The metrics of every question.
pub(super) const METRICS: [&str; 6] = ["impressions", "clicks", "ctr", "spend", "sales", "roas"];

/// The segments with the largest sales.
pub(super) const TOP: usize = 10;

/// Questions of one kind.
const COUNT: usize = 2_000;

/// The range of a query by two dimensions, and the period before with which it is compared.
const DAYS: i64 = 7;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 24 hours of a campaign by hour.
    Series,
    /// 7 days by campaign and placement, which no rollup has.
    Placements,
    /// 7 days by device and country.
    Sources,
}

/// Questions of which none is another's, not even in a part.
pub(super) struct Questions {
    kind: Kind,
    all: Vec<Question>,
}

struct Question {
    campaign: String,
    from: DateTime<Utc>,
}

impl Kind {
    /// All, in the order in which they are asked: Cube never answers a comparison that is its first request.
    pub(super) const ALL: [Self; 3] = [Self::Series, Self::Placements, Self::Sources];

    /// Returns the name of the cube: see `model/events.js`.
    pub(super) const fn cube(self) -> &'static str {
        match self {
            Self::Series => "campaigns",
            Self::Placements => "placements",
            Self::Sources => "sources",
        }
    }

    /// Returns the dimensions, whose names are the same in Cube.
    pub(super) const fn dimensions(self) -> &'static [&'static str] {
        match self {
            Self::Series => &[],
            Self::Placements => &["campaign", "placement"],
            Self::Sources => &["device", "country"],
        }
    }

    /// Returns the name of a metric or a dimension in Cube.
    pub(super) fn member(self, name: &str) -> String {
        format!("{}.{name}", self.cube())
    }

    fn length(self) -> TimeDelta {
        match self {
            Self::Series => TimeDelta::hours(24),
            Self::Placements | Self::Sources => TimeDelta::days(DAYS),
        }
    }
}

impl Questions {
    /// Returns questions about random campaigns and times.
    pub(super) fn random(
        kind: Kind,
        history: &History,
        campaigns: u16,
        random: &mut impl Rng,
    ) -> Self {
        let length = kind.length();
        let mut asked = HashSet::new();
        let mut all = Vec::new();
        while all.len() < COUNT {
            let campaign = format!("campaign-{}", random.random_range(0..campaigns));
            let from = history.random_start(random, length * 2) + length;
            let of_campaign = (kind == Kind::Series).then(|| campaign.clone());
            // The period before may not be that of another question either: each is a read of its own.
            let periods = [from, from - length].map(|start| (of_campaign.clone(), start));
            if periods.iter().any(|period| asked.contains(period)) {
                continue;
            }
            asked.extend(periods);
            all.push(Question { campaign, from });
        }
        Self { kind, all }
    }

    /// Returns the requests to the api.
    pub(super) fn ours(&self, address: SocketAddr, key: &str) -> Vec<Vec<u8>> {
        let metrics = METRICS.join(",");
        let length = self.kind.length();
        let request = |Question { campaign, from }: &Question| {
            let [before, from, to] = [*from - length, *from, *from + length].map(text);
            if self.kind == Kind::Series {
                let range = format!("from={from}&to={to}&tz=UTC&granularity=hour");
                let path = format!("/v1/campaigns/{campaign}/metrics?{range}&metrics={metrics}");
                return get(address, &path, Some(key));
            }
            let body = json!({
                "metrics": METRICS,
                "dimensions": self.kind.dimensions(),
                "time": {"from": from, "to": to, "tz": "UTC"},
                "compare": {"to": "custom", "from": before, "until": from},
                "top": {"n": TOP, "by": "sales", "others": true},
            });
            let body = body.to_string();
            post(address, "/v1/query", Some(key), "application/json", body.as_bytes())
        };
        self.all.iter().map(request).collect()
    }

    /// Returns the requests to Cube. It has no others, and cuts each period to a top of its own: so it is
    /// asked for all segments, from which its client takes both.
    pub(super) fn cubes(&self, address: SocketAddr, token: &str) -> Vec<Vec<u8>> {
        let Self { kind, all } = self;
        let members =
            |names: &[&str]| -> Vec<_> { names.iter().map(|name| kind.member(name)).collect() };
        let length = kind.length();
        let request = |Question { campaign, from }: &Question| {
            let (before, now) = (period(*from - length, length), period(*from, length));
            let (metrics, time) = (members(&METRICS), kind.member("time"));
            let query = if *kind == Kind::Series {
                let of = kind.member("campaign");
                json!({
                    "measures": metrics,
                    "timeDimensions": [{"dimension": time, "granularity": "hour", "dateRange": now}],
                    "filters": [{"member": of, "operator": "equals", "values": [campaign]}],
                })
            } else {
                json!({
                    "measures": metrics,
                    "dimensions": members(kind.dimensions()),
                    "timeDimensions": [{"dimension": time, "compareDateRange": [now, before]}],
                    "order": {kind.member("sales"): "desc"},
                })
            };
            // A comparison is two queries.
            let body = json!({"query": query, "queryType": "multi"}).to_string();
            post(address, "/cubejs-api/v1/load", Some(token), "application/json", body.as_bytes())
        };
        all.iter().map(request).collect()
    }
}

/// Returns a range as Cube reads it: UTC without a zone, and with its last millisecond.
fn period(from: DateTime<Utc>, length: TimeDelta) -> Json {
    let last = from + length - TimeDelta::milliseconds(1);
    json!([from, last].map(|time| time.format("%FT%T%.3f").to_string()))
}
