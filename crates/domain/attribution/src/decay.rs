use crate::AttributionModel;

/// The bits of the weight of a touch at the moment of the order.
const BITS: u64 = 48;
/// The bits of a fraction: `1.0` is 2^128, and the greatest number is the nearest to it.
const FRACTION: u64 = 128;
const ONE: u128 = u128::MAX;
/// The natural logarithm of 2, as a fraction.
const LN_2: u128 = 0xb172_17f7_d1cf_79ab_c9e3_b398_03f2_f6af;
/// The terms of the series of `e^-x`; for an `x` of at most ln 2 the next is below 2^-120.
const TERMS: u128 = 30;
const HALF_LIFE: u64 = AttributionModel::HALF_LIFE.unsigned_abs();

/// Returns `2^48 × 2^(−age / half-life)`, rounded, and at least 1.
///
/// `age` is in milliseconds; a negative one counts as 0. The error before rounding is below 2^-70.
pub(crate) fn weight(age: i64) -> u64 {
    let age = u64::try_from(age).unwrap_or(0);
    // The whole half-lives are a shift; the rest, less than one, is between a half and 1.
    let shift = FRACTION - BITS + age / HALF_LIFE;
    let shift = u32::try_from(shift).unwrap_or(u32::MAX);
    let rest = half_to_the(age % HALF_LIFE);
    let doubled = rest.checked_shr(shift - 1).unwrap_or(0);
    let rounded = (doubled + 1) >> 1;
    u64::try_from(rounded).unwrap_or(u64::MAX).max(1)
}

/// Returns `2^(−rest / half-life)` as a fraction. `rest` is less than the half-life.
fn half_to_the(rest: u64) -> u128 {
    let rest = u128::from(rest);
    let half_life = u128::from(HALF_LIFE);
    let x = LN_2 / half_life * rest + LN_2 % half_life * rest / half_life;
    // e^-x = 1 − x/1 × (1 − x/2 × (1 − x/3 × …)), from the inside out.
    (1..=TERMS).rev().fold(ONE, |inner, term| ONE - times(x, inner) / term)
}

/// Returns the product of two fractions, or up to 3 units less: the lowest halves are left out.
const fn times(left: u128, right: u128) -> u128 {
    const LOW: u128 = (1 << 64) - 1;
    let inner = (left >> 64) * (right & LOW);
    let outer = (left & LOW) * (right >> 64);
    (left >> 64) * (right >> 64) + (inner >> 64) + (outer >> 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn a_weight_halves_with_every_half_life() {
        for halvings in 0..=12 {
            assert_eq!(weight(halvings * 7 * DAY), 1 << (48 - halvings), "{halvings}");
        }
    }

    #[test]
    fn a_weight_falls_with_the_age_and_is_never_zero() {
        let ages = [0, 1, 2, 1000, DAY, 7 * DAY - 1, 7 * DAY, 7 * DAY + 1, 90 * DAY];
        assert!(ages.map(weight).is_sorted_by(|young, old| young > old));
        assert_eq!(weight(-1), 1 << 48);
        assert_eq!(weight(48 * 7 * DAY), 1);
        assert_eq!(weight(i64::MAX), 1);
    }

    #[test]
    fn a_weight_is_the_power_of_two_to_fifteen_digits() {
        for step in 0..1000 {
            let age = step * 7_776_001;
            let power = (-(age as f64) / (7 * DAY) as f64).exp2() * (1u64 << 48) as f64;
            assert!((weight(age) as f64 - power).abs() <= 0.6, "{age}");
        }
    }
}
