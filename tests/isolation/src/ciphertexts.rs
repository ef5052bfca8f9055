//! Sealed secrets that somebody with the database has put into the place of another one.

use std::collections::BTreeSet;

use auth::{
    DataKeyStore, DataKeyStoreError, KeyEncryptionKey, Sealer, SecondFactorStore, SigningKey,
    SigningKeyStore, TotpSecret,
};
use control_plane::{ControlPlane, ControlPlaneError, PlatformControl, SealedDataKeys};
use futures::future::try_join_all;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection, FromRow, PgConnection};
use tenancy::TenantRouter;
use testkit::{Tier, eventually, setting};

use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    stand::{Stand, Words},
};

/// The swaps of a full run, and of the smallest slice.
const SWAPS: usize = 1_000;
const SWAPS_LEAST: usize = 100;
/// Tenants of a full run and of the smallest slice: of so many, there are enough pairs of secrets.
const TENANTS: usize = 8;
const TENANTS_LEAST: usize = 3;
/// The users of a tenant, each of whom has a second factor.
const USERS: [&str; 3] = ["owner", "analyst", "brand"];

/// A sealed secret, and its place.
#[derive(Clone, Debug, FromRow)]
struct Sealed {
    place: String,
    row_key: String,
    /// Empty for one of the platform.
    tenant: String,
    sealed: Vec<u8>,
}

/// The tables, and the code by which the services read secrets.
struct Tables {
    raw: PgConnection,
    control_plane: ControlPlane,
    platform: PlatformControl,
    sealer: Sealer,
}

/// Lets a platform seal secrets of each kind, stops it, and puts secrets into places of others: of another tenant, of
/// another row, and of another column. The code of the services must open none.
///
/// # Errors
/// The platform cannot be prepared, or PostgreSQL does not answer.
pub(crate) async fn run(options: &Options) -> Result<Outcome, Failure> {
    let mut stand = Stand::start(&[]).await?;
    let mut random = StdRng::seed_from_u64(options.seed);
    let tiers =
        [Tier::Dedicated].into_iter().chain([Tier::Shared, Tier::Schema].into_iter().cycle());
    let tenants = options.share(TENANTS, TENANTS_LEAST);
    let onboarding: Vec<_> =
        tiers.take(tenants).map(|tier| stand.onboard_as(tier, Words::of(&mut random))).collect();
    let shops = try_join_all(onboarding).await?;
    for shop in &shops {
        for user in USERS {
            stand.enrol(&format!("{user}@{}.example", shop.words.content)).await?;
        }
        // With its first erasure, a tenant gets a key of persons.
        let order = json!({"visitors": ["nobody"]});
        stand.order(Method::POST, &shop.tenant.owner, "/v1/privacy/erase", &order).await?;
        // With its first archived event, a data key.
        let events = json!([{"type": "page_view"}]);
        stand.platform.collect(&shop.tenant.collect_key, &events).await.expect(202);
    }
    let mut tables = Tables::of(&stand).await?;
    eventually("every tenant has a data key", async || {
        let secrets = tables.secrets().await.ok()?;
        let is_data_key = |one: &&Sealed| one.place == "data_key" && !one.tenant.is_empty();
        (secrets.iter().filter(is_data_key).count() == shops.len()).then_some(())
    })
    .await;
    // Its processes would read what is swapped, and say so in the log.
    stand.platform.stop().await;

    let mut outcome = Outcome::default();
    let secrets = tables.secrets().await?;
    outcome.count("secrets", secrets.len());
    tables.check_own(&secrets, &mut outcome).await?;
    let places = secrets.iter().enumerate();
    let mut pairs: Vec<_> = places
        .flat_map(|(number, one)| {
            let others = secrets.iter().enumerate().filter(move |(other, _)| *other != number);
            others.map(move |(_, other)| (one, other))
        })
        .collect();
    pairs.shuffle(&mut random);
    // A slice of the tenants has fewer pairs than that slice of the swaps.
    let wanted = options.share(SWAPS, SWAPS_LEAST).min(pairs.len());
    outcome
        .check(options.size < 100 || wanted == SWAPS, || format!("only {wanted} swaps of {SWAPS}"));
    for (place, other) in pairs.into_iter().take(wanted) {
        tables.put(place, &other.sealed).await?;
        let is_opened = tables.opens(place).await?;
        tables.put(place, &place.sealed).await?;
        outcome.count("swaps", 1);
        let is_foreign = !place.tenant.is_empty() && place.tenant != other.tenant;
        outcome.count("of another tenant", usize::from(is_foreign));
        outcome.count("refused", usize::from(!is_opened));
        outcome.check(!is_opened, || format!("{} opens a {}", place.name(), other.name()));
    }
    // The platform goes on with what it has sealed.
    tables.check_own(&secrets, &mut outcome).await?;
    drop(tables);
    stand.platform.restart().await;
    let words: Vec<_> = shops.iter().flat_map(|shop| shop.words.contents()).collect();
    stand.check(&words, &mut outcome).await?;
    Ok(outcome)
}

