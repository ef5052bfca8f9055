use std::str::FromStr;

use metrics::{Dimension, Metric};

/// How alike a name must be to be suggested: 1 means equal.
const ALIKE: f64 = 0.75;

/// Reads a metric's name.
///
/// # Errors
/// The reason, with the nearest name that exists.
pub(super) fn metric(name: &str) -> Result<Metric, String> {
    named(name, "a metric", "GET /v1/metrics", Metric::ALL.map(Metric::as_str))
}

/// Reads a dimension's name.
///
/// # Errors
/// The reason, with the nearest name that exists.
pub(crate) fn dimension(name: &str) -> Result<Dimension, String> {
    named(name, "a dimension", "GET /v1/dimensions", Dimension::ALL.map(Dimension::as_str))
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

fn named<T: FromStr, const N: usize>(
    name: &str,
    what: &str,
    list: &str,
    known: [&'static str; N],
) -> Result<T, String> {
    name.parse().map_err(|_| {
        let shown: String = name.chars().take(40).collect();
        match nearest(name, known) {
            Some(nearest) => format!("`{shown}` is not {what}; did you mean `{nearest}`?"),
            None => format!("`{shown}` is not {what}; {list} lists them"),
        }
    })
}

fn nearest<const N: usize>(name: &str, known: [&'static str; N]) -> Option<&'static str> {
    let name: String = name.chars().take(80).collect::<String>().to_lowercase();
    let likeness = |own: &str| strsim::jaro_winkler(own, &name);
    let alike = known.into_iter().filter(|own| likeness(own) >= ALIKE);
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
        ] {
            let reason = metric(name).unwrap_err();
            assert!(reason.contains(&format!("did you mean `{nearest}`?")), "{reason}");
        }
        assert!(dimension("campaigns").unwrap_err().contains("`campaign`"));
        assert!(dimension("zzz").unwrap_err().contains("GET /v1/dimensions lists them"));
    }
}
