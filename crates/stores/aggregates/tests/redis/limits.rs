use std::time::{Duration, Instant};

use aggregates::{Admission, Aggregates, RedisSettings};
use tenancy::{Limits, Quotas, RateLimit, Unit, Window};

use crate::stand::{Stand, tenant, tenant_with};

fn wait(admission: Admission) -> Duration {
    match admission {
        Admission::RetryAfter(wait) => wait,
        Admission::Admitted => panic!("admitted"),
    }
}

fn exceeded(admission: Admission<RateLimit>) -> RateLimit {
    match admission {
        Admission::RetryAfter(exceeded) => exceeded,
        Admission::Admitted => panic!("admitted"),
    }
}

#[tokio::test]
async fn a_tenant_may_send_the_events_of_ten_seconds_at_once_and_then_waits() {
    let stand = Stand::bare().await;
    let limits = Limits { events_per_second: 100, ..Limits::default() };
    let acme = tenant_with("acme", limits).await;
    let globex = tenant_with("globex", limits).await;
    assert_eq!(stand.aggregates.admit(&acme, Unit::Events, 900).await, Admission::Admitted);
    assert_eq!(stand.aggregates.admit(&acme, Unit::Events, 100).await, Admission::Admitted);
    let wait = exceeded(stand.aggregates.admit(&acme, Unit::Events, 100).await).reset;
    // As much of the second as is left.
    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
    assert_eq!(stand.aggregates.admit(&globex, Unit::Events, 1).await, Admission::Admitted);
    tokio::time::sleep(wait).await;
    assert_eq!(stand.aggregates.admit(&acme, Unit::Events, 100).await, Admission::Admitted);
}

