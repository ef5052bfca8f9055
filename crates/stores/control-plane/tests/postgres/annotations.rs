use auth::Role;
use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{
    Advertiser, Annotation, AnnotationChange, AnnotationFilter, AnnotationReader, AnnotationScope,
    CampaignFilter, ControlPlaneError, Quota, TenantControl,
};
use futures::future::join_all;
use tenancy::{AdvertiserId, CampaignId};
use uuid::Uuid;

use crate::fixture::Platform;

pub(crate) const QUOTA: Quota = Quota { of_tenant: 10, of_user: 5 };

/// Everything that a user may see who may see all campaigns.
fn reader<'a>(user: Uuid) -> AnnotationReader<'a> {
    AnnotationReader { user: Some(user), within: CampaignFilter::default() }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn annotation(scope: AnnotationScope, author: Uuid) -> Annotation {
    let created_at = at("2026-03-01T12:00:00Z");
    Annotation {
        annotation_id: Uuid::now_v7(),
        at: at("2026-03-01T08:00:00Z"),
        until: None,
        text: "New checkout".into(),
        scope,
        campaign_id: None,
        created_by: Some(author),
        created_at,
        updated_at: created_at,
    }
}

async fn create(tenant: &TenantControl, annotation: &Annotation) -> Annotation {
    let created = tenant.create_annotation("user:1", annotation, QUOTA).await.unwrap();
    created.unwrap()
}

async fn texts(
    tenant: &TenantControl,
    reader: &AnnotationReader<'_>,
    filter: &AnnotationFilter<'_>,
) -> Vec<String> {
    let listed = tenant.annotations(reader, filter, None, 10).await.unwrap();
    listed.into_iter().map(|annotation| annotation.text).collect()
}

#[tokio::test]
async fn a_range_has_what_begins_in_it_or_is_not_over_at_its_start() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let acme = platform.tenant("acme").await;
    let marks = [
        ("before", "2026-03-01T00:00:00Z", Some("2026-03-02T00:00:00Z")),
        ("into", "2026-03-01T12:00:00Z", Some("2026-03-02T00:00:01Z")),
        ("start", "2026-03-02T00:00:00Z", None),
        ("end", "2026-03-03T00:00:00Z", None),
    ];
    for (text, from, until) in marks {
        let plain = annotation(AnnotationScope::Tenant, ann);
        let mark = Annotation { text: text.into(), at: at(from), until: until.map(at), ..plain };
        create(&acme, &mark).await;
    }
    let from = Some(at("2026-03-02T00:00:00Z"));
    let to = Some(at("2026-03-03T00:00:00Z"));
    let day = AnnotationFilter { from, to, campaign: None };
    assert_eq!(texts(&acme, &reader(ann), &day).await, ["into", "start"]);
    let all = AnnotationFilter::default();
    assert_eq!(texts(&acme, &reader(ann), &all).await, ["before", "into", "start", "end"]);
    let first = acme.annotations(&reader(ann), &all, None, 2).await.unwrap();
    let last = first.last().map(|one| (one.at, one.annotation_id));
    let rest = acme.annotations(&reader(ann), &all, last, 10).await.unwrap();
    assert_eq!(rest.iter().map(|one| one.text.as_str()).collect::<Vec<_>>(), ["start", "end"]);
}

#[tokio::test]
async fn a_reader_sees_its_own_and_the_tenants_within_its_campaigns() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    let nova: AdvertiserId = "nova".parse().unwrap();
    let advertiser = Advertiser { advertiser_id: nova.clone(), name: "Nova".into() };
    acme.put_advertiser("user:1", &advertiser).await.unwrap();
    let campaigns = ["spring", "winter"].map(|id| id.parse::<CampaignId>().unwrap());
    acme.observe_campaigns(&campaigns, Utc::now()).await.unwrap();
    let [spring, winter] = campaigns;
    acme.change_campaign("user:1", &spring, None, Some(Some(&nova))).await.unwrap();
    for (text, scope, author, campaign) in [
        ("everywhere", AnnotationScope::Tenant, ann, None),
        ("spring", AnnotationScope::Tenant, ann, Some("spring")),
        ("winter", AnnotationScope::Tenant, ann, Some("winter")),
        ("mine", AnnotationScope::Personal, ann, None),
        ("bob's", AnnotationScope::Personal, bob, Some("winter")),
    ] {
        let campaign_id = campaign.map(|id| id.parse().unwrap());
        let plain = annotation(scope, author);
        create(&acme, &Annotation { text: text.into(), campaign_id, ..plain }).await;
    }
    let all = AnnotationFilter::default();
    let own = CampaignFilter { advertiser: Some(&nova), campaigns: None };
    let listed = [spring];
    let some = CampaignFilter { advertiser: None, campaigns: Some(&listed) };
    let anns = acme.annotations(&reader(ann), &all, None, 10).await.unwrap();
    for (user, within, expected) in [
        (Some(ann), CampaignFilter::default(), &["everywhere", "spring", "winter", "mine"][..]),
        (Some(bob), own, &["spring", "bob's"]),
        (None, CampaignFilter::default(), &["everywhere", "spring", "winter"]),
        (None, some, &["spring"]),
    ] {
        let asking = AnnotationReader { user, within };
        assert_eq!(texts(&acme, &asking, &all).await, expected, "{asking:?}");
        for one in &anns {
            let found = acme.annotation(&asking, one.annotation_id).await.unwrap();
            assert_eq!(found.is_some(), expected.contains(&one.text.as_str()), "{asking:?}");
        }
    }
    let filter = AnnotationFilter { campaign: Some(&winter), ..all };
    assert_eq!(texts(&acme, &reader(ann), &filter).await, ["winter"]);
}

