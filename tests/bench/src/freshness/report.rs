//! Prints the table on standard output, progress on standard error.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use testkit::Tier;

use super::{
    Options,
    watched_campaign::{Freshness, Load},
};
use crate::measure::{Durations, Machine};

const HEADER: &str = "\
| tenant | campaign | until | tries | median | p95 | max | target |
|---|---|---|--:|--:|--:|--:|---|";

/// The measurement of one campaign.
pub(crate) struct Measurement {
    pub(crate) tier: Tier,
    pub(crate) load: Load,
    pub(crate) freshness: Freshness,
}

/// The results of a run.
pub(crate) struct Report {
    options: Options,
    measurements: Vec<Measurement>,
    rates: Vec<f64>,
}

impl Report {
    /// Creates an empty report.
    pub(crate) fn new(options: Options) -> Self {
        Self { options, measurements: Vec::new(), rates: Vec::new() }
    }

    /// Adds a campaign.
    pub(crate) fn add(&mut self, measurement: Measurement) {
        self.measurements.push(measurement);
    }

    /// Adds a tenant's traffic, in events a second.
    pub(crate) fn add_rate(&mut self, rate: f64) {
        self.rates.push(rate);
    }

    /// Prints the report as Markdown.
    pub(crate) fn print(&self) {
        println!("# Freshness\n\n{HEADER}");
        for Measurement { tier, load, freshness } in &self.measurements {
            let Freshness { accepted, streamed, reported } = freshness;
            for (until, durations, target) in [
                ("accepted (202)", accepted, ""),
                ("on the live stream", streamed, "p95 < 250 ms"),
                ("over REST", reported, "< 1.5 s"),
            ] {
                let figures = figures(durations);
                println!("| {tier:?} | {load:?} | {until} | {figures} | {target} |");
            }
        }
        let rates: Vec<_> = self.rates.iter().map(|rate| format!("{rate:.0}")).collect();
        println!(
            "\nBackground: {} events/s requested, {} events/s accepted (marked events included).",
            self.options.rate,
            rates.join(", ")
        );
        let machine = Machine::this();
        println!("{machine}, commit {}.", machine.commit);
    }
}

/// Creates a progress bar for the tries on one campaign.
pub(crate) fn progress(tier: Tier, load: Load, tries: u32) -> ProgressBar {
    let bar = ProgressBar::new(tries.into());
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len}  {msg}  eta {eta}") {
        bar.set_style(style);
    }
    bar.with_message(format!("{tier:?} tenant, {load:?} campaign"))
}

fn figures(durations: &Durations) -> String {
    let of = |percent| millis(durations.percentile(percent));
    format!("{} | {} | {} | {}", durations.count(), of(50), of(95), of(100))
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}
