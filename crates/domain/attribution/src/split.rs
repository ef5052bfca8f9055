use std::cmp::Reverse;

use money::{Amount, Quantity};

/// Divides whole numbers in the proportion of weights, so that the parts sum to the whole.
///
/// Each part is rounded down. What is left over goes, one unit each, to the largest remainders; of
/// equal remainders, to the first.
pub(crate) struct Split {
    weights: Vec<u64>,
    sum: u128,
}

impl Split {
    /// Returns a division into as many parts as there are weights, each at least 1.
    pub(crate) fn by(weights: Vec<u64>) -> Self {
        let sum = weights.iter().copied().map(u128::from).sum();
        Self { weights, sum }
    }

    /// Returns a division into equal parts.
    pub(crate) fn equal(parts: usize) -> Self {
        Self::by(vec![1; parts])
    }

    /// Returns the parts of a whole. It takes linear time.
    pub(crate) fn parts(&self, whole: u64) -> Vec<u64> {
        let mut parts = Vec::with_capacity(self.weights.len());
        let mut remainders = Vec::with_capacity(self.weights.len());
        let mut left_over = whole;
        for (position, weight) in self.weights.iter().copied().enumerate() {
            // Two factors of 64 bits fit into 128.
            let product = u128::from(whole) * u128::from(weight);
            let quotient = product.checked_div(self.sum).unwrap_or(0);
            let part = u64::try_from(quotient).unwrap_or(whole);
            remainders.push((Reverse(product - quotient * self.sum), position));
            parts.push(part);
            left_over -= part;
        }
        // The exact parts sum to the whole, so fewer units are left over than there are parts.
        let extra = usize::try_from(left_over).unwrap_or(usize::MAX);
        if extra > 0 && extra < remainders.len() {
            remainders.select_nth_unstable(extra);
        }
        for (_, position) in remainders.iter().take(extra) {
            if let Some(part) = parts.get_mut(*position) {
                *part += 1;
            }
        }
        parts
    }

    /// Returns the parts of an amount; those of a negative one are the negative parts.
    pub(crate) fn amounts(&self, whole: Amount) -> impl Iterator<Item = Amount> + use<> {
        let micros = whole.micros();
        // No part is greater than the whole, so nothing saturates.
        self.parts(micros.unsigned_abs()).into_iter().map(move |part| {
            Amount::from_micros(if micros < 0 {
                0i64.saturating_sub_unsigned(part)
            } else {
                0i64.saturating_add_unsigned(part)
            })
        })
    }

    /// Returns the parts of a quantity.
    pub(crate) fn quantities(&self, whole: Quantity) -> impl Iterator<Item = Quantity> + use<> {
        self.parts(whole.thousandths()).into_iter().map(Quantity::from_thousandths)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq};

    use super::*;

    fn parts(weights: &[u64], whole: u64) -> Vec<u64> {
        Split::by(weights.to_vec()).parts(whole)
    }

    #[test]
    fn units_left_over_go_to_the_largest_remainders_and_then_to_the_first_parts() {
        assert_eq!(parts(&[1, 1, 1], 11), [4, 4, 3]);
        assert_eq!(parts(&[1, 1], 1), [1, 0]);
        assert_eq!(parts(&[2, 1, 2], 6), [3, 1, 2], "2.4, 1.2 and 2.4 leave one unit over");
        assert_eq!(parts(&[1, 2], 5), [2, 3], "1.67 is rounded up, 3.33 down");
    }

    #[test]
    fn nothing_is_divided_among_nobody() {
        assert_eq!(parts(&[], 5), [0; 0]);
        assert_eq!(parts(&[3, 1], 0), [0, 0]);
    }

    #[test]
    fn the_ends_of_the_range_are_divided() {
        assert_eq!(parts(&[1], u64::MAX), [u64::MAX]);
        assert_eq!(parts(&[u64::MAX, u64::MAX], u64::MAX), [1 << 63, (1 << 63) - 1]);
        let least = Amount::from_micros(i64::MIN);
        assert_eq!(Split::equal(1).amounts(least).collect::<Vec<_>>(), [least]);
    }

    #[test]
    fn a_negative_amount_is_divided_like_its_opposite() {
        let amounts = |micros| {
            let parts = Split::equal(3).amounts(Amount::from_micros(micros));
            parts.map(Amount::micros).collect::<Vec<_>>()
        };
        assert_eq!(amounts(8), [3, 3, 2]);
        assert_eq!(amounts(-8), [-3, -3, -2]);
    }

    proptest::proptest! {
        #[test]
        fn parts_sum_to_the_whole_and_differ_from_the_exact_part_by_less_than_one(
            weights in proptest::collection::vec(1..=u64::MAX, 1..20), whole in any::<u64>(),
        ) {
            let parts = parts(&weights, whole);
            let sum: u128 = parts.iter().copied().map(u128::from).sum();
            prop_assert_eq!(sum, u128::from(whole));
            let weight: u128 = weights.iter().copied().map(u128::from).sum();
            for (part, one) in parts.iter().zip(&weights) {
                let floor = u128::from(whole) * u128::from(*one) / weight;
                proptest::prop_assert!((floor..=floor + 1).contains(&u128::from(*part)));
            }
        }
    }
}
