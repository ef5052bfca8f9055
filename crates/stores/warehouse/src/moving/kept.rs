use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use tenancy::{ClientId, Destination};
use uuid::Uuid;

use super::{KeptTally, STATEMENT_TIMEOUT, bounds, day};
use crate::{
    InsertError, Warehouse, WarehouseError, campaign::seconds, driver::within, kept::Attempt,
};

/// About how many sums are copied at once.
const PIECE_SUMS: u64 = 20_000;

/// Sent without its last line break, which the server would read as the first byte of the block.
const INSERT: &str = include_str!("../../queries/platform/insert_kept_rollups.sql");

impl Warehouse {
    /// Returns the days of which a tenant's rollups are kept, and what each has.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn kept_tallies(
        &self,
        destination: &Destination,
        client_id: &ClientId,
    ) -> Result<BTreeMap<NaiveDate, KeptTally>, WarehouseError> {
        let sql = include_str!("../../queries/platform/move_kept_days.sql");
        let query = self.writer(destination)?.query_raw(sql);
        let query = query.param("client_id", client_id.as_str());
        let found: Vec<(u32, u64, u64)> = within(STATEMENT_TIMEOUT, query.fetch_all()).await?;
        let tally = |(number, sums, hash)| Ok((day(number)?, KeptTally { sums, hash }));
        found.into_iter().map(tally).collect()
    }

    /// Makes the kept rollups of a day in one set of tables those of another: as an attempt of its own, whose sums
    /// count once they equal those that are copied. So an attempt that was killed, or is late, adds nothing. Returns
    /// `false` if they differ. The names of its statements begin with `names`, as [`Warehouse::is_settled`] looks
    /// for them.
    ///
    /// # Errors
    /// As [`Warehouse::insert`]. After any of them, compare the day.
    pub async fn copy_kept_day(
        &self,
        from: &Destination,
        to: &Destination,
        client_id: &ClientId,
        day: NaiveDate,
        names: &str,
    ) -> Result<bool, InsertError> {
        let (start, _) = bounds(day);
        let earlier = self.counted_attempt(to, client_id, start).await;
        if let Some(earlier) = earlier.map_err(InsertError::retriable)? {
            // The earlier mark of a day counts, so it has to be gone before another one is there.
            let sql = include_str!("../../queries/platform/move_remove_kept_day.sql");
            let remove = earlier.query(sql).with_setting("mutations_sync", "1").execute();
            within(STATEMENT_TIMEOUT, remove).await.map_err(InsertError::retriable)?;
        }
        let original = self.counted_attempt(from, client_id, start).await;
        let Some(original) = original.map_err(InsertError::retriable)? else { return Ok(true) };
        let tally = original.tally().await.map_err(InsertError::retriable)?;
        let writer = self.writer(to).map_err(InsertError::retriable)?;
        let copy = Attempt { writer, id: Uuid::now_v7(), ..original };
        self.copy_sums(&original, &copy, to, tally, names).await?;
        if copy.tally().await.map_err(InsertError::retriable)? != tally {
            return Ok(false);
        }
        let mark = copy.mark().with_setting("query_id", format!("{names}{}", Uuid::now_v7()));
        within(STATEMENT_TIMEOUT, mark.execute()).await.map_err(InsertError::retriable)?;
        Ok(true)
    }

    /// Copies the sums of an attempt to another one, piece by piece: there may be as many as rows of events.
    async fn copy_sums(
        &self,
        original: &Attempt<'_>,
        copy: &Attempt<'_>,
        to: &Destination,
        tally: KeptTally,
        names: &str,
    ) -> Result<(), InsertError> {
        let pieces = tally.sums.div_ceil(PIECE_SUMS);
        for piece in 0..pieces {
            let sql = include_str!("../../queries/platform/move_kept_rollups.sql");
            let query = original
                .query(sql)
                .param("copy", copy.id.to_string())
                .param("pieces", pieces)
                .param("piece", piece);
            let read = async {
                let mut cursor =
                    query.fetch_bytes("Native").map_err(WarehouseError::from_driver)?;
                within(STATEMENT_TIMEOUT, cursor.collect()).await
            };
            let body = read.await.map_err(InsertError::retriable)?;
            if !body.is_empty() {
                let name = format!("{names}{}", Uuid::now_v7());
                let most = usize::try_from(tally.sums).unwrap_or(usize::MAX);
                self.insert_body(to, INSERT, Some(&name), body, most).await?;
            }
        }
        Ok(())
    }

    /// Returns the attempt whose sums of a day count, if its rollups are kept.
    async fn counted_attempt<'a>(
        &self,
        tables: &Destination,
        client_id: &'a ClientId,
        day: DateTime<Utc>,
    ) -> Result<Option<Attempt<'a>>, WarehouseError> {
        let sql = include_str!("../../queries/platform/move_kept_attempt.sql");
        let writer = self.writer(tables)?;
        let query = writer.query_raw(sql).param("client_id", client_id.as_str());
        let query = query.param("from", seconds(day)).fetch_optional::<String>();
        let Some(id) = within(STATEMENT_TIMEOUT, query).await? else { return Ok(None) };
        let id = id.parse().map_err(|error: uuid::Error| WarehouseError::Refused(error.into()))?;
        Ok(Some(Attempt { writer, client_id, day, id }))
    }
}

impl Attempt<'_> {
    /// Returns what its sums are.
    async fn tally(&self) -> Result<KeptTally, WarehouseError> {
        let query = self.query(include_str!("../../queries/platform/move_kept_tally.sql"));
        let (sums, hash) = within(STATEMENT_TIMEOUT, query.fetch_one()).await?;
        Ok(KeptTally { sums, hash })
    }
}