#[tokio::test]
async fn a_batch_larger_than_the_limit_is_admitted_when_everything_before_is_paid_off() {
    let stand = Stand::bare().await;
    let limits = Limits { events_per_second: 1, ..Limits::default() };
    let acme = tenant_with("acme", limits).await;
    assert_eq!(stand.aggregates.admit(&acme, Unit::Events, 1_000).await, Admission::Admitted);
    let wait = exceeded(stand.aggregates.admit(&acme, Unit::Events, 1_000).await).reset;
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
    while stand.aggregates.admit(&acme, Unit::Events, 1).await == Admission::Admitted {
        admitted += 1;
        if other.admit(&acme, Unit::Events, 1).await == Admission::Admitted {
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
    assert_eq!(stand.aggregates.admit(&acme, Unit::Events, 1).await, Admission::Admitted);
    let key = stand.key("client_acme_limit_events_second");
    let paid_off = async |stand: &mut Stand| -> Option<u64> {
        redis::cmd("GET").arg(&key).query_async(&mut stand.redis).await.unwrap()
    };
    let before = paid_off(&mut stand).await;
    assert!(before.is_some(), "{key}");
    for _ in 0..50 {
        assert_eq!(stand.aggregates.admit(&acme, Unit::Events, 1).await, Admission::Admitted);
    }
    assert!(paid_off(&mut stand).await.is_none_or(|at| Some(at) == before));
    assert_eq!(stand.aggregates.admit(&acme, Unit::Events, 1).await, Admission::Admitted);
    assert!(paid_off(&mut stand).await.is_some_and(|at| Some(at) != before));
}

#[tokio::test]
async fn logins_are_limited_by_account_and_by_address() {
    let stand = Stand::bare().await;
    let address = "192.0.2.1".parse().unwrap();
    for attempt in 0..5 {
        let admission = stand.aggregates.login_attempt(&[1; 32], address).await.unwrap();
        assert_eq!(admission, Admission::Admitted, "{attempt}");
    }
    let wait = wait(stand.aggregates.login_attempt(&[1; 32], address).await.unwrap());
    assert!(wait <= Duration::from_secs(12), "{wait:?}");
    for account in 2..17 {
        let admission = stand.aggregates.login_attempt(&[account; 32], address).await.unwrap();
        assert_eq!(admission, Admission::Admitted, "a refused attempt must not be charged");
    }
    assert_ne!(
        stand.aggregates.login_attempt(&[99; 32], address).await.unwrap(),
        Admission::Admitted
    );
    let elsewhere = "192.0.2.2".parse().unwrap();
    assert_eq!(
        stand.aggregates.login_attempt(&[99; 32], elsewhere).await.unwrap(),
        Admission::Admitted
    );
}

#[tokio::test]
async fn each_failure_doubles_the_delay_and_a_success_ends_it() {
    let mut stand = Stand::bare().await;
    let address = "192.0.2.1".parse().unwrap();
    let attempt =
        async |stand: &Stand| stand.aggregates.login_attempt(&[1; 32], address).await.unwrap();
    for _ in 0..5 {
        assert_eq!(attempt(&stand).await, Admission::Admitted);
    }
    let hour = Duration::from_secs(3_600);
    for expected in [12, 24, 48, 96, 192, 384, 768, 900, 900] {
        let wait = wait(attempt(&stand).await);
        let expected = Duration::from_secs(expected);
        assert!(wait <= expected && wait > expected - Duration::from_secs(5), "{wait:?}");
        // As if the delay had passed.
        let pattern = stand.key("*login_failures_*");
        let keys: Vec<String> =
            redis::cmd("KEYS").arg(&pattern).query_async(&mut stand.redis).await.unwrap();
        assert_eq!(keys.len(), 2, "{keys:?}");
        for key in keys {
            let mut command = redis::cmd("HDEL");
            let _: i64 = command.arg(&key).arg("next").query_async(&mut stand.redis).await.unwrap();
            let left: i64 =
                redis::cmd("PTTL").arg(&key).query_async(&mut stand.redis).await.unwrap();
            assert!((1..=3_600_000).contains(&left), "forgotten within {hour:?}: {left}");
        }
        assert_eq!(attempt(&stand).await, Admission::Admitted);
    }
    stand.aggregates.login_succeeded(&[1; 32], address).await;
    assert_eq!(attempt(&stand).await, Admission::Admitted);
}

#[tokio::test]
async fn a_known_network_passes_while_strangers_guess() {
    let stand = Stand::bare().await;
    let home = "192.0.2.1".parse().unwrap();
    assert_eq!(stand.aggregates.login_attempt(&[1; 32], home).await.unwrap(), Admission::Admitted);
    stand.aggregates.login_succeeded(&[1; 32], home).await;
    let mut refused = 0;
    for host in 1..=10 {
        let stranger = format!("198.51.100.{host}").parse().unwrap();
        let admission = stand.aggregates.login_attempt(&[1; 32], stranger).await.unwrap();
        refused += usize::from(admission != Admission::Admitted);
    }
    assert_eq!(refused, 5, "the account has five attempts from all unknown networks together");
    assert_eq!(stand.aggregates.login_attempt(&[1; 32], home).await.unwrap(), Admission::Admitted);
}

#[tokio::test]
async fn too_many_failures_of_all_accounts_delay_each_account_and_refuse_nobody_the_first_attempt()
{
    let stand = Stand::bare().await;
    let home = "192.0.2.1".parse().unwrap();
    let away = "192.0.2.2".parse().unwrap();
    assert_eq!(stand.aggregates.login_attempt(&[1; 32], home).await.unwrap(), Admission::Admitted);
    stand.aggregates.login_succeeded(&[1; 32], home).await;
    for host in 0..1_000_u32 {
        let mut account = [2; 32];
        account[..4].copy_from_slice(&host.to_be_bytes());
        let stranger = std::net::Ipv4Addr::from(0x0a00_0000 + host).into();
        let admission = stand.aggregates.login_attempt(&account, stranger).await.unwrap();
        assert_eq!(admission, Admission::Admitted, "{host}");
    }
    assert_eq!(stand.aggregates.login_attempt(&[3; 32], away).await.unwrap(), Admission::Admitted);
    let wait = wait(stand.aggregates.login_attempt(&[3; 32], away).await.unwrap());
    assert!(wait <= Duration::from_secs(12) && wait > Duration::from_secs(6), "{wait:?}");
    for _ in 0..2 {
        let admission = stand.aggregates.secret_attempt(&[4; 32], away).await.unwrap();
        assert_eq!(admission, Admission::Admitted, "an invitation is no login");
        assert_eq!(
            stand.aggregates.login_attempt(&[1; 32], home).await.unwrap(),
            Admission::Admitted
        );
    }
}

#[tokio::test]
async fn other_secrets_are_limited_by_account_and_network_as_logins_are() {
    let stand = Stand::bare().await;
    let address = "192.0.2.1".parse().unwrap();
    for _ in 0..5 {
        let admission = stand.aggregates.secret_attempt(&[1; 32], address).await.unwrap();
        assert_eq!(admission, Admission::Admitted);
    }
    wait(stand.aggregates.secret_attempt(&[1; 32], address).await.unwrap());
    wait(stand.aggregates.login_attempt(&[1; 32], address).await.unwrap());
    stand.aggregates.secret_succeeded(&[1; 32], address).await;
    assert_eq!(
        stand.aggregates.login_attempt(&[1; 32], address).await.unwrap(),
        Admission::Admitted
    );
}

#[tokio::test]
async fn while_redis_is_unavailable_all_events_are_admitted_and_no_login_is() {
    let settings: RedisSettings = testkit::redis_at("redis://127.0.0.1:1/");
    let aggregates = Aggregates::connect(&settings).unwrap();
    let acme = tenant("acme").await;
    assert_eq!(aggregates.admit(&acme, Unit::Events, u64::MAX).await, Admission::Admitted);
    let address = "192.0.2.1".parse().unwrap();
    assert!(aggregates.login_attempt(&[1; 32], address).await.is_err());
    assert!(aggregates.secret_attempt(&[1; 32], address).await.is_err());
    assert!(aggregates.ping().await.is_err());
}

#[tokio::test]
async fn the_logins_of_erased_users_leave_no_trace() {
    let mut stand = Stand::bare().await;
    let address = "192.0.2.1".parse().unwrap();
    let [erased, kept] = [1, 2].map(uuid::Uuid::from_u128);
    for user in [erased, kept] {
        let account = aggregates::account_hash(user);
        assert_eq!(
            stand.aggregates.login_attempt(&account, address).await.unwrap(),
            Admission::Admitted
        );
        stand.aggregates.login_succeeded(&account, address).await;
        assert_eq!(
            stand.aggregates.login_attempt(&account, address).await.unwrap(),
            Admission::Admitted
        );
    }
    let known = stand.key("login_known_*");
    let keys = async |stand: &mut Stand| -> Vec<String> {
        redis::cmd("KEYS").arg(&known).query_async(&mut stand.redis).await.unwrap()
    };
    assert_eq!(keys(&mut stand).await.len(), 2);
    assert_eq!(stand.aggregates.erase_logins(&[erased]).await.unwrap(), 3);
    assert_eq!(keys(&mut stand).await.len(), 1);
    assert_eq!(stand.aggregates.erase_logins(&[erased]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_quota_of_a_day_is_checked_beside_the_rate_per_second() {
    let stand = Stand::bare().await;
    let quotas = Quotas { events_per_day: Some(50), ..Quotas::default() };
    let acme = tenant_with("acme", Limits { quotas, ..Limits::default() }).await;
    for _ in 0..50 {
        assert_eq!(stand.aggregates.admit(&acme, Unit::Events, 1).await, Admission::Admitted);
    }
    let wait = exceeded(stand.aggregates.admit(&acme, Unit::Events, 1).await).reset;
    let one = Duration::from_secs(86_400 / 50);
    assert!(wait > one - Duration::from_secs(5) && wait <= one, "{wait:?}");
    let tightest = stand.aggregates.tightest_limit(&acme, Unit::Events).unwrap();
    assert_eq!((tightest.window, tightest.quota, tightest.left), (Window::Day, 50, 0));
    assert_eq!(stand.aggregates.admit(&acme, Unit::Requests, 1).await, Admission::Admitted);
}

#[tokio::test]
async fn a_refusal_names_the_quota_that_refuses_and_not_the_one_of_which_least_is_left() {
    let stand = Stand::bare().await;
    let of = |bytes_per_second| {
        let bytes_per_day = Some(100_000);
        let quotas = Quotas { bytes_per_second, bytes_per_day, ..Quotas::default() };
        tenant_with("acme", Limits { quotas, ..Limits::default() })
    };
    // Most of the day is used at once, and the rate is lowered.
    let fast = of(Some(1_000_000_000)).await;
    assert_eq!(stand.aggregates.admit(&fast, Unit::Bytes, 90_000).await, Admission::Admitted);
    let slow = of(Some(400)).await;
    assert_eq!(stand.aggregates.admit(&slow, Unit::Bytes, 3_000).await, Admission::Admitted);

    let exceeded = exceeded(stand.aggregates.admit(&slow, Unit::Bytes, 3_000).await);
    assert_eq!((exceeded.window, exceeded.quota, exceeded.left), (Window::Second, 4_000, 0));
    let longest = Duration::from_secs(5);
    assert!(exceeded.reset > Duration::ZERO && exceeded.reset <= longest, "{exceeded:?}");
    let tightest = stand.aggregates.tightest_limit(&slow, Unit::Bytes).unwrap();
    assert_eq!(tightest.window, Window::Day, "less is left of the day: {tightest:?}");
}
