use metrics::{Dimension, EventTest, Level, Metric};
use problem::{Code, Problem};

use super::{credit, filters::Filters, request::QueryRequest};

/// Returns whether whole events or their products are counted.
pub(super) fn level(dimensions: &[Dimension], filters: &Filters) -> Level {
    let tested = filters.events.tests().into_iter().filter_map(EventTest::dimension);
    let is_of_products = dimensions.iter().chain(tested).any(|one| one.level() == Level::Product);
    if is_of_products { Level::Product } else { Level::Event }
}

/// Refuses metrics that are not defined for the dimensions, or for the attribution.
///
/// # Errors
/// The first such metric, and which are possible.
pub(super) fn compatible(request: &QueryRequest) -> Result<(), Problem> {
    credit::compatible(request)?;
    let used: Vec<_> = request.used().collect();
    let wrong = request.needed().find_map(|metric| {
        let dimension = used.iter().find(|dimension| !metric.combines_with(dimension))?;
        Some((metric.as_str(), *dimension))
    });
    let Some((metric, dimension)) = wrong else {
        return Ok(());
    };
    let fits = |metric: &Metric| used.iter().all(|dimension| metric.combines_with(dimension));
    let possible: Vec<_> = Metric::ALL.into_iter().filter(fits).map(Metric::as_str).collect();
    let possible = possible.join(", ");
    let name = dimension.as_str();
    let reason = match dimension.level() {
        Level::Product => format!(
            "`{metric}` is not defined by `{name}`: what an ad costs belongs to the event as a whole, not \
             to a product. With product, brand or category, ask for {possible}; or leave them out"
        ),
        Level::Event => format!(
            "`{metric}` is not defined by `{name}`, which only orders have. With it, ask for {possible}; \
             or leave it out"
        ),
    };
    Err(Problem::new(Code::Incompatible, "A metric and a dimension exclude each other.")
        .with_error("/metrics", reason))
}
