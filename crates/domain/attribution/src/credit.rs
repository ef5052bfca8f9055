use std::str::FromStr;

use money::{Amount, Quantity};

use crate::RuleError;

/// The part of an order's line that one touch gets.
///
/// The parts of a line sum to the line exactly. A line without an eligible touch has no credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The order, as its position in the slice given.
    pub order: usize,
    /// The line, as its position in the order.
    pub line: usize,
    /// The touch, as its position in the slice given.
    pub touch: usize,
    /// The part of the line's amount, before refunds.
    pub amount: Amount,
    /// The part of the line's refunds, with their sign.
    pub refunded: Amount,
    /// The part of the line's quantity.
    pub quantity: Quantity,
    /// The part of the quantity sent back.
    pub returned: Quantity,
    /// The share of the line, in millionths: all shares of a line sum to 1,000,000.
    pub share: u64,
    /// The share of one order, in millionths: all credits of an order sum to 1,000,000.
    pub orders: u64,
    /// Whether the line's product is the one advertised. Otherwise the sale is a halo sale, also if
    /// one of the two products is unknown.
    pub promoted: bool,
    /// The time of the touch, in milliseconds since 1970.
    pub interaction: i64,
    /// The time of the order, in milliseconds since 1970.
    pub conversion: i64,
}

/// On which date a credit is reported, its refunds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateBasis {
    /// The date of the touch.
    Interaction,
    /// The date of the order. That of a refund does not count.
    Conversion,
}

impl Credit {
    /// Returns the time that decides its date, in milliseconds since 1970.
    pub const fn time(&self, basis: DateBasis) -> i64 {
        match basis {
            DateBasis::Interaction => self.interaction,
            DateBasis::Conversion => self.conversion,
        }
    }

    /// Returns the amount after refunds; saturates.
    pub const fn net(&self) -> Amount {
        self.amount.plus(self.refunded)
    }
}

impl DateBasis {
    /// Returns its name in requests and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interaction => "interaction",
            Self::Conversion => "conversion",
        }
    }
}

impl FromStr for DateBasis {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let mut all = [Self::Interaction, Self::Conversion].into_iter();
        all.find(|one| one.as_str() == text).ok_or(RuleError::DateBasis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_basis_is_read_by_its_name() {
        for basis in [DateBasis::Interaction, DateBasis::Conversion] {
            assert_eq!(basis.as_str().parse(), Ok(basis));
        }
        assert_eq!("click".parse::<DateBasis>(), Err(RuleError::DateBasis));
    }
}
