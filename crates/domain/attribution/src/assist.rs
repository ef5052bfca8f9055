use money::Amount;

/// An eligible touch of a line that has no credit of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assist {
    /// The order, as its position in the slice given.
    pub order: usize,
    /// The line, as its position in the order.
    pub line: usize,
    /// The touch, as its position in the slice given.
    pub touch: usize,
    /// The whole amount of the line, before refunds.
    pub amount: Amount,
    /// All refunds of the line, with their sign.
    pub refunded: Amount,
    /// Whether the line is an assisted sale of the touch's campaign, and this its latest assist.
    ///
    /// It is not if any touch of that campaign has credit of the line. So the amounts of the assists
    /// that count sum to the assisted sales of a campaign, each line once.
    pub counts: bool,
}
