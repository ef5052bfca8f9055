use chrono::Utc;
use control_plane::{Advertiser, CampaignFilter, ControlPlaneError, Product};
use tenancy::CampaignId;

use crate::fixture::{Platform, id};

fn ids(ids: &[&str]) -> Vec<CampaignId> {
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_campaign_created_by_an_event_has_no_advertiser() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    acme.observe_campaigns(&ids(&["spring", "autumn", "spring"]), Utc::now()).await.unwrap();
    let listed = acme.campaigns(&CampaignFilter::default(), None, 10).await.unwrap();
    let names: Vec<_> = listed.iter().map(|campaign| campaign.name.as_str()).collect();
    assert_eq!(names, ["autumn", "spring"]);
    assert!(listed.iter().all(|campaign| campaign.advertiser_id.is_none()));
}

#[tokio::test]
async fn an_event_of_a_declared_campaign_changes_neither_its_name_nor_its_advertiser() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let client = id("acme");
    let nova = Advertiser { advertiser_id: "nova".parse().unwrap(), name: "Nova".into() };
    admin.put_advertiser(&client, &nova).await.unwrap();
    let spring = "spring".parse().unwrap();
    let advertiser = Some(&nova.advertiser_id);
    admin.put_campaign(&client, &spring, "Spring sale", advertiser).await.unwrap();
    let acme = platform.tenant("acme").await;
    let first = Utc::now();
    for seen_at in [first, first + chrono::TimeDelta::hours(1)] {
        acme.observe_campaigns(std::slice::from_ref(&spring), seen_at).await.unwrap();
    }
    let seen = acme.campaign(&CampaignFilter::default(), &spring).await.unwrap().unwrap();
    assert_eq!((seen.name.as_str(), seen.advertiser_id.as_ref()), ("Spring sale", advertiser));
    assert_eq!(seen.first_seen.unwrap().timestamp_millis(), first.timestamp_millis());
}

#[tokio::test]
async fn filters_hide_campaigns_that_the_reader_may_not_see() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let client = id("acme");
    let nova = Advertiser { advertiser_id: "nova".parse().unwrap(), name: "Nova".into() };
    admin.put_advertiser(&client, &nova).await.unwrap();
    let acme = platform.tenant("acme").await;
    acme.observe_campaigns(&ids(&["a", "b", "c"]), Utc::now()).await.unwrap();
    let given = acme
        .change_campaign("user:1", &ids(&["b"])[0], None, Some(Some(&nova.advertiser_id)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(given.advertiser_id.as_ref(), Some(&nova.advertiser_id));

    let own = CampaignFilter { advertiser: Some(&nova.advertiser_id), campaigns: None };
    let listed = acme.campaigns(&own, None, 10).await.unwrap();
    assert_eq!(listed.into_iter().map(|c| c.campaign_id).collect::<Vec<_>>(), ids(&["b"]));
    assert_eq!(acme.campaign(&own, &ids(&["a"])[0]).await.unwrap(), None);

    let allowed = ids(&["a", "c"]);
    let keys = CampaignFilter { advertiser: None, campaigns: Some(&allowed) };
    let page = acme.campaigns(&keys, Some(&allowed[0]), 10).await.unwrap();
    assert_eq!(page.into_iter().map(|c| c.campaign_id).collect::<Vec<_>>(), ids(&["c"]));
    let none = CampaignFilter { advertiser: None, campaigns: Some(&[]) };
    assert!(acme.campaigns(&none, None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_event_without_a_brand_does_not_remove_the_brand_of_a_product() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let first_seen = Utc::now();
    let product = |id: &str, brand: Option<&str>, category: Option<&str>| Product {
        product_id: id.into(),
        brand: brand.map(Into::into),
        category: category.map(Into::into),
        first_seen,
    };
    let seen = [product("p1", Some("Nova"), None), product("p2", None, None)];
    acme.observe_products(&seen).await.unwrap();
    acme.observe_products(&[product("p1", None, Some("shoes"))]).await.unwrap();
    let listed = acme.products(None, 10).await.unwrap();
    assert_eq!(listed[0].brand.as_deref(), Some("Nova"));
    assert_eq!(listed[0].category.as_deref(), Some("shoes"));
    assert_eq!(acme.products(Some("p1"), 10).await.unwrap()[0].product_id, "p2");
}

#[tokio::test]
async fn a_change_affects_only_the_given_fields_and_is_in_the_audit_log_with_its_actor() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let nova = Advertiser { advertiser_id: "nova".parse().unwrap(), name: "Nova".into() };
    acme.put_advertiser("user:1", &nova).await.unwrap();
    let spring = &ids(&["spring"])[0];
    acme.observe_campaigns(std::slice::from_ref(spring), Utc::now()).await.unwrap();
    let change = async |name, advertiser| {
        let changed = acme.change_campaign("user:1", spring, name, advertiser).await;
        let campaign = changed.unwrap().unwrap();
        (campaign.name, campaign.advertiser_id.map(|id| id.to_string()))
    };
    let given = change(None, Some(Some(&nova.advertiser_id))).await;
    assert_eq!(given, ("spring".into(), Some("nova".into())));
    assert_eq!(
        change(Some("Spring sale"), None).await,
        ("Spring sale".into(), Some("nova".into()))
    );
    assert_eq!(change(None, Some(None)).await, ("Spring sale".into(), None));
    let row = &platform.admin().audit_log(None, 1).await.unwrap()[0];
    assert_eq!((row.actor.as_str(), row.action.as_str()), ("user:1", "campaign.change"));
    assert_eq!(row.subject, "spring");
}

#[tokio::test]
async fn a_campaign_cannot_be_assigned_to_another_tenants_advertiser() {
    let platform = Platform::new().await;
    let nova = Advertiser { advertiser_id: "nova".parse().unwrap(), name: "Nova".into() };
    platform.tenant("globex").await.put_advertiser("user:1", &nova).await.unwrap();
    let acme = platform.tenant("acme").await;
    let spring = &ids(&["spring"])[0];
    acme.observe_campaigns(std::slice::from_ref(spring), Utc::now()).await.unwrap();
    let advertiser = Some(Some(&nova.advertiser_id));
    let refused = acme.change_campaign("user:1", spring, None, advertiser).await.unwrap_err();
    assert!(matches!(refused, ControlPlaneError::MissingReference { .. }), "{refused:?}");
}
