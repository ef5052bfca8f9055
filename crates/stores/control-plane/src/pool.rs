//! Connections with a timeout for every answer, so that no caller waits for ever when the server is
//! gone and the connection was not closed.

use std::{future::Future, io, time::Duration};

use futures::{
    FutureExt, StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Describe, Either, Error, Execute, Executor, PgConnection, PgPool, Postgres, Row, SqlStr,
    migrate::{MigrateError, Migrator},
    postgres::{
        PgConnectOptions, PgListener, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo,
    },
};
use telemetry::{Gauge, StoreCall, StoreFailure};
use tokio::time::timeout;

/// How long to wait for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long to wait for an answer: longer than the server lets any statement run.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a released connection may take to say that it is idle, or it is closed.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(3);

/// The classes of SQLSTATE codes that refuse a value: data exceptions and violated constraints.
const EXPECTED_CLASSES: [&str; 2] = ["22", "23"];

type Answers<'e> = BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>;
type Answer<'e, T> = BoxFuture<'e, Result<T, Error>>;

/// Connections to PostgreSQL. Cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Pool(PgPool);

/// A transaction. It is rolled back when this is dropped.
#[derive(Debug)]
pub(crate) struct Transaction(sqlx::Transaction<'static, Postgres>);

impl Pool {
    pub(crate) async fn connect(options: PgConnectOptions, most: u32) -> Result<Self, Error> {
        let pool = PgPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // Without this, a connection that does not answer would remain in the pool, and so would
            // one whose `BEGIN` was cancelled on its way: the driver does not know that the server
            // has begun the transaction, and the next statement would run inside it.
            .after_release(|connection, _| {
                Box::pin(async move {
                    let idle = timeout(RELEASE_TIMEOUT, is_idle(connection));
                    idle.await.unwrap_or_else(|_| Err(timed_out()))
                })
            });
        Ok(Self(pool.connect_with(options).await?))
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        Ok(Transaction(with_timeout(self.0.begin()).await?))
    }

    /// Begins a transaction whose answers may take as long as they need: that of a copy of all tables.
    pub(crate) async fn begin_unlimited(
        &self,
    ) -> Result<sqlx::Transaction<'static, Postgres>, Error> {
        with_timeout(self.0.begin()).await
    }

    /// Runs the migrations without a time limit, on a connection of its own.
    pub(crate) async fn migrate(&self, migrations: &Migrator) -> Result<(), MigrateError> {
        let mut connection = self.0.acquire().await?;
        connection.close_on_drop();
        sqlx::query(sql!("session/unlimited")).execute(&mut *connection).await?;
        migrations.run(&mut *connection).await
    }

    /// Updates the gauges of the open connections of all `pools`.
    pub(crate) fn observe<'a>(pools: impl Iterator<Item = &'a Self>) {
        let (mut all_open, mut all_idle, mut limit) = (0, 0, 0);
        for Self(pool) in pools {
            let open = i64::from(pool.size());
            all_open += open;
            all_idle += i64::try_from(pool.num_idle()).unwrap_or(open).min(open);
            limit += i64::from(pool.options().get_max_connections());
        }
        Gauge::PostgresConnections.set(&["idle"], all_idle);
        Gauge::PostgresConnections.set(&["used"], all_open - all_idle);
        Gauge::PostgresConnectionsLimit.set(&[], limit);
    }

    /// Connects a listener, on a connection that is not one of these: when a listener is dropped, the driver
    /// waits for the server without a limit before it releases the connection, and a server that has become
    /// silent never answers.
    pub(crate) async fn listener(&self) -> Result<PgListener, Error> {
        let options = PgConnectOptions::clone(&self.0.connect_options());
        let own = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options);
        PgListener::connect_with(&own).await
    }
}

impl Transaction {
    pub(crate) async fn commit(self) -> Result<(), Error> {
        with_timeout(self.0.commit()).await
    }
}

/// Implements `Executor` with a timeout for every answer.
macro_rules! executor {
    ($connection:ty) => {
        impl<'c> Executor<'c> for $connection {
            type Database = Postgres;

            fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Answers<'e>
            where
                'c: 'e,
                E: 'q + Execute<'q, Postgres>,
            {
                each_with_timeout(self.0.fetch_many(query))
            }

            fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, Option<PgRow>>
            where
                'c: 'e,
                E: 'q + Execute<'q, Postgres>,
            {
                with_timeout(self.0.fetch_optional(query)).boxed()
            }

            fn prepare_with<'e>(
                self,
                sql: SqlStr,
                parameters: &'e [PgTypeInfo],
            ) -> Answer<'e, PgStatement>
            where
                'c: 'e,
            {
                with_timeout(self.0.prepare_with(sql, parameters)).boxed()
            }

            fn describe<'e>(self, sql: SqlStr) -> Answer<'e, Describe<Postgres>>
            where
                'c: 'e,
            {
                with_timeout(self.0.describe(sql)).boxed()
            }
        }
    };
}

