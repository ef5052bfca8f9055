//! Exemplars: for each bucket of a histogram, the trace of the last recorded request that fell into it.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{metric::SECONDS, traces::trace_id};

/// By the name of the bucket's series. There are no more than series of histograms.
static LAST: LazyLock<Mutex<HashMap<String, Exemplar>>> = LazyLock::new(Mutex::default);

struct Exemplar {
    trace: String,
    seconds: f64,
    /// Since 1970.
    at: Duration,
}

/// The names of the buckets of one series of a histogram.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    /// The name of each, up to its bound.
    start: String,
}

impl Buckets {
    /// Names the buckets as the text format does, with the labels in the order of their names.
    pub(crate) fn of<'a>(name: &str, labels: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut labels: Vec<_> = labels.collect();
        labels.sort_unstable();
        let mut start = format!("{name}_bucket{{");
        for (label, value) in labels {
            let value = value.replace('\\', r"\\").replace('\n', r"\n").replace('"', r#"\""#);
            start.push_str(&format!("{label}=\"{value}\","));
        }
        Self { start }
    }

    /// Keeps the trace of what took so long, if it is recorded.
    pub(crate) fn observe(&self, took: Duration) {
        let Some(trace) = trace_id() else { return };
        let seconds = took.as_secs_f64();
        let bound = SECONDS.iter().find(|bound| seconds <= **bound);
        let bound = bound.map_or_else(|| "+Inf".to_owned(), f64::to_string);
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        last().insert(format!("{}le=\"{bound}\"}}", self.start), Exemplar { trace, seconds, at });
    }
}

fn last() -> MutexGuard<'static, HashMap<String, Exemplar>> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes metrics of the text format in that of OpenMetrics, with exemplars.
pub(crate) fn with_exemplars(text: &str) -> String {
    let last = last();
    let mut lines: Vec<_> = text.lines().map(|line| open_line(line, &last)).collect();
    lines.push("# EOF\n".to_owned());
    lines.join("\n")
}

fn open_line(line: &str, last: &HashMap<String, Exemplar>) -> String {
    if let Some(comment) = line.strip_prefix("# ") {
        return open_comment(comment).unwrap_or_else(|| line.to_owned());
    }
    let Some((series, value)) = line.rsplit_once(' ') else { return line.to_owned() };
    let open = with_float(series);
    match last.get(series) {
        Some(Exemplar { trace, seconds, at }) => {
            let at = at.as_secs_f64();
            format!("{open} {value} # {{trace_id=\"{trace}\"}} {seconds} {at:.3}")
        }
        None => format!("{open} {value}"),
    }
}

/// Writes a line of help or of a type. A counter has the name of its series without the ending there.
fn open_comment(comment: &str) -> Option<String> {
    let (kind, described) = comment.split_once(' ')?;
    let (name, rest) = described.split_once(' ')?;
    let family = name.strip_suffix("_total").unwrap_or(name);
    Some(format!("# {kind} {family} {}", rest.replace('"', r#"\""#)))
}

/// Writes the bound of a bucket as OpenMetrics does: 5.0 and not 5.
fn with_float(series: &str) -> String {
    let whole = |bound: &str| !bound.is_empty() && bound.bytes().all(|byte| byte.is_ascii_digit());
    let found = series.rsplit_once("le=\"").and_then(|(start, end)| {
        let bound = end.strip_suffix("\"}")?;
        (series.contains("_bucket{") && whole(bound)).then(|| format!("{start}le=\"{bound}.0\"}}"))
    });
    found.unwrap_or_else(|| series.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_bounds_and_the_end_are_those_of_openmetrics() {
        let text = "# HELP a_total The \"a\".\n# TYPE a_total counter\na_total{x=\"y\"} 3\n\
                    # TYPE b_seconds histogram\nb_seconds_bucket{le=\"0.25\"} 1\n\
                    b_seconds_bucket{le=\"5\"} 1\nb_seconds_bucket{le=\"+Inf\"} 2\nb_seconds_count 2\n";
        let expected = "# HELP a The \\\"a\\\".\n# TYPE a counter\na_total{x=\"y\"} 3\n\
                    # TYPE b_seconds histogram\nb_seconds_bucket{le=\"0.25\"} 1\n\
                    b_seconds_bucket{le=\"5.0\"} 1\nb_seconds_bucket{le=\"+Inf\"} 2\nb_seconds_count 2\n# EOF\n";
        assert_eq!(with_exemplars(text), expected);
    }

    #[test]
    fn a_bucket_has_the_name_that_the_text_format_gives_it() {
        let labels = [("route", "/\"x\""), ("method", "GET")];
        let start = Buckets::of("a_seconds", labels.into_iter()).start;
        assert_eq!(start, r#"a_seconds_bucket{method="GET",route="/\"x\"","#);
    }

    #[test]
    fn what_is_not_recorded_leaves_no_exemplar() {
        Buckets::of("unrecorded_seconds", std::iter::empty()).observe(Duration::from_millis(3));
        let text = with_exemplars("unrecorded_seconds_bucket{le=\"0.005\"} 1\n");
        assert!(!text.contains("trace_id"), "{text}");
    }
}
