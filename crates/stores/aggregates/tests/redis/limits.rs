use std::time::{Duration, Instant};

use aggregates::{Admission, Aggregates, RedisSettings};
use tenancy::Limits;

use crate::stand::{Stand, tenant, tenant_with};

fn wait(admission: Admission) -> Duration {
    match admission {
        Admission::RetryAfter(wait) => wait,
        Admission::Admitted => panic!("admitted"),
    }
}

#[tokio::test]
async fn a_tenant_may_send_the_events_of_ten_seconds_at_once_and_then_waits() {
    let stand = Stand::bare().await;
    let limits = Limits { events_per_second: 100, ..Limits::default() };
    let acme = tenant_with("acme", limits).await;
    let globex = tenant_with("globex", limits).await;
    assert_eq!(stand.aggregates.admit(&acme, 900).await, Admission::Admitted);
    assert_eq!(stand.aggregates.admit(&acme, 100).await, Admission::Admitted);
    let wait = wait(stand.aggregates.admit(&acme, 100).await);
    assert!(wait > Duration::from_millis(500) && wait <= Duration::from_secs(1), "{wait:?}");
    assert_eq!(stand.aggregates.admit(&globex, 1).await, Admission::Admitted);
    tokio::time::sleep(wait).await;
    assert_eq!(stand.aggregates.admit(&acme, 100).await, Admission::Admitted);
}

#[tokio::test]
async fn a_batch_larger_than_the_limit_is_admitted_when_everything_before_is_paid_off() {
    let stand = Stand::bare().await;
    let limits = Limits { events_per_second: 1, ..Limits::default() };
    let acme = tenant_with("acme", limits).await;
    assert_eq!(stand.aggregates.admit(&acme, 1_000).await, Admission::Admitted);
    let wait = wait(stand.aggregates.admit(&acme, 1_000).await);
    assert!(wait > Duration::from_secs(990) && wait <= Duration::from_secs(1_000), "{wait:?}");
}

#[tokio::test]
async fn processes_together_admit_what_the_limit_allows_give_or_take_one_allowance_of_each() {
    const RATE: u32 = 100;
    let stand = Stand::bare().await;
    let other = Aggregates::connect(&stand.settings).unwrap();
    let limits = Limits { events_per_second: RATE, ..Limits::default() };
    let acme = tenant_with("acme", limits).await;
    let began = Instant::now();
    let mut admitted = 0;
    while stand.aggregates.admit(&acme, 1).await == Admission::Admitted {
        admitted += 1;
        if other.admit(&acme, 1).await == Admission::Admitted {
            admitted += 1;
        }
    }
    let allowed = f64::from(10 * RATE) + began.elapsed().as_secs_f64() * f64::from(RATE);
    let allowances = f64::from(2 * RATE / 20);
    assert!(f64::from(admitted) <= allowed + allowances, "{admitted} of {allowed}");
    assert!(f64::from(admitted) >= f64::from(10 * RATE) - allowances, "{admitted}");
}

#[tokio::test]
async fn most_requests_are_paid_from_an_allowance() {
    let mut stand = Stand::bare().await;
    let limits = Limits { events_per_second: 1_000, ..Limits::default() };
    let acme = tenant_with("acme", limits).await;
    assert_eq!(stand.aggregates.admit(&acme, 1).await, Admission::Admitted);
    let key = stand.key("client_acme_event_limit");
    let paid_off = async |stand: &mut Stand| -> Option<u64> {
        redis::cmd("GET").arg(&key).query_async(&mut stand.redis).await.unwrap()
    };
    let before = paid_off(&mut stand).await;
    assert!(before.is_some(), "{key}");
    for _ in 0..50 {
        assert_eq!(stand.aggregates.admit(&acme, 1).await, Admission::Admitted);
    }
    assert!(paid_off(&mut stand).await.is_none_or(|at| Some(at) == before));
    assert_eq!(stand.aggregates.admit(&acme, 1).await, Admission::Admitted);
    assert!(paid_off(&mut stand).await.is_some_and(|at| Some(at) != before));
}

#[tokio::test]
async fn logins_are_limited_by_account_and_by_address() {
    let stand = Stand::bare().await;
    let address = "192.0.2.1".parse().unwrap();
    for attempt in 0..5 {
        let admission = stand.aggregates.login_attempt(&[1; 32], address).await;
        assert_eq!(admission, Admission::Admitted, "{attempt}");
    }
    let wait = wait(stand.aggregates.login_attempt(&[1; 32], address).await);
    assert!(wait <= Duration::from_secs(12), "{wait:?}");
    for account in 2..17 {
        let admission = stand.aggregates.login_attempt(&[account; 32], address).await;
        assert_eq!(admission, Admission::Admitted, "a refused attempt must not be charged");
    }
    assert_ne!(stand.aggregates.login_attempt(&[99; 32], address).await, Admission::Admitted);
    let elsewhere = "192.0.2.2".parse().unwrap();
    assert_eq!(stand.aggregates.login_attempt(&[99; 32], elsewhere).await, Admission::Admitted);
}

#[tokio::test]
async fn everything_is_admitted_while_redis_is_unavailable() {
    let settings: RedisSettings = testkit::redis_at("redis://127.0.0.1:1/");
    let aggregates = Aggregates::connect(&settings).unwrap();
    let acme = tenant("acme").await;
    assert_eq!(aggregates.admit(&acme, u32::MAX).await, Admission::Admitted);
    assert!(aggregates.ping().await.is_err());
}
