//! What an operator sees of the platform.

use std::{collections::BTreeSet, fs};

use chrono::Utc;
use serde_json::json;
use testkit::{Platform, Process, Tenant, Tier, eventually};

/// The metrics by which `infra/observability` checks its alerts and dashboards: name, type and labels.
const LISTED: &str = include_str!("../../../../infra/observability/metrics/footfall.txt");

async fn metrics(platform: &Platform) -> String {
    let answer = platform.client().get(platform.metrics()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

/// Returns every series of the metrics, without its value.
async fn series(platform: &Platform) -> BTreeSet<String> {
    let text = metrics(platform).await;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

fn impressions(count: usize) -> serde_json::Value {
    let event = |_| {
        json!({"type": "ad_impression", "campaign_id": "spring", "event_time": Utc::now(),
               "visitor_id": "v1"})
    };
    (0..count).map(event).collect()
}

/// Causes one of everything that is counted.
async fn move_every_series(platform: &Platform, tenant: &Tenant) {
    platform.collect(&tenant.collect_key, &impressions(5)).await.expect(202);
    let mixed = json!([{"type": "page_view"}, {"type": 17}]);
    platform.collect(&tenant.collect_key, &mixed).await.expect(202);
    platform.wait_for_count(tenant, "spring", "impressions", 5).await;
    platform.get("nobody", "/v1/campaigns").await.expect(401);
    platform.get(&tenant.read_key, "/v1/campaigns/none").await.expect(404);
    let wrong = json!({"email": "nobody@platform.example", "password": "wrong"});
    platform.post("", "/v1/auth/login", &wrong).await.expect(401);
}

#[tokio::test]
async fn every_series_exists_before_its_first_change() {
    let mut platform = Platform::prepare().await;
    platform.restart().await;
    let before = series(&platform).await;
    let tenant = platform.onboard(Tier::Shared).await;
    move_every_series(&platform, &tenant).await;
    // Requests for the metrics are not an operation of the platform.
    let scraping = |series: &&String| !series.contains(r#"service="metrics""#);
    let after = series(&platform).await;
    let new: Vec<_> = after.difference(&before).filter(scraping).collect();
    assert!(new.is_empty(), "{new:#?}");
    for name in ["footfall_reconcile_repairs_total", "footfall_build_info", "process_open_fds"] {
        assert!(before.iter().any(|series| series.starts_with(name)), "{name}: {before:#?}");
    }
}

#[tokio::test]
async fn the_running_platform_has_exactly_the_metrics_that_alerts_and_dashboards_may_name() {
    let mut platform = Platform::prepare().await;
    platform.restart().await;
    let text = metrics(&platform).await;
    let found: BTreeSet<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let with_type = |line: &'static str| line.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ");
    let listed: BTreeSet<_> = LISTED.lines().map(with_type).collect();
    assert_eq!(found, listed.iter().map(String::as_str).collect());
}

#[tokio::test]
async fn metrics_are_on_a_separate_port_and_name_no_tenant() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Schema).await;
    move_every_series(&platform, &tenant).await;
    for public in [platform.api("/metrics"), platform.collector("/metrics")] {
        let answer = platform.client().get(&public).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{public}");
    }
    let names = series(&platform).await;
    assert!(!names.iter().any(|series| series.contains(&tenant.id)), "{names:#?}");
    let metrics = platform.metrics();
    let other = platform.client().get(metrics.replace("/metrics", "/v1/campaigns")).send().await;
    assert_eq!(other.unwrap().status(), 404);
}

#[tokio::test]
async fn accepted_requests_are_not_logged_and_refused_ones_name_no_campaign() {
    let mut platform = Platform::prepare().await;
    platform.restart().await;
    let tenant = platform.onboard(Tier::Shared).await;
    for _ in 0..20 {
        platform.collect(&tenant.collect_key, &impressions(1)).await.expect(202);
    }
    let path = "/v1/campaigns/canary-campaign/metrics?metrics=clicks";
    platform.get(&tenant.read_key, path).await.expect(404);
    let log = fs::read_to_string(platform.folder().join("all.log")).unwrap();
    let of_requests = |line: &&str| line.contains("/v1/");
    let lines: Vec<_> = log.lines().filter(of_requests).collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("request refused") && lines[0].contains("404"), "{lines:#?}");
    assert!(lines[0].contains("/v1/campaigns/{id}/metrics"), "{lines:#?}");
    assert!(!log.contains("canary-campaign"), "{lines:#?}");
}

#[tokio::test]
async fn the_log_level_follows_a_file_and_a_filter_that_cannot_be_parsed_changes_nothing() {
    let mut platform = Platform::prepare().await;
    let file = platform.folder().join("log-filter");
    fs::write(&file, "").unwrap();
    platform.set("FOOTFALL__TELEMETRY__LOG_FILTER_FILE", file.to_str().unwrap());
    platform.restart().await;
    let log = platform.folder().join("all.log");
    let count = |text: &str| fs::read_to_string(&log).unwrap().matches(text).count();
    let answered = async |more_than: usize| {
        eventually("answered requests are logged", async || {
            platform.get("", "/healthz").await.expect(200);
            (count("request answered") > more_than).then_some(())
        })
        .await;
    };
    platform.get("", "/healthz").await.expect(200);
    assert_eq!(count("request answered"), 0);
    fs::write(&file, "info,web=debug\n").unwrap();
    answered(0).await;
    fs::write(&file, "info,web=loud\n").unwrap();
    let refusal = "a filter is a level such as info";
    eventually("the filter is refused", async || (count(refusal) == 1).then_some(())).await;
    answered(count("request answered")).await;
}

#[tokio::test]
async fn a_503_of_the_collector_names_what_is_unavailable_and_the_log_says_why_once() {
    let platform = Platform::prepare().await;
    let _api = platform.spawn(&["api"]);
    let settings = [
        ("FOOTFALL__KAFKA__BROKERS", "127.0.0.1:1".to_owned()),
        ("FOOTFALL__SPOOL__MAX_BYTES", "0".to_owned()),
    ];
    let mut collector = platform.spawn_as("collector", &["collector"], settings);
    wait_until_it_answers(&platform, &platform.api("/readyz"), None).await;
    wait_until_it_answers(&platform, &platform.collector("/healthz"), Some(&mut collector)).await;
    let tenant = platform.onboard(Tier::Shared).await;
    let answer = platform.collect(&tenant.collect_key, &impressions(1)).await.expect(503).json();
    let detail = answer["detail"].as_str().unwrap();
    assert!(detail.starts_with("Neither the log nor the collector's own disk accepts"), "{detail}");

    let log = fs::read_to_string(platform.folder().join("collector.log")).unwrap();
    let id = answer["request_id"].as_str().unwrap();
    let lines: Vec<_> = log.lines().filter(|line| line.contains(id)).collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("ERROR"), "{lines:#?}");
    assert!(
        lines[0].contains("kafka did not acknowledge in time, and the spool accepted nothing"),
        "{lines:#?}"
    );
}

