use std::time::Duration;

use crate::{Counter, Histogram};

/// The methods that a label may name; any other is `other`.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The status classes that each route is expected to answer with.
const EXPECTED: [&str; 3] = ["2xx", "4xx", "5xx"];

/// The labels of a request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The service that answers: `api`, `collector`…
    pub service: &'static str,
    /// The route pattern that its path matched, never the path.
    pub route: &'a str,
    /// Its method.
    pub method: &'a str,
}

impl Request<'_> {
    /// Counts the answer and records how long it took.
    pub fn answered(self, status: u16, took: Duration) {
        let labels = self.labels(class(status));
        Counter::RequestsServed.inc(&labels);
        Histogram::RequestSeconds.observe(&labels, took);
    }

    /// Creates the series of such requests, with the value 0.
    pub fn register(self) {
        for class in EXPECTED {
            let labels = self.labels(class);
            Counter::RequestsServed.touch(&labels);
            Histogram::RequestSeconds.touch(&labels);
        }
    }

    fn labels(&self, class: &'static str) -> [&str; 4] {
        let method = METHODS.into_iter().find(|known| *known == self.method);
        [self.service, self.route, method.unwrap_or("other"), class]
    }
}

fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_method_creates_no_series_of_its_own() {
        for method in ["BREW", "get", "\u{1}"] {
            let request = Request { service: "test", route: "unmatched", method };
            request.answered(405, Duration::ZERO);
        }
        let labels = ["test", "unmatched", "other", "4xx"];
        assert_eq!(Counter::RequestsServed.value(&labels), 3);
        assert!(!crate::render().contains("BREW"));
    }

    #[test]
    fn an_expected_request_has_series_before_it_arrives() {
        let request = Request { service: "test", route: "/expected/{id}", method: "PUT" };
        request.register();
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
}
