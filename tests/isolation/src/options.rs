use std::{fmt, path::PathBuf};

use clap::{Parser, ValueEnum};

/// Try to reach one tenant with the credentials of another
#[derive(Debug, Parser)]
#[command(
    name = "isolation",
    after_help = "\
Examples:
  isolation --size 1 --seed 7                   a slice of every piece
  isolation probes                              all probes of every route
  isolation --record docs/security.md           everything, with a row for each piece

Exit code 0 when there were no findings, 1 otherwise."
)]
pub(crate) struct Options {
    /// What to run; everything when nothing is named, and in a slice everything but `erased`
    #[arg(value_enum, value_name = "PIECE")]
    pieces: Vec<Piece>,
    /// Share of the full number of tries, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) size: u32,
    /// Seed of the random choices
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Append a row for each piece to the table of figures of this document
    #[arg(long, value_name = "DOCUMENT")]
    pub(crate) record: Option<PathBuf>,
}

/// A part of the proof, with a platform of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Piece {
    /// Every route with the ids of others, and ids of others wherever a request has room for them
    Probes,
    /// Random operations of several tenants, and a model of what each may see
    Sequences,
    /// Live streams that break and resume, and calls of Redis that are given up
    Streams,
    /// Every kind of bad credential at every guarded route, and races of refreshes
    Tokens,
    /// Sealed secrets in the place of others
    Ciphertexts,
    /// Mutated bodies for every parser
    Fuzz,
    /// One tenant that takes all it can get, and neighbours who must not notice
    Neighbour,
    /// Connections that let a server wait
    Slow,
    /// Erased persons, of whom a backfill, copies of stores and a move bring nothing back
    Erased,
}

impl Options {
    /// Returns the pieces to run.
    pub(crate) fn chosen(&self) -> Vec<Piece> {
        match self.pieces.as_slice() {
            [] => self.all().collect(),
            named => named.to_vec(),
        }
    }

    /// Returns every piece; in a slice, without the one that waits for minutes however small it is.
    fn all(&self) -> impl Iterator<Item = Piece> {
        let is_full = self.size == 100;
        let pieces = Piece::value_variants().iter().copied();
        pieces.filter(move |piece| is_full || *piece != Piece::Erased)
    }

    /// Returns this size's share of a full number, and no less than `least`.
    pub(crate) fn share(&self, full: usize, least: usize) -> usize {
        let size = usize::try_from(self.size).unwrap_or(100);
        (full * size / 100).max(least).min(full)
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        out.write_str(value.as_ref().map_or("", |value| value.get_name()))
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

    #[test]
    fn without_a_name_every_piece_runs() {
        assert_eq!(Options::parse_from(["isolation"]).chosen(), Piece::value_variants());
        let options = Options::parse_from(["isolation", "--size", "1"]);
        assert_eq!(options.chosen().len(), Piece::value_variants().len() - 1);
        assert!(!options.chosen().contains(&Piece::Erased));
        let named = Options::parse_from(["isolation", "--size", "1", "erased"]);
        assert_eq!(named.chosen(), [Piece::Erased]);
        assert_eq!(
            [options.share(100_000, 1), options.share(100, 48), options.share(9, 48)],
            [1_000, 48, 9]
        );
    }
}
