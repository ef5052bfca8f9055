#![doc = include_str!("../README.md")]

#[cfg(feature = "armed")]
mod armed;
mod step;

pub use step::Step;

/// Marks that the process has reached `step`.
#[inline]
pub fn reach(step: Step) {
    #[cfg(feature = "armed")]
    armed::reach(step);
    #[cfg(not(feature = "armed"))]
    let _ = step;
}
