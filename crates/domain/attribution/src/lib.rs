#![doc = include_str!("../README.md")]

mod assist;
mod credit;
mod decay;
mod entries;
mod error;
mod journey;
mod level;
mod model;
mod order;
mod presets;
mod product;
mod rule;
mod split;
mod touch;
mod trail;

pub use assist::Assist;
pub use credit::{Credit, DateBasis};
pub use error::RuleError;
pub use journey::Journey;
pub use level::MatchLevel;
pub use model::AttributionModel;
pub use order::{Line, Order};
pub use product::ProductRef;
pub use rule::Rule;
pub use touch::{Touch, TouchKind, ViewEvent};