impl Tables {
    #[expect(clippy::disallowed_methods, reason = "it reads what its own platform has sealed")]
    async fn of(stand: &Stand) -> Result<Self, Failure> {
        let mut raw = PgConnection::connect(stand.platform.database_url()).await?;
        sqlx::query(include_str!("../queries/as_platform.sql")).execute(&mut raw).await?;
        let control_plane = ControlPlane::connect(&stand.platform.postgres()).await?;
        let platform = control_plane.for_platform(&TenantRouter::platform("isolation"));
        let key: KeyEncryptionKey = setting("FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY").parse()?;
        Ok(Self { raw, control_plane, platform, sealer: Sealer::with_keys(key, Vec::new()) })
    }

    async fn secrets(&mut self) -> Result<Vec<Sealed>, Failure> {
        let all = sqlx::query_as(include_str!("../queries/sealed.sql"));
        Ok(all.fetch_all(&mut self.raw).await?)
    }

    /// Puts a ciphertext into a place.
    async fn put(&mut self, place: &Sealed, sealed: &[u8]) -> Result<(), Failure> {
        let statement = match place.place.as_str() {
            "second_factor" => include_str!("../queries/put_second_factor.sql"),
            "person_key" => include_str!("../queries/put_person_key.sql"),
            "data_key" => include_str!("../queries/put_data_key.sql"),
            "cluster_writer" => include_str!("../queries/put_cluster_writer.sql"),
            "cluster_reader" => include_str!("../queries/put_cluster_reader.sql"),
            "signing_key" => include_str!("../queries/put_signing_key.sql"),
            other => return Err(format!("no statement for {other}").into()),
        };
        let put = sqlx::query(statement).bind(&place.row_key).bind(sealed);
        if put.execute(&mut self.raw).await?.rows_affected() != 1 {
            return Err(format!("{} is not there", place.name()).into());
        }
        Ok(())
    }

    /// Reads a place as the services do. Returns whether its secret is opened.
    async fn opens(&self, secret: &Sealed) -> Result<bool, Failure> {
        let Sealed { place, row_key, tenant, .. } = secret;
        match place.as_str() {
            "second_factor" => {
                let user = row_key.parse()?;
                let found = self.control_plane.second_factor(user).await?;
                let factor = found.ok_or("no second factor")?;
                Ok(TotpSecret::open(&factor.secret_sealed, &self.sealer, tenant, user).is_ok())
            }
            "person_key" => {
                let read = self.platform.person_key(&self.sealer, &tenant.parse()?).await;
                is_opened(read.map(|key| key.is_some()))
            }
            "data_key" => {
                let keys = SealedDataKeys::new(self.platform.clone(), self.sealer.clone());
                is_opened(match keys.data_keys(&BTreeSet::from([row_key.clone()])).await {
                    Ok(found) => Ok(found.contains_key(row_key)),
                    Err(DataKeyStoreError(error)) => Err(*error.downcast::<ControlPlaneError>()?),
                })
            }
            "signing_key" => {
                let keys = self.control_plane.signing_keys().await?;
                let key = keys.iter().find(|key| key.id.as_str() == row_key);
                Ok(SigningKey::open(key.ok_or("no signing key")?, &self.sealer).is_ok())
            }
            _ => is_opened(self.platform.clusters(&self.sealer).await.map(|_| true)),
        }
    }

    /// Checks that every secret is opened in its own place: else it would prove nothing that others are refused.
    async fn check_own(&self, secrets: &[Sealed], outcome: &mut Outcome) -> Result<(), Failure> {
        for secret in secrets {
            let is_opened = self.opens(secret).await?;
            outcome.check(is_opened, || format!("{} does not open its own secret", secret.name()));
        }
        Ok(())
    }
}

impl Sealed {
    fn name(&self) -> String {
        format!("{} {}", self.place, self.row_key)
    }
}

/// Tells a secret that is refused from a store that does not answer.
fn is_opened(read: Result<bool, ControlPlaneError>) -> Result<bool, Failure> {
    match read {
        Ok(is_opened) => Ok(is_opened),
        Err(ControlPlaneError::Corrupt { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
