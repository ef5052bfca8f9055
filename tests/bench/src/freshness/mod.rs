//! Measures the time from an event's request until its count is visible.

mod background;
mod live_stream;
mod report;
mod watched_campaign;

use clap::Args;
use testkit::{Platform, Tier};

use self::report::{Measurement, Report};
pub(crate) use self::{
    background::Background,
    watched_campaign::{Load, WatchedCampaign},
};
use crate::Failure;

/// Measure freshness, from an event's request to live stream and REST
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Options {
    /// How many marked events are sent on each campaign
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    tries: u32,
    /// Events a second of other traffic
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Measure a tenant in each tier, one after the other, instead of one in the shared tables
    #[arg(long)]
    all_tiers: bool,
}

impl Options {
    /// Returns the tiers to measure.
    fn tiers(self) -> &'static [Tier] {
        if self.all_tiers { &Tier::ALL } else { &[Tier::Shared] }
    }
}

/// Measures, and prints the results.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let mut report = Report::new(options);
    let platform = Platform::start().await;
    for &tier in options.tiers() {
        let tenant = platform.onboard(tier).await;
        let background = Background::start(&platform, &tenant, options.rate).await?;
        for load in [Load::Quiet, Load::Busy] {
            let mut campaign = WatchedCampaign::open(&platform, &tenant, load).await?;
            let progress = report::progress(tier, load, options.tries);
            let freshness = campaign.measure(options.tries, &progress).await?;
            report.add(Measurement { tier, load, freshness });
        }
        report.add_rate(background.stop().await?);
    }
    report.print();
    Ok(())
}
