//! Connections on which an answer comes in time, or an error: nobody waits for ever on one whose
//! other end is gone without a word.

use std::{future::Future, io, time::Duration};

use futures::{
    FutureExt, StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Connection, Describe, Either, Error, Execute, Executor, PgPool, Postgres, SqlStr,
    migrate::{MigrateError, Migrator},
    postgres::{
        PgConnectOptions, PgListener, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo,
    },
};
use tokio::time::timeout;

/// How long to wait for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long to wait for an answer: longer than the server works on any statement.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection may take to show that it can be used again.
const RELEASED: Duration = Duration::from_secs(3);

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
            // Or one that does not answer would keep its place in the pool.
            .after_release(|connection, _| {
                Box::pin(async move {
                    let ping = timeout(RELEASED, connection.ping());
                    ping.await.unwrap_or_else(|_| Err(silent())).map(|()| true)
                })
            });
        Ok(Self(pool.connect_with(options).await?))
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        Ok(Transaction(heard(self.0.begin()).await?))
    }

    /// However long a migration takes, on a connection of its own.
    pub(crate) async fn migrate(&self, migrations: &Migrator) -> Result<(), MigrateError> {
        let mut connection = self.0.acquire().await?;
        connection.close_on_drop();
        sqlx::query(sql!("session/unlimited")).execute(&mut *connection).await?;
        migrations.run(&mut *connection).await
    }

    pub(crate) async fn listener(&self) -> Result<PgListener, Error> {
        PgListener::connect_with(&self.0).await
    }
}

impl Transaction {
    pub(crate) async fn commit(self) -> Result<(), Error> {
        heard(self.0.commit()).await
    }
}

/// Statements on either, each with its answer in time.
macro_rules! executor {
    ($connection:ty) => {
        impl<'c> Executor<'c> for $connection {
            type Database = Postgres;

            fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Answers<'e>
            where
                'c: 'e,
                E: 'q + Execute<'q, Postgres>,
            {
                each_heard(self.0.fetch_many(query))
            }

            fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, Option<PgRow>>
            where
                'c: 'e,
                E: 'q + Execute<'q, Postgres>,
            {
                heard(self.0.fetch_optional(query)).boxed()
            }

            fn prepare_with<'e>(
                self,
                sql: SqlStr,
                parameters: &'e [PgTypeInfo],
            ) -> Answer<'e, PgStatement>
            where
                'c: 'e,
            {
                heard(self.0.prepare_with(sql, parameters)).boxed()
            }

            fn describe<'e>(self, sql: SqlStr) -> Answer<'e, Describe<Postgres>>
            where
                'c: 'e,
            {
                heard(self.0.describe(sql)).boxed()
            }
        }
    };
}

executor!(&'c Pool);
executor!(&'c mut Transaction);

async fn heard<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(silent()))
}

fn each_heard(answers: Answers<'_>) -> Answers<'_> {
    stream::unfold(answers, |mut answers| async {
        let answer = heard(answers.try_next()).await.transpose()?;
        Some((answer, answers))
    })
    .boxed()
}

fn silent() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, "nothing was heard from the server"))
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use testkit::{Database, eventually};

    use super::*;

    #[tokio::test]
    async fn where_nothing_is_heard_the_statement_ends_and_another_connection_takes_its_place() {
        let database = Database::create().await;
        let options = PgConnectOptions::from_str(database.url()).unwrap();
        let pool = Pool::connect(options, 2).await.unwrap();
        let silence = || sqlx::query("SELECT pg_sleep(20)");
        let mut transaction = pool.begin().await.unwrap();
        let (one, other) =
            tokio::join!(silence().execute(&pool), silence().execute(&mut transaction));
        for error in [one.unwrap_err(), other.unwrap_err()] {
            assert!(matches!(error, Error::Io(_)), "{error}");
        }
        drop(transaction);
        eventually("both places are free", async || {
            let (one, other) = tokio::join!(pool.begin(), pool.begin());
            one.and(other).ok()
        })
        .await;
    }
}
