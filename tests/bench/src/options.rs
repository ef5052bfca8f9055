use clap::Parser;
use testkit::Tier;

/// Measure how fresh the numbers are, from an event's request to live stream and REST
#[derive(Clone, Copy, Debug, Parser)]
#[command(name = "bench")]
pub(crate) struct Options {
    /// How many marked events are sent on each campaign
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) tries: u32,
    /// Events a second of other traffic
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rate: u32,
    /// A tenant in each tier, one after the other, rather than one in the shared tables
    #[arg(long)]
    all_tiers: bool,
}

impl Options {
    /// Where tenants are measured.
    pub(crate) fn tiers(self) -> &'static [Tier] {
        if self.all_tiers { &Tier::ALL } else { &[Tier::Shared] }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Options::command().debug_assert();
    }
}
