#![doc = include_str!("../README.md")]

mod background;
mod durations;
mod live_stream;
mod options;
mod report;
mod watched_campaign;

use std::error::Error;

use clap::Parser;
use testkit::Platform;

use background::Background;
use options::Options;
use report::{Measurement, Report};
use watched_campaign::{Load, WatchedCampaign};

/// Why a run cannot go on.
type Failure = Box<dyn Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let options = Options::parse();
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
