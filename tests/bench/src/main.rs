#![doc = include_str!("../README.md")]

mod clickhouse;
mod collector;
mod freshness;
mod growth;
mod import;
mod live;
mod load;
mod log_end;
mod measure;
mod options;
mod platform;
mod questions;
mod redis;
mod reports;
mod serve;
mod shops;
mod sink;
mod sinks;
mod store;
mod traces;
mod trickle;

use std::error::Error;

use clap::Parser;

use options::{Options, Part};

/// Why a run failed.
type Failure = Box<dyn Error>;

// One thread, so that the load takes one core at most.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    match Options::parse().part {
        Part::Store(mut options) => {
            options.common.resolve()?;
            store::run(options).await
        }
        Part::Table(mut options) => {
            options.common.resolve()?;
            store::table::run(options).await
        }
        Part::Collector(mut options) => {
            options.common.resolve()?;
            collector::run(options).await
        }
        Part::Reports(mut options) => {
            options.common.resolve()?;
            reports::run(options).await
        }
        Part::Questions(mut options) => {
            options.common.resolve()?;
            questions::run(options).await
        }
        Part::Live(mut options) => {
            options.common.resolve()?;
            live::run(options).await
        }
        Part::Trickle(mut options) => {
            options.common.resolve()?;
            trickle::run(options).await
        }
        Part::Redis(mut options) => {
            options.common.resolve()?;
            redis::run(options).await
        }
        Part::Sinks(mut options) => {
            options.common.resolve()?;
            sinks::run(options).await
        }
        Part::Import(mut options) => {
            options.common.resolve()?;
            import::run(options).await
        }
        Part::Traces(mut options) => {
            options.common.resolve()?;
            traces::run(options).await
        }
        Part::Freshness(options) => freshness::run(options).await,
        Part::Growth(mut options) => {
            options.common.resolve()?;
            growth::run(options).await
        }
        Part::Serve(options) => serve::run(options).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_table_of_every_part() {
        let document = include_str!("../../../docs/performance.md");
        let lines: Vec<_> = document.lines().collect();
        for (heading, head) in [
            store::TABLE.head(),
            store::table::TABLE.head(),
            collector::SINGLE.head(),
            collector::BATCHES.head(),
            collector::RATE.head(),
            reports::TABLE.head(),
            questions::series::TABLE.head(),
            questions::two_dimensions::TABLE.head(),
            questions::funnel::TABLE.head(),
            questions::export::TABLE.head(),
            questions::cube::TABLE.head(),
            live::TABLE.head(),
            trickle::TABLE.head(),
            redis::TABLE.head(),
            sinks::TABLE.head(),
            import::TABLE.head(),
            traces::TABLE.head(),
        ] {
            let section = lines.iter().position(|line| *line == heading);
            let section = lines[section.unwrap_or_else(|| panic!("{heading} is missing"))..].iter();
            let found = section.skip(1).find(|line| line.starts_with("| date"));
            assert_eq!(*found.unwrap(), head, "{heading}");
        }
    }
}
