//! Erased persons, of whom nothing may come back: not by a backfill, not with copies of stores, not by a move.

mod bytes;
mod persons;
mod tables;

use std::{
    fs,
    path::{Path, PathBuf},
};

use chrono::{TimeDelta, Utc};
use futures::future::try_join_all;
use rand::{SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::json;
use testkit::Tier;

use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    stand::{Shop, Stand, Words},
};

use tables::Tables;

/// The persons of a full run, and of the smallest one.
const PERSONS: usize = 100;
const PERSONS_LEAST: usize = 10;
/// A tenant of each, and the tier to which it is moved in the end.
const TENANTS: [(Tier, &str); 2] = [(Tier::Shared, "schema"), (Tier::Schema, "shared")];
const SETTINGS: [(&str, &str); 2] = [
    // An erasure does not wait for the counters of the one before.
    ("FOOTFALL__PROCESSOR__RECOUNT_PAUSE_SECONDS", "0"),
    ("FOOTFALL__PROCESSOR__MOVE_GRACE_SECONDS", "2"),
];

/// Erases persons, then backfills, restores the archive from a backup and rows from copies, and moves the tenants.
///
/// # Errors
/// The platform cannot be prepared, a command fails, or something takes too long.
pub(crate) async fn run(options: &Options) -> Result<Outcome, Failure> {
    let mut stand = Stand::start(&SETTINGS).await?;
    let mut random = StdRng::seed_from_u64(options.seed);
    let onboarding = TENANTS.map(|(tier, _)| stand.onboard_as(tier, Words::of(&mut random)));
    let shops = try_join_all(onboarding).await?;
    let each = options.share(PERSONS, PERSONS_LEAST) / TENANTS.len();
    let tables = Tables::of(&stand);
    let mut outcome = Outcome::default();
    for shop in &shops {
        persons::send(&stand, shop, each).await;
        let rows = tables.rows_with_word(shop).await?;
        outcome.count("rows of persons before", rows);
        // Else it would prove nothing that none is found afterwards.
        outcome.check(rows >= each, || format!("{rows} rows of {each} persons are found"));
        tables.copy(shop).await?;
    }
    // Nor if its bytes could not be found: folders that cannot be read are left out.
    let before = bytes::places_with(&stand, &tables, &shops).await?;
    outcome.check(before.are_in_tables(), || {
        "no file of a table has a canary before the erasures".to_owned()
    });
    let backup = back_up(&stand)?;

    let mut erasures = Vec::new();
    for shop in &shops {
        erasures.push((shop, persons::erase(&stand, shop, each).await?));
        outcome.count("persons erased", each);
    }
    wait_until_erased(&stand, &erasures).await?;
    backfill(&stand, &shops);

    restore_archive(&mut stand, &backup).await?;
    wait_until_erased(&stand, &erasures).await?;
    for shop in &shops {
        tables.restore(shop).await?;
        let restored = tables.rows_with_word(shop).await?;
        outcome.count("rows of persons restored", restored);
        outcome.check(restored >= each, || format!("only {restored} rows are restored"));
        stand.platform.run(&["privacy", "erase-again", "--tenant", &shop.tenant.id]);
    }
    wait_until_erased(&stand, &erasures).await?;
    move_all(&stand, &shops).await?;

    for (shop, ids) in &erasures {
        for id in ids {
            // It fails if one store has anything of the persons.
            stand.platform.run(&["privacy", "check", "--tenant", &shop.tenant.id, id]);
            outcome.count("checks of every store", 1);
        }
        persons::check_others(&stand, shop, &mut outcome).await;
    }
    for shop in &shops {
        let rows = tables.rows_with_word(shop).await?;
        outcome.count("rows with a canary", rows);
        outcome.check(rows == 0, || format!("{rows} rows of {:?} have a canary", shop.tier));
    }
    let places = bytes::places_with(&stand, &tables, &shops).await?;
    outcome.count("bytes searched", places.searched);
    places.found.into_iter().for_each(|place| outcome.find(format!("{place} has a canary")));
    let words: Vec<_> = shops.iter().flat_map(|shop| shop.words.contents()).collect();
    stand.check(&words, &mut outcome).await?;
    Ok(outcome)
}

/// The erasures of each tenant.
type Erasures<'a> = [(&'a Shop, Vec<String>)];

async fn wait_until_erased(stand: &Stand, erasures: &Erasures<'_>) -> Result<(), Failure> {
    for (shop, ids) in erasures {
        for id in ids {
            let path = format!("/v1/privacy/erasures/{id}");
            stand.wait_for_state(&shop.tenant.owner, &path, "erased").await?;
        }
    }
    Ok(())
}

fn backfill(stand: &Stand, shops: &[Shop]) {
    let from = (Utc::now() - TimeDelta::hours(1)).to_rfc3339();
    let to = (Utc::now() + TimeDelta::minutes(5)).to_rfc3339();
    for shop in shops {
        let tenant = &shop.tenant.id;
        stand.platform.run(&["backfill", "--tenant", tenant, "--from", &from, "--to", &to]);
    }
}

/// Backs up the archive. Returns the folder of the backup.
fn back_up(stand: &Stand) -> Result<PathBuf, Failure> {
    let to = stand.platform.folder().join("backups");
    let output = stand.platform.run(&["backup", "--to", text(&to)?, "--only", "archive"]);
    Ok(PathBuf::from(output.lines().last().ok_or("a backup prints its folder")?.trim()))
}

/// Loses the archive and restores it from a backup that is older than the erasures.
async fn restore_archive(stand: &mut Stand, backup: &Path) -> Result<(), Failure> {
    stand.platform.stop().await;
    fs::remove_dir_all(stand.platform.folder().join("archive"))?;
    let from = ["--from", text(backup)?, "--only", "archive"];
    stand.platform.run(&[["restore", "stores"].as_slice(), &from].concat());
    stand.platform.restart().await;
    stand.platform.wait_until_up_to_date().await;
    stand.platform.run(&[["restore", "settle"].as_slice(), &from].concat());
    Ok(())
}

async fn move_all(stand: &Stand, shops: &[Shop]) -> Result<(), Failure> {
    let path = |shop: &Shop| format!("/v1/admin/tenants/{}/move", shop.tenant.id);
    for (shop, (_, isolation)) in shops.iter().zip(TENANTS) {
        let order = json!({"isolation": isolation, "cluster": "shared"});
        stand.order(Method::POST, &stand.admin, &path(shop), &order).await?;
    }
    for shop in shops {
        stand.wait_for_state(&stand.admin, &path(shop), "moved").await?;
    }
    Ok(())
}

fn text(path: &Path) -> Result<&str, Failure> {
    Ok(path.to_str().ok_or("a path that is no text")?)
}