async fn wait_until_it_answers(platform: &Platform, url: &str, mut process: Option<&mut Process>) {
    eventually("it answers", async || {
        process.iter_mut().for_each(|process| process.must_be_running());
        let answer = platform.client().get(url).send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
}

/// Runs a command; returns its exit code and its output.
async fn exit_code(platform: &Platform, name: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut process = platform.spawn_as(name, arguments, []);
    let status = eventually("the command ends", async || process.exited()).await;
    (status.code(), process.last_lines())
}

#[tokio::test]
async fn a_single_tenant_file_is_applied_and_a_file_with_an_unknown_cluster_is_refused() {
    let platform = Platform::prepare().await;
    let written = |name: &str, cluster: &str| {
        let id = name.trim_end_matches(".toml");
        let path = platform.folder().join(name);
        let text = format!(
            "id = \"{id}\"\nname = \"Shop\"\nisolation = \"shared\"\ncluster = \"{cluster}\"\n\
             time_zone = \"UTC\"\ncurrency = \"EUR\"\n"
        );
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let good = written("alone.toml", "shared");
    let bad = written("lost.toml", "nowhere");

    for command in ["plan", "apply"] {
        let (code, text) = exit_code(&platform, command, &["tenant", command, &bad]).await;
        assert_eq!(code, Some(4), "{text}");
        assert!(text.contains("lost.toml:4:") && text.contains("cluster must be one of"), "{text}");
        let (code, text) = exit_code(&platform, command, &["tenant", command, "nothing"]).await;
        assert_eq!(code, Some(2), "{text}");
    }
    assert!(platform.run(&["tenant", "plan", &good]).contains("create tenant"));
    platform.run(&["tenant", "apply", &good]);
    assert_eq!(platform.run(&["tenant", "plan", &good]).trim(), "no changes");
}

#[tokio::test]
async fn folders_are_below_the_data_dir_whatever_the_working_directory() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    platform.collect(&tenant.collect_key, &impressions(5)).await.expect(202);
    for name in ["spool", "archive", "recent-ids"] {
        let folder = platform.folder().join(name);
        eventually("the folder exists", async || folder.is_dir().then_some(())).await;
    }
}
