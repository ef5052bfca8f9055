//! What the api says can be asked.

use serde_json::Value;
use testkit::{Platform, Tenant};

use crate::formulas;

/// The catalogue, as the api lists it.
pub(crate) struct Catalogue {
    pub(crate) metrics: Vec<Metric>,
    pub(crate) dimensions: Vec<Dimension>,
}

pub(crate) struct Metric {
    pub(crate) name: String,
    /// Whether its values add up.
    pub(crate) is_additive: bool,
}

pub(crate) struct Dimension {
    pub(crate) name: String,
    pub(crate) is_of_products: bool,
    /// The metrics that it combines with.
    pub(crate) metrics: Vec<String>,
}

impl Catalogue {
    /// Asks for it; fails the test if it has a metric without a formula here.
    pub(crate) async fn of(platform: &Platform, tenant: &Tenant) -> Self {
        let metrics = list(platform, tenant, "/v1/metrics").await.into_iter().map(|metric| {
            let name = name(&metric);
            assert!(
                formulas::names().contains(&name.as_str()),
                "unknown metric {name}: teach the recount"
            );
            Metric { name, is_additive: metric["additivity"] == "sum" }
        });
        let dimensions = list(platform, tenant, "/v1/dimensions").await;
        let dimensions = dimensions.into_iter().map(|dimension| Dimension {
            name: name(&dimension),
            is_of_products: dimension["level"] == "product",
            metrics: serde_json::from_value(dimension["metrics"].clone()).unwrap(),
        });
        Self { metrics: metrics.collect(), dimensions: dimensions.collect() }
    }

    /// Returns the metrics that combine with a dimension; without one, all.
    pub(crate) fn metrics_of<'a>(&'a self, dimension: Option<&'a Dimension>) -> Vec<&'a str> {
        match dimension {
            None => self.metrics.iter().map(|metric| metric.name.as_str()).collect(),
            Some(dimension) => dimension.metrics.iter().map(String::as_str).collect(),
        }
    }
}

async fn list(platform: &Platform, tenant: &Tenant, path: &str) -> Vec<Value> {
    let answer = platform.get(&tenant.read_key, path).await.expect(200).json();
    answer["data"].as_array().unwrap().clone()
}

fn name(entry: &Value) -> String {
    entry["name"].as_str().unwrap().to_owned()
}
