use std::collections::{BTreeMap, BTreeSet};

use clickhouse::Row;
use metrics::{Distinct, Distincts, Windows};
use serde::Deserialize;

use super::{CellQuery, distincts, sessions};
use crate::{
    TenantWarehouse, WarehouseError,
    statement::{Parameter, Statement},
};

#[derive(Row, Deserialize)]
struct WindowRow {
    number: u32,
    keys: Vec<String>,
    visitors: u64,
    customers: u64,
    new_customers: u64,
    returning_customers: u64,
}

impl TenantWarehouse {
    /// Counts the distinct values in each window, by its number, from 0, and the keys; windows without
    /// events are absent. The buckets of the query are the steps of the windows. Numbers that depend on
    /// first orders are zero unless they are `wanted`, since they cost a read of all orders; so are sessions.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn window_distincts(
        &self,
        query: &CellQuery<'_>,
        windows: &Windows,
        wanted: &BTreeSet<Distinct>,
    ) -> Result<BTreeMap<(usize, Vec<String>), Distincts>, WarehouseError> {
        let mut cells = BTreeMap::<(usize, Vec<String>), Distincts>::new();
        if wanted.iter().any(|distinct| *distinct != Distinct::Sessions) {
            let statement = statement(query, windows, wanted);
            let rows: Vec<WindowRow> = self.fetch_statement(&statement).await?;
            cells.extend(rows.into_iter().map(WindowRow::cell));
        }
        if wanted.contains(&Distinct::Sessions) {
            for ((begun, keys), sessions) in self.session_cells(&sessions::statement(query)).await?
            {
                for number in windows.that_contain(begun) {
                    cells.entry((number, keys.clone())).or_default().sessions += sessions;
                }
            }
        }
        Ok(cells)
    }
}

impl WindowRow {
    fn cell(self) -> ((usize, Vec<String>), Distincts) {
        let Self { number, keys, visitors, customers, new_customers, returning_customers } = self;
        let distincts =
            Distincts { visitors, sessions: 0, customers, new_customers, returning_customers };
        ((number as usize, keys), distincts)
    }
}

fn statement(query: &CellQuery<'_>, windows: &Windows, wanted: &BTreeSet<Distinct>) -> Statement {
    let template = include_str!("../../queries/windows_distinct.sql");
    let mut statement = distincts(query, template, wanted);
    let steps = u32::try_from(windows.steps().starts().len()).unwrap_or(u32::MAX);
    let overlap = u32::try_from(windows.overlap()).unwrap_or(u32::MAX);
    let numbers = Parameter::Numbers((0..steps).collect());
    statement.parameters.set("numbers", numbers);
    statement.parameters.set("overlap", Parameter::Number(overlap));
    statement
        .parameters
        .set("windows", Parameter::Number(steps.saturating_sub(overlap.saturating_sub(1))));
    statement
}
