use auth::{Sealer, SigningKey};
use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::json;
use tenancy::TenantRouter;

use crate::stand::{Stand, answer};

/// Returns the ids of the published keys.
async fn published(stand: &Stand) -> Vec<String> {
    let document = answer(stand.request(Method::GET, "/.well-known/jwks.json", None)).await.body;
    let keys = document["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_token_of_the_former_key_is_accepted_until_that_key_is_removed() {
    let stand = Stand::new().await;
    #[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
    let platform = stand.control_plane.for_platform(&TenantRouter::platform("cli"));
    let of_former = stand.token("acme", "owner").await;
    let former = published(&stand).await;
    assert_eq!(former.len(), 1);

    let added = SigningKey::generate().unwrap();
    let stored = added.seal(&Sealer::new([7; 32]), Utc::now()).unwrap();
    platform.add_signing_key(&stored).await.unwrap();
    stand.use_signing_keys(Utc::now()).await;
    assert_eq!(published(&stand).await, [added.id().as_str(), &former[0]]);

    // Ten minutes later it signs.
    stand.use_signing_keys(Utc::now() + TimeDelta::minutes(11)).await;
    let of_added = stand.token("acme", "owner").await;
    for token in [&of_former, &of_added] {
        assert_eq!(stand.get("/v1/campaigns", token).await.status, 200);
    }

    assert!(platform.remove_signing_key(&former[0].parse().unwrap()).await.unwrap());
    stand.use_signing_keys(Utc::now()).await;
    assert_eq!(published(&stand).await, [added.id().as_str()]);
    let refused = stand.get("/v1/campaigns", &of_former).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["code"]),
        (401, &json!("credential_invalid"))
    );
    assert_eq!(stand.get("/v1/campaigns", &of_added).await.status, 200);
}
