//! Queries: any metrics by any dimensions, with filters, a comparison, and the largest of many.

mod answer;
mod body;
mod change;
mod csv;
mod cursor;
mod engine;
mod filters;
mod names;
mod parse;
mod render;
mod request;
mod scope;
mod segments;

pub(crate) use body::QueryBody;
pub(crate) use engine::Queries;
pub(crate) use render::QueryAnswer;
pub(crate) use request::{Format, QueryRequest};