executor!(&'c Pool);
executor!(&'c mut Transaction);

/// Returns whether no transaction is open on a connection.
async fn is_idle(connection: &mut PgConnection) -> Result<bool, Error> {
    let row = sqlx::raw_sql(sql!("session/is_idle")).fetch_one(connection).await?;
    row.try_get(0)
}

async fn with_timeout<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    StoreCall::Postgres.measure(in_time(work), failure).await
}

/// As [`with_timeout`] for each answer; only the first is measured.
fn each_with_timeout(answers: Answers<'_>) -> Answers<'_> {
    stream::unfold((answers, true), |(mut answers, is_first)| async move {
        let next = answers.try_next();
        let answer = if is_first { with_timeout(next).await } else { in_time(next).await };
        Some((answer.transpose()?, (answers, false)))
    })
    .boxed()
}

async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout(ANSWER_TIMEOUT, work).await.unwrap_or_else(|_| Err(timed_out()))
}

/// Returns why a statement failed. A value that a constraint refuses is an answer, and no failure.
fn failure(error: &Error) -> Option<StoreFailure> {
    let Some(refusal) = error.as_database_error() else {
        let unread = matches!(error, Error::RowNotFound | Error::ColumnDecode { .. });
        return (!unread).then_some(StoreFailure::Unavailable);
    };
    let code = refusal.code().unwrap_or_default();
    let is_answer = EXPECTED_CLASSES.iter().any(|class| code.starts_with(class));
    (!is_answer).then_some(StoreFailure::Refused)
}

fn timed_out() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the server did not answer in time"))
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin, str::FromStr, task::Poll};

    use testkit::{Database, eventually};

    use super::*;

    #[tokio::test]
    async fn a_refused_statement_is_a_failure_and_a_refused_value_is_none() {
        let database = Database::create().await;
        let pool = Pool::connect(database.url().parse().unwrap(), 2).await.unwrap();
        for (sql, expected) in
            [("SELECT 'x'::int", None), ("SELECT nothing", Some(StoreFailure::Refused))]
        {
            let error = sqlx::query(sql).execute(&pool).await.unwrap_err();
            assert_eq!(failure(&error), expected, "{error}");
        }
        assert_eq!(failure(&Error::PoolTimedOut), Some(StoreFailure::Unavailable));
        assert_eq!(failure(&Error::RowNotFound), None);
    }

    #[tokio::test]
    async fn a_statement_without_an_answer_times_out_and_its_connection_is_replaced() {
        let database = Database::create().await;
        let options = PgConnectOptions::from_str(database.url()).unwrap();
        let pool = Pool::connect(options, 2).await.unwrap();
        let too_long = || sqlx::query("SELECT pg_sleep(20)");
        let mut transaction = pool.begin().await.unwrap();
        let (one, other) =
            tokio::join!(too_long().execute(&pool), too_long().execute(&mut transaction));
        for error in [one.unwrap_err(), other.unwrap_err()] {
            assert!(matches!(error, Error::Io(_)), "{error}");
        }
        drop(transaction);
        eventually("both connections are free", async || {
            let (one, other) = tokio::join!(pool.begin(), pool.begin());
            one.and(other).ok()
        })
        .await;
    }

    /// Drops `work` the first time that it waits after `waits` waits. Returns whether it did.
    async fn is_cancelled_after<T>(waits: usize, work: impl Future<Output = T>) -> bool {
        let mut work = pin!(work);
        let mut waited = 0;
        let end = poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(false),
            Poll::Pending if waited == waits => Poll::Ready(true),
            Poll::Pending => {
                waited += 1;
                Poll::Pending
            }
        });
        end.await
    }

    /// More than a transaction of one statement waits: for a connection, and for an answer to each statement.
    const MOST_WAITS: usize = 8;

    #[tokio::test]
    async fn no_statement_runs_in_a_transaction_that_was_cancelled_wherever_it_waited() {
        let database = Database::create().await;
        let options = PgConnectOptions::from_str(database.url()).unwrap();
        let pool = Pool::connect(options.clone(), 1).await.unwrap();
        let reader = Pool::connect(options, 1).await.unwrap();
        sqlx::query("CREATE TABLE written (id bigint)").execute(&pool).await.unwrap();
        let work = async || {
            let mut transaction = pool.begin().await?;
            sqlx::query("SELECT 1").execute(&mut transaction).await?;
            transaction.commit().await
        };
        let mut cancelled = 0;
        // An answer that is there already needs no wait, so how often a transaction waits differs.
        for waits in 0..MOST_WAITS {
            cancelled += usize::from(is_cancelled_after(waits, work()).await);
            let statement = sqlx::query("INSERT INTO written VALUES ($1)").bind(waits as i64);
            statement.execute(&pool).await.unwrap();
            let count: i64 = sqlx::query_scalar("SELECT count(*) FROM written")
                .fetch_one(&reader)
                .await
                .unwrap();
            assert_eq!(
                count,
                waits as i64 + 1,
                "committed at once, after a cancel at wait {waits}"
            );
        }
        assert!(cancelled > 0, "no transaction waited");
    }
}