async fn is_written(tenant: &TenantControl, scope: AnnotationScope, author: Uuid) -> bool {
    let written = tenant.create_annotation("user:1", &annotation(scope, author), QUOTA).await;
    written.unwrap().is_some()
}

#[tokio::test]
async fn a_quota_holds_however_many_write_at_once() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let acme = platform.tenant("acme").await;
    for scope in AnnotationScope::ALL {
        let written = join_all((0..8).map(|_| is_written(&acme, scope, ann))).await;
        assert_eq!(written.iter().filter(|is_written| **is_written).count(), 5, "{scope:?}");
    }
    let globex = platform.tenant("globex").await;
    let ben = platform.user("globex", "ben@globex.example", Role::Owner).await;
    create(&globex, &annotation(AnnotationScope::Tenant, ben)).await;
}

#[tokio::test]
async fn a_change_affects_the_given_fields_and_leaves_no_end_before_its_start() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let acme = platform.tenant("acme").await;
    let created = create(&acme, &annotation(AnnotationScope::Tenant, ann)).await;
    let id = created.annotation_id;
    let now = at("2026-03-05T00:00:00Z");
    let until = created.at + TimeDelta::hours(1);
    let change = AnnotationChange { until: Some(Some(until)), ..AnnotationChange::default() };
    let changed = acme.change_annotation("user:1", id, &change, now).await.unwrap();
    let expected = Annotation { until: Some(until), updated_at: now, ..created };
    assert_eq!(changed, Some(expected));
    let change = AnnotationChange { at: Some(until), ..AnnotationChange::default() };
    let refused = acme.change_annotation("user:1", id, &change, now).await.unwrap_err();
    assert!(matches!(refused, ControlPlaneError::Refused { .. }), "{refused:?}");
}

#[tokio::test]
async fn only_what_others_see_is_in_the_audit_log_and_never_its_text() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let acme = platform.tenant("acme").await;
    create(&acme, &annotation(AnnotationScope::Personal, ann)).await;
    let shared = create(&acme, &annotation(AnnotationScope::Tenant, ann)).await;
    acme.delete_annotation("user:1", shared.annotation_id).await.unwrap().unwrap();
    let log = platform.admin().audit_log(None, 3).await.unwrap();
    let actions: Vec<_> = log.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(actions[..2], ["annotation.delete", "annotation.create"]);
    assert_ne!(actions[2], "annotation.create", "of the personal one");
    assert!(!format!("{log:?}").contains(&shared.text));
}

#[tokio::test]
async fn another_tenant_finds_nothing_to_read_change_or_delete() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let acme = platform.tenant("acme").await;
    let id = create(&acme, &annotation(AnnotationScope::Tenant, ann)).await.annotation_id;
    let globex = platform.tenant("globex").await;
    assert_eq!(globex.annotation(&reader(ann), id).await.unwrap(), None);
    let change = AnnotationChange { text: Some("stolen"), ..AnnotationChange::default() };
    assert_eq!(globex.change_annotation("user:1", id, &change, Utc::now()).await.unwrap(), None);
    assert_eq!(globex.delete_annotation("user:1", id).await.unwrap(), None);
    let foreign = annotation(AnnotationScope::Tenant, ann);
    let refused = globex.create_annotation("user:1", &foreign, QUOTA).await.unwrap_err();
    assert!(matches!(refused, ControlPlaneError::MissingReference { .. }), "{refused:?}");
}
