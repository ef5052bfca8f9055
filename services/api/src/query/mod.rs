//! Queries: any metrics by any dimensions, with filters, a comparison, and the largest of many.

mod answer;
mod body;
mod both_periods;
mod cell_source;
mod change;
mod columns;
mod compare;
mod compatible;
mod contradictions;
mod credit;
mod csv;
mod cursor;
mod engine;
mod file;
pub(crate) mod filters;
pub(crate) mod names;
mod parse;
mod reader;
mod render;
mod request;
pub(crate) mod scope;
mod segments;
mod table;
mod total_sales;
mod week;
mod windows;

pub(crate) use self::csv::{digits, guarded};
pub(crate) use body::{FilterBody, QueryBody, TimeBody};
pub(crate) use engine::Queries;
pub(crate) use parse::Time;
pub(crate) use render::QueryAnswer;
pub(crate) use request::{FileFormat, Format, QueryRequest};
pub(crate) use table::cells;
pub(crate) use week::{DayOfWeek, week_begins};
pub(crate) use windows::{WindowsAnswer, WindowsBody, WindowsRequest};
