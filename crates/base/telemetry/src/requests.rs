use std::{cell::RefCell, collections::HashMap, time::Duration};

use crate::{
    Counter, Histogram,
    series::{CounterSeries, HistogramSeries},
};

/// The methods that a label may name; any other is `other`.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The label of any other method.
const OTHER: &str = "other";

/// The status classes: a status of 100 to 199 has the first, one of 500 or more the last.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The status classes that each route is expected to answer with.
const EXPECTED: [&str; 3] = ["2xx", "4xx", "5xx"];

/// The requests of one service, as one thread counts them: each series is looked up once.
#[derive(Debug)]
pub struct Requests {
    service: &'static str,
    routes: RefCell<HashMap<String, RouteSeries>>,
}

/// The series of a route, by [`slot`]. A series is created by its first request.
#[derive(Debug)]
struct RouteSeries([Option<RequestSeries>; (METHODS.len() + 1) * CLASSES.len()]);

#[derive(Debug)]
struct RequestSeries {
    served: CounterSeries,
    seconds: HistogramSeries,
}

impl Requests {
    /// Creates a counter of the requests of `service`: `api`, `collector`…
    pub fn new(service: &'static str) -> Self {
        Self { service, routes: RefCell::default() }
    }

    /// Counts an answer and records how long it took. `route` is the pattern that the path matched,
    /// never the path.
    pub fn answered(&self, route: &str, method: &str, status: u16, took: Duration) {
        let mut routes = self.routes.borrow_mut();
        if let Some(known) = routes.get_mut(route) {
            return known.answered(self.service, route, method, status, took);
        }
        let new = routes.entry(route.to_owned()).or_insert(RouteSeries([const { None }; _]));
        new.answered(self.service, route, method, status, took);
    }

    /// Creates the series of the expected answers of a route, with the value 0.
    pub fn register(&self, route: &str, method: &str) {
        for class in EXPECTED {
            RequestSeries::new([self.service, route, method_label(method), class]);
        }
    }
}

impl RouteSeries {
    fn answered(
        &mut self,
        service: &'static str,
        route: &str,
        method: &str,
        status: u16,
        took: Duration,
    ) {
        if let Some(series) = self.0.get_mut(slot(method, status)) {
            let labels = || [service, route, method_label(method), class(status)];
            let series = series.get_or_insert_with(|| RequestSeries::new(labels()));
            series.served.inc();
            series.seconds.observe(took);
        }
    }
}

impl RequestSeries {
    fn new(labels: [&str; 4]) -> Self {
        Self {
            served: Counter::RequestsServed.series(&labels),
            seconds: Histogram::RequestSeconds.series(&labels),
        }
    }
}

/// Returns the place of a method and a status in [`RouteSeries`].
fn slot(method: &str, status: u16) -> usize {
    let method = METHODS.iter().position(|known| *known == method);
    method.unwrap_or(METHODS.len()) * CLASSES.len() + class_index(status)
}

/// Returns the label of a method: itself if it is known.
pub(crate) fn method_label(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or(OTHER)
}

fn class(status: u16) -> &'static str {
    CLASSES.get(class_index(status)).copied().unwrap_or_default()
}

fn class_index(status: u16) -> usize {
    usize::from(status / 100).clamp(1, CLASSES.len()) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_method_creates_no_series_of_its_own() {
        let requests = Requests::new("test");
        for method in ["BREW", "get", "\u{1}"] {
            requests.answered("unmatched", method, 405, Duration::ZERO);
        }
        let labels = ["test", "unmatched", "other", "4xx"];
        assert_eq!(Counter::RequestsServed.value(&labels), 3);
        assert!(!crate::render().contains("BREW"));
    }

    #[test]
    fn an_expected_request_has_series_before_it_arrives() {
        Requests::new("test").register("/expected/{id}", "PUT");
        let text = crate::render();
        for status in ["2xx", "4xx", "5xx"] {
            let labels = format!(
                r#"{{method="PUT",route="/expected/{{id}}",service="test",status="{status}"}}"#
            );
            for name in ["footfall_requests_total", "footfall_request_seconds_count"] {
                assert!(text.contains(&format!("{name}{labels} 0")), "{name} {status}: {text}");
            }
        }
    }

    #[test]
    fn requests_that_differ_in_method_or_class_are_counted_apart() {
        let requests = Requests::new("apart");
        let answers = [("GET", 200), ("GET", 304), ("GET", 404), ("HEAD", 200), ("GET", 599)];
        for (method, status) in answers.into_iter().chain([("GET", 204), ("OPTIONS", 101)]) {
            requests.answered("/things", method, status, Duration::ZERO);
        }
        for (method, class, count) in [
            ("GET", "2xx", 2),
            ("GET", "3xx", 1),
            ("GET", "4xx", 1),
            ("GET", "5xx", 1),
            ("HEAD", "2xx", 1),
            ("OPTIONS", "1xx", 1),
        ] {
            let labels = ["apart", "/things", method, class];
            assert_eq!(Counter::RequestsServed.value(&labels), count, "{method} {class}");
        }
    }
}
