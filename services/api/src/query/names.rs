use metrics::{Dimension, Dimensions, Metric};

/// How alike a name must be to be suggested: 1 means equal.
const ALIKE: f64 = 0.75;

/// Reads the name of a metric, be it one of events or of credit.
///
/// # Errors
/// The reason, with the nearest name that exists.
pub(super) fn metric(name: &str) -> Result<Metric, String> {
    let all = || Metric::ALL.into_iter().chain(Metric::ATTRIBUTED).map(Metric::as_str);
    Metric::named(name).ok_or_else(|| unknown(name, "a metric", "GET /v1/metrics", all()))
}

/// Reads the name of one of the dimensions `known`.
///
/// # Errors
/// The reason, with the nearest name that exists.
pub(crate) fn dimension(name: &str, known: &Dimensions) -> Result<Dimension, String> {
    let unknown = || unknown(name, "a dimension", "GET /v1/dimensions", known.names());
    known.named(name).ok_or_else(unknown)
}

/// Returns the dimension if each event has it in itself: other reports than queries know nothing else.
///
/// # Errors
/// The reason, and what to use instead.
pub(crate) fn of_any_event(dimension: Dimension) -> Result<Dimension, String> {
    match dimension {
        Dimension::CustomerType => Err("may not be `customer_type`, which only orders have: use \
                                        POST /v1/query"
            .to_owned()),
        Dimension::Advertiser => {
            Err("may not be `advertiser`: name its campaigns, or use POST /v1/query".to_owned())
        }
        event => Ok(event),
    }
}

/// Returns why a name is refused.
fn unknown<'a>(name: &str, what: &str, list: &str, known: impl Iterator<Item = &'a str>) -> String {
    let shown: String = name.chars().take(40).collect();
    match nearest(name, known) {
        Some(nearest) => format!("`{shown}` is not {what}; did you mean `{nearest}`?"),
        None => format!("`{shown}` is not {what}; {list} lists them"),
    }
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name: String = name.chars().take(80).collect::<String>().to_lowercase();
    let likeness = |own: &str| strsim::jaro_winkler(own, &name);
    let alike = known.filter(|own| likeness(own) >= ALIKE);
    alike.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested() {
        assert_eq!(metric("ctr"), Ok(Metric::Ctr));
        for (name, nearest) in [
            ("impresions", "impressions"),
            ("Clicks", "clicks"),
            ("conversions_rate", "conversion_rate"),
            ("atributed_sales", "attributed_sales"),
        ] {
            let reason = metric(name).unwrap_err();
            assert!(reason.contains(&format!("did you mean `{nearest}`?")), "{reason}");
        }
        let dimension = |name| dimension(name, &Dimensions::BUILT_IN).unwrap_err();
        assert!(dimension("campaigns").contains("`campaign`"));
        assert!(dimension("zzz").contains("GET /v1/dimensions lists them"));
    }

    #[test]
    fn a_declared_name_is_suggested_too() {
        let declared = metrics::DeclaredDimension {
            name: "loyalty_tier".parse().unwrap(),
            pointer: "/properties/loyalty/tier".parse().unwrap(),
            kind: metrics::PropertyType::String,
        };
        let own: Dimensions = [declared].into_iter().collect();
        assert!(dimension("loyalty_tier", &own).is_ok());
        let reason = dimension("loyalty_teir", &own).unwrap_err();
        assert!(reason.contains("did you mean `loyalty_tier`?"), "{reason}");
    }
}
