use std::sync::OnceLock;

use prometheus::{IntGaugeVec, Opts, TextEncoder, core::Collector, proto::MetricFamily};

use crate::{Age, Counter, Gauge, Histogram, process};

/// Version and commit of the program, once they are set.
static BUILD: OnceLock<(&'static str, &'static str)> = OnceLock::new();

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

/// Renders every metric of this process in the Prometheus text format.
pub fn render() -> String {
    let mut families = prometheus::gather();
    families.extend(build_info());
    families.extend(process::families());
    TextEncoder::new().encode_to_string(&families).unwrap_or_default()
}

/// Returns a series of 1 with version and commit as its labels; none until they are set.
fn build_info() -> Vec<MetricFamily> {
    let help = "Version and commit of the program; always 1.";
    let options = Opts::new("footfall_build_info", help);
    let (Some((version, commit)), Ok(info)) =
        (BUILD.get(), IntGaugeVec::new(options, &["version", "commit"]))
    else {
        return Vec::new();
    };
    info.with_label_values(&[version, commit]).set(1);
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
}
