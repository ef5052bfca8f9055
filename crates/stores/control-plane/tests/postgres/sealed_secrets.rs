use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use auth::{
    DataKeyState, DataKeyStore, KeyEncryptionKey, Role, Sealer, SecondFactorStore, SigningKey,
    SigningKeyStore, TotpSecret,
};
use chrono::Utc;
use control_plane::{PlatformControl, RewrappedPiece, SealedColumn, SealedDataKeys};
use futures::future::join;
use privacy::PersonKey;
use settings::Secret;
use sqlx::PgPool;
use uuid::Uuid;

use crate::fixture::{Platform, cluster, id, sealer};

/// The key of `sealer()`, and the one that takes its place.
fn keys() -> [KeyEncryptionKey; 2] {
    [KeyEncryptionKey::new([7; 32]), KeyEncryptionKey::new([8; 32])]
}

/// Returns the sealer during a rotation: the new key seals, both open.
fn rotating() -> Sealer {
    let [old, new] = keys();
    Sealer::with_keys(new, [old])
}

/// Rewraps all secrets of a column. Returns the sums of all pieces.
async fn rotate(admin: &PlatformControl, sealer: &Sealer, column: SealedColumn) -> RewrappedPiece {
    let mut sum = RewrappedPiece::default();
    let mut after = String::new();
    loop {
        let piece = admin.rewrap_secrets(sealer, column, &after).await.unwrap();
        sum.rewrapped += piece.rewrapped;
        sum.unopened += piece.unopened;
        match piece.last {
            Some(last) => after = last,
            None => return sum,
        }
    }
}

/// Creates an owner of `acme` with a sealed second factor.
async fn with_second_factor(platform: &Platform, email: &str) -> (Uuid, String) {
    let user = platform.user("acme", email, Role::Owner).await;
    let secret = TotpSecret::generate().unwrap();
    let sealed = secret.seal(&sealer(), "acme", user).unwrap();
    assert!(platform.control_plane.put_second_factor(user, &sealed).await.unwrap());
    (user, secret.reveal())
}

/// Returns the second factor of a user of `acme`, opened with these keys.
async fn second_factor(platform: &Platform, sealer: &Sealer, user: Uuid) -> Option<String> {
    let stored = platform.control_plane.second_factor(user).await.unwrap().unwrap();
    let opened = TotpSecret::open(&stored.secret_sealed, sealer, "acme", user);
    opened.ok().map(|secret| secret.reveal())
}

