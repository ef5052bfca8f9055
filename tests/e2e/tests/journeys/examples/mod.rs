//! The worked examples of every report, in every tier, by REST and in every form of files: the numbers are
//! right to the digit.

mod events;
mod files;
mod questions;

use bytes::Bytes;
use futures::{StreamExt, future::join_all, stream};
use serde_json::{Value, json};
use testkit::{Tenant, Tier, eventually};

use crate::recount::{Shops, range};
use questions::Example;

/// How many examples are asked at once: each asks all tiers, in one form after the other.
const AT_ONCE: usize = 2;
/// The number of events in a request.
const REQUEST: usize = 400;
const FILES: [&str; 4] = ["ndjson", "csv", "parquet", "arrow"];
/// A range that contains all events.
const EVERYTHING: [&str; 2] = ["2025-03-01T00:00:00Z", "2026-04-15T00:00:00Z"];

#[tokio::test]
async fn every_worked_example_is_right_in_every_tier_and_in_every_form() {
    let shops = Shops::open().await;
    let sent: Vec<_> = events::all().chunks(REQUEST).map(<[_]>::to_vec).collect();
    shops.send(&sent).await;
    let everything = range(EVERYTHING);
    shops.have_counted(&everything, events::counted()).await;
    stream::iter(questions::all())
        .for_each_concurrent(AT_ONCE, |example| is_right(&shops, example))
        .await;

    shops.send(&[vec![events::late()]]).await;
    shops.have_counted(&everything, events::counted() + 1).await;
    let joined = questions::sessions(true);
    for (tier, tenant) in &shops.tenants {
        eventually("the late event has joined two sessions", async || {
            let answer = shops.platform.get(&tenant.read_key, &joined.path).await;
            (answer.json()["totals"]["sessions"] == 4).then_some(())
        })
        .await;
        is_right_in(&shops, (*tier, tenant), &joined).await;
    }
}

/// Asks an example of every tier.
async fn is_right(shops: &Shops, example: Example) {
    let tiers = shops.tenants.iter();
    let tiers = tiers.map(|(tier, tenant)| is_right_in(shops, (*tier, tenant), &example));
    join_all(tiers).await;
}

/// Asks for every form of an answer, which must have the numbers of the example.
async fn is_right_in(shops: &Shops, (tier, tenant): (Tier, &Tenant), example: &Example) {
    let Example { path, body, json, kind, columns, rows, without_zeros } = example;
    let what = format!("{tier:?} {path} {body}");
    let whole = file(shops, tenant, example, "json").await;
    let answer: Value = serde_json::from_slice(&whole).unwrap();
    for (pointer, expected) in json {
        let found = answer.pointer(pointer).unwrap_or_else(|| panic!("{what} has no {pointer}"));
        assert_eq!(files::of_json(found), *expected, "{what} {pointer}");
    }
    for format in FILES {
        let written = files::rows(format, file(shops, tenant, example, format).await);
        let of_kind = written.iter().filter(|row| row["row"] == *kind);
        let cells = of_kind.map(|row| {
            let cell = |column: &str| row.get(column).map_or(files::NOTHING, String::as_str);
            columns.split(' ').map(cell).collect::<Vec<_>>().join(" ")
        });
        let found: Vec<_> = cells.filter(|row| !(*without_zeros && row.ends_with(" 0"))).collect();
        assert_eq!(found, *rows, "{what} as {format}");
    }
}

/// Asks for an answer in a form.
async fn file(shops: &Shops, tenant: &Tenant, example: &Example, format: &str) -> Bytes {
    let Example { path, body, .. } = example;
    let client = shops.platform.client();
    let request = if body.is_null() {
        client.get(shops.platform.api(&format!("{path}&format={format}")))
    } else {
        let mut body = body.clone();
        body["format"] = json!(format);
        client.post(shops.platform.api(path)).json(&body)
    };
    let response = request.bearer_auth(&tenant.read_key).send().await.unwrap();
    let status = response.status();
    let bytes = response.bytes().await.unwrap();
    assert_eq!(status, 200, "{path} {body} as {format}: {}", String::from_utf8_lossy(&bytes));
    bytes
}
