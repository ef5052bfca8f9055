use std::sync::OnceLock;

use prometheus::{IntGaugeVec, Opts, TextEncoder, core::Collector, proto::MetricFamily};

use crate::{Age, Counter, Gauge, Histogram, exemplars::with_exemplars, process};

/// Version and commit of the program, once they are set.
static BUILD: OnceLock<(&'static str, &'static str)> = OnceLock::new();

/// A hash of the settings in effect, once it is set.
static SETTINGS: OnceLock<String> = OnceLock::new();

/// Creates every series whose labels are known, with the value 0: an alert on a series that appears
/// with its first increase would miss it.
pub fn register() {
    Counter::register();
    Gauge::register();
    Age::register();
    Histogram::register();
}

/// Sets version and commit for `footfall_build_info`; only the first call counts.
pub fn state_build(version: &'static str, commit: &'static str) {
    BUILD.get_or_init(|| (version, commit));
}

/// Sets the hash of the settings for `footfall_settings_info`; only the first call counts.
pub fn state_settings(hash: String) {
    SETTINGS.get_or_init(|| hash);
}

/// Renders every metric of this process in the Prometheus text format.
pub fn render() -> String {
    let mut families = prometheus::gather();
    families.extend(build_info());
    families.extend(settings_info());
    families.extend(process::families());
    TextEncoder::new().encode_to_string(&families).unwrap_or_default()
}

/// Renders the same in the format of OpenMetrics, which has exemplars: the traces of recorded requests.
pub fn render_openmetrics() -> String {
    with_exemplars(&render())
}

/// Returns a series of 1 with version and commit as its labels; none until they are set.
fn build_info() -> Vec<MetricFamily> {
    let help = "Version and commit of the program; always 1.";
    match BUILD.get() {
        Some((version, commit)) => {
            info("footfall_build_info", help, &["version", "commit"], &[version, commit])
        }
        None => Vec::new(),
    }
}

/// Returns a series of 1 with the hash of the settings as its label; none until it is set.
fn settings_info() -> Vec<MetricFamily> {
    let help = "Hash of the settings in effect, without secrets; always 1.";
    match SETTINGS.get() {
        Some(hash) => info("footfall_settings_info", help, &["hash"], &[hash]),
        None => Vec::new(),
    }
}

fn info(name: &str, help: &str, labels: &[&str], values: &[&str]) -> Vec<MetricFamily> {
    let Ok(info) = IntGaugeVec::new(Opts::new(name, help), labels) else {
        return Vec::new();
    };
    info.with_label_values(values).set(1);
    info.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_build_counts() {
        state_build("1.2.3", "abc1234");
        state_build("9.9.9", "other");
        let line = r#"footfall_build_info{commit="abc1234",version="1.2.3"} 1"#;
        assert!(render().lines().any(|found| found == line), "{}", render());
    }

    #[test]
    fn only_the_first_settings_count() {
        state_settings("0123456789ab".to_owned());
        state_settings("other".to_owned());
        let line = r#"footfall_settings_info{hash="0123456789ab"} 1"#;
        assert!(render().lines().any(|found| found == line), "{}", render());
    }
}
