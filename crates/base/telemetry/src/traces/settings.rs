use serde::Deserialize;
use settings::InvalidSetting;

/// The settings of traces: section `telemetry.traces`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceSettings {
    /// The address of an OTLP receiver (HTTP with protobuf), without `/v1/traces`; empty records nothing.
    pub endpoint: String,
    /// The part of the requests that are recorded: 0 to 1.
    pub ratio: f64,
    /// Whether the `traceparent` of a request decides, in place of `ratio`, and its trace is continued.
    pub trust_parent: bool,
}

impl TraceSettings {
    /// Checks that the values are valid.
    ///
    /// # Errors
    /// Names the setting that is not valid.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if !self.endpoint.is_empty() && !is_address(&self.endpoint) {
            let reason =
                "must be empty, or begin with http:// or https://, without a user, `?` or `#`";
            return Err(InvalidSetting::new("telemetry.traces.endpoint", reason));
        }
        if !(0.0..=1.0).contains(&self.ratio) {
            return Err(InvalidSetting::new("telemetry.traces.ratio", "must be from 0 to 1"));
        }
        Ok(())
    }

    /// Returns where spans are sent; `None` if none are recorded.
    pub(super) fn address(&self) -> Option<String> {
        let endpoint = self.endpoint.trim_end_matches('/');
        (!endpoint.is_empty()).then(|| format!("{endpoint}/v1/traces"))
    }
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let is_part = |byte: u8| byte.is_ascii_graphic() && !b"@?#".contains(&byte);
    rest.is_some_and(|rest| {
        !rest.starts_with(['/', ':']) && !rest.is_empty() && rest.bytes().all(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(endpoint: &str, ratio: f64) -> TraceSettings {
        TraceSettings { endpoint: endpoint.into(), ratio, trust_parent: false }
    }

    #[test]
    fn spans_are_sent_below_the_address_and_without_one_none_are_recorded() {
        let address = |endpoint| settings(endpoint, 1.0).address();
        assert_eq!(address(""), None);
        for endpoint in ["http://receiver:4318", "http://receiver:4318/"] {
            assert_eq!(address(endpoint).as_deref(), Some("http://receiver:4318/v1/traces"));
        }
    }

    #[test]
    fn what_is_no_address_or_no_ratio_is_refused_by_name() {
        for endpoint in ["", "http://receiver:4318", "https://receiver.example/otlp"] {
            settings(endpoint, 0.01).validate().unwrap();
        }
        for endpoint in [
            "receiver:4318",
            "ftp://receiver",
            "http://",
            "http://user:secret@receiver",
            "http://a b",
        ] {
            let error = settings(endpoint, 0.01).validate().unwrap_err().to_string();
            assert!(error.starts_with("telemetry.traces.endpoint must be empty"), "{error}");
        }
        for ratio in [-0.1, 1.1, f64::NAN] {
            let error = settings("", ratio).validate().unwrap_err().to_string();
            assert!(error.starts_with("telemetry.traces.ratio must be from 0 to 1"), "{error}");
        }
    }
}
