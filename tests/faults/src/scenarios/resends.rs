//! Resends: nothing is broken. Shops send 30 % of their batches twice, and 10 % at the same time.

use testkit::Preparation;

use super::{Outcome, Piece};
use crate::{Failure, load::Traffic, stand::Stand};

pub(super) async fn run(piece: &Piece) -> Result<Outcome, Failure> {
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.start_processor("processor", []);
    let traffic =
        Traffic { shops: 16, pace: 0.0, events: 3, posts: Some(piece.tries), ..Traffic::default() };
    stand.load(traffic, piece.seed()).finished().await?;
    Ok(stand.verdict().await?.into())
}
