/// An event of a key, as far as a funnel needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// When it happened, in milliseconds since 1970.
    pub time: i64,
    /// The steps that it matches: bit 0 is the first step. Bits beyond the last step must be 0.
    pub steps: u32,
    /// The exclusions that it matches: bit 0 is the first one.
    pub exclusions: u32,
}

impl Moment {
    /// Returns what moments of a key are sorted by: the time, then the first step that it matches.
    ///
    /// A moment without a step comes after the others of its millisecond. Moments that are still
    /// equal are sorted by the id of their event.
    pub const fn order(&self) -> (i64, u32) {
        (self.time, self.steps.trailing_zeros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_sorted_by_time_and_then_by_the_first_step_matched() {
        let moment = |time, steps| Moment { time, steps, exclusions: 0 };
        let sorted = [moment(1, 0b100), moment(2, 0b101), moment(2, 0b110), moment(2, 0)];
        assert!(sorted.is_sorted_by(|left, right| left.order() < right.order()));
    }
}