#[tokio::test]
async fn every_secret_is_rewrapped_and_opens_with_the_new_key_alone() {
    let platform = Platform::new().await;
    let (store, admin) = (&platform.control_plane, platform.admin());
    let signing = SigningKey::generate().unwrap();
    let stored = signing.seal(&sealer(), Utc::now()).unwrap();
    store.add_first_signing_key(&stored).await.unwrap();
    let (user, totp) = with_second_factor(&platform, "ann@acme.example").await;
    let fresh = PersonKey::random().unwrap();
    platform.tenant("acme").await.person_key(&sealer(), &fresh).await.unwrap();
    let owner = BTreeSet::from(["acme".to_owned()]);
    let data_keys = SealedDataKeys::new(admin.clone(), sealer());
    let data_keys = data_keys.ensure_data_keys(&owner).await.unwrap();

    let [old, new] = keys();
    for count in admin.sealed_counts().await.unwrap() {
        assert_eq!((count.key, count.secrets), (Some(old.id()), 1), "{}", count.column);
    }
    for column in SealedColumn::ALL {
        let sums = rotate(&admin, &rotating(), column).await;
        assert_eq!((sums.rewrapped, sums.unopened), (1, 0), "{column:?}");
        let again = rotate(&admin, &rotating(), column).await;
        assert_eq!(again, RewrappedPiece::default(), "nothing is left of {column:?}");
        let entry = &admin.audit_log(None, 1).await.unwrap()[0];
        assert_eq!(
            (entry.action.as_str(), entry.subject.as_str()),
            ("keys.rotate", column.as_str())
        );
    }
    let counts = admin.sealed_counts().await.unwrap();
    assert_eq!(counts.len(), SealedColumn::ALL.len());
    assert!(counts.iter().all(|count| count.key == Some(new.id())), "{counts:?}");

    let alone = Sealer::with_keys(new, []);
    assert_eq!(admin.clusters(&alone).await.unwrap(), [cluster("shared")]);
    let reread = SigningKey::open(&store.signing_keys().await.unwrap()[0], &alone).unwrap();
    assert_eq!(reread.public(), signing.public());
    assert_eq!(second_factor(&platform, &alone, user).await, Some(totp));
    let person_key = admin.person_key(&alone, &id("acme")).await.unwrap().unwrap();
    assert_eq!(person_key.expose(), fresh.expose());
    let rewrapped = SealedDataKeys::new(admin.clone(), alone).data_keys(&owner).await.unwrap();
    let id = |state: Option<&DataKeyState>| match state {
        Some(DataKeyState::Kept(key)) => key.id().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(id(rewrapped.get("acme")), id(data_keys.get("acme")));
    assert!(admin.clusters(&sealer()).await.is_err(), "the old key opens nothing any more");
}

#[tokio::test]
async fn a_secret_of_an_unknown_key_does_not_keep_the_others_from_rotating() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let mut users = Vec::new();
    for number in 0..3 {
        users.push(with_second_factor(&platform, &format!("{number}@acme.example")).await);
    }
    users.sort();
    let stranger = Sealer::new([9; 32]);
    let sealed = TotpSecret::generate().unwrap().seal(&stranger, "acme", users[1].0).unwrap();
    assert!(platform.control_plane.put_second_factor(users[1].0, &sealed).await.unwrap());

    let sums = rotate(&admin, &rotating(), SealedColumn::SecondFactors).await;
    assert_eq!((sums.rewrapped, sums.unopened), (2, 1));
    let again = rotate(&admin, &rotating(), SealedColumn::SecondFactors).await;
    assert_eq!((again.rewrapped, again.unopened), (0, 1));
    for place in [0, 2] {
        let (user, totp) = &users[place];
        assert_eq!(second_factor(&platform, &rotating(), *user).await.as_ref(), Some(totp));
    }
}

#[tokio::test]
async fn a_secret_that_is_written_during_a_rotation_is_not_lost() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let with_password = |number: u32| {
        let mut changed = cluster("shared");
        changed.writer.password = Secret::new(format!("password {number}"));
        changed
    };
    let is_done = AtomicBool::new(false);
    let writes = async {
        for number in 0..60 {
            // A process that does not seal with the new key yet, so that there is always something to do.
            admin.register_cluster(&sealer(), &with_password(number)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(3)).await;
            let stored = admin.clusters(&rotating()).await.unwrap();
            assert_eq!(stored, [with_password(number)], "write {number} was lost");
        }
        is_done.store(true, Ordering::Relaxed);
    };
    let rotations = async {
        let mut rewrapped = 0;
        while !is_done.load(Ordering::Relaxed) {
            let sums = rotate(&admin, &rotating(), SealedColumn::ClusterWriters).await;
            rewrapped += sums.rewrapped;
        }
        rewrapped
    };
    let ((), rewrapped) = join(writes, rotations).await;
    assert!(rewrapped > 10, "{rewrapped}");
}

/// A column that is forgotten here would keep its old key, and be lost with it.
#[tokio::test]
async fn every_sealed_column_of_the_database_is_rotated() {
    let platform = Platform::new().await;
    let raw: PgPool = platform.database.raw().await;
    let mut found: Vec<String> = sqlx::query_scalar(
        "SELECT (table_name || '.' || column_name)::text FROM information_schema.columns
         WHERE table_schema = 'public' AND data_type = 'bytea' AND column_name LIKE '%sealed%'",
    )
    .fetch_all(&raw)
    .await
    .unwrap();
    found.sort();
    let mut known: Vec<&str> = SealedColumn::ALL.iter().map(|column| column.as_str()).collect();
    // Sealed with the token that it succeeds, and not with a key encryption key.
    known.push("refresh_token.successor_sealed");
    known.sort();
    assert_eq!(found, known);
}
