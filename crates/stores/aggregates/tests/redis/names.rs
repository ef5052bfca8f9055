use aggregates::{Aggregates, NameBudget, NameKind};
use chrono::NaiveDate;

use crate::stand::{Stand, tenant};

fn budget(most: u64) -> NameBudget {
    NameBudget { kind: NameKind::Product, day: NaiveDate::from_ymd_opt(2026, 3, 1).unwrap(), most }
}

fn names(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("p{number}")).collect()
}

async fn admit(aggregates: &Aggregates, most: u64, names: &[String]) -> (usize, bool) {
    let acme = tenant("acme").await;
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let answer = aggregates.admit_names(&acme, budget(most), &names).await.unwrap();
    assert_eq!(answer.admitted.len(), names.len());
    (answer.admitted.iter().filter(|admitted| **admitted).count(), answer.is_full)
}

#[tokio::test]
async fn a_tenant_has_so_many_names_a_day_and_every_process_knows_the_same() {
    let stand = Stand::bare().await;
    let other = Aggregates::connect(&stand.settings).unwrap();
    assert_eq!(admit(&stand.aggregates, 2_000, &names(0..1_500)).await, (1_500, false));
    let (admitted, is_full) = admit(&other, 2_000, &names(1_000..5_000)).await;
    assert!(is_full);
    // One new name in a hundred counts as known.
    assert!((1_000..1_060).contains(&admitted), "{admitted}");
    let (admitted, _) = admit(&stand.aggregates, 2_000, &names(0..1_500)).await;
    assert_eq!(admitted, 1_500, "what was admitted stays so");
    let acme = tenant("acme").await;
    let full = stand.aggregates.full_names(&acme, budget(2_000)).await.unwrap();
    assert!(names(0..1_500).iter().all(|name| full.contains(name)));
    let admitted = names(5_000..15_000).iter().filter(|name| full.contains(name)).count();
    assert!(admitted < 200, "{admitted} of 10,000");
}

#[tokio::test]
async fn a_million_names_take_no_more_memory_than_those_that_are_admitted() {
    let mut stand = Stand::bare().await;
    admit(&stand.aggregates, 1_000, &names(0..100_000)).await;
    let key = stand.key("client_acme_names_products_20260301_1000");
    let bytes: u64 = redis::cmd("STRLEN").arg(&key).query_async(&mut stand.redis).await.unwrap();
    assert!((1..=1_250).contains(&bytes), "{bytes}");
    let lives: i64 = redis::cmd("TTL").arg(&key).query_async(&mut stand.redis).await.unwrap();
    assert!((1..=2 * 86_400).contains(&lives), "{lives}");
}

#[tokio::test]
async fn a_raised_budget_admits_what_was_admitted() {
    let stand = Stand::bare().await;
    for most in [1_000, 1_500] {
        let (admitted, _) = admit(&stand.aggregates, most, &names(0..1_000)).await;
        assert_eq!(admitted, 1_000, "of at most {most}");
    }
    let (admitted, is_full) = admit(&stand.aggregates, 1_500, &names(1_000..3_000)).await;
    assert!(is_full);
    assert!((500..560).contains(&admitted), "{admitted}");
}
