use auth::{ApiKey, CredentialStore, InvitationToken, KeyKind, PasswordHash, Role, SessionStore};
use chrono::Utc;
use control_plane::BegunMove;
use tenancy::{Isolation, TenantState};
use warehouse::Warehouse;

use super::{
    super::{Applied, FolderFault, Made, OnboardingError, Progress, TenantFile, ensure_admin},
    platform::{Platform, warehouse},
};

fn keys(applied: &Applied) -> Vec<&ApiKey> {
    applied
        .made
        .iter()
        .filter_map(|made| match made {
            Made::Key { key, .. } => Some(key),
            _ => None,
        })
        .collect()
}

fn invitations(applied: &Applied) -> Vec<(&str, &InvitationToken)> {
    applied
        .made
        .iter()
        .filter_map(|made| match made {
            Made::Invitation { email, token, .. } => Some((email.as_str(), token)),
            _ => None,
        })
        .collect()
}

/// Returns whether the invitation is valid for the user with the address.
async fn invites(platform: &Platform, (email, token): (&str, &InvitationToken)) -> bool {
    let user = platform.control_plane.user_by_email(email, None).await.unwrap().unwrap();
    let invitation = platform.control_plane.invitation(&token.hash()).await.unwrap();
    invitation.is_some_and(|invitation| invitation.user.id == user.id)
}

fn faults(error: OnboardingError) -> Vec<FolderFault> {
    match error {
        OnboardingError::Folder(faults) => faults,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tenants_of_all_tiers_are_created_and_applying_again_changes_nothing() {
    let platform = Platform::new().await;
    let files = [
        platform.file("a", "shared", "shared"),
        platform.file("b", "schema", "shared"),
        platform.file("c", "dedicated", "dedicated"),
    ];
    let plan = platform.plan(&files).await.unwrap();
    let a = platform.id("a");
    let text = plan.to_string();
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with(a.as_str())).collect();
    assert_eq!(
        lines,
        [
            format!("{a}: create tenant \"a\", shared, on cluster shared"),
            format!("{a}: create advertiser nova \"Nova\""),
            format!("{a}: create campaign spring \"Spring\" of advertiser nova"),
            format!("{a}: provision database footfall_shared on cluster shared"),
            format!("{a}: invite owner@{a}.example as owner"),
            format!("{a}: create key \"shop\" (collect)"),
            format!("{a}: activate"),
        ]
    );

    let applied = platform.apply(&files).await;
    assert_eq!(applied.steps, plan.steps().len());
    for (name, isolation) in ["a", "b", "c"].into_iter().zip(Isolation::ALL) {
        let tenant = platform.admin().tenant(&platform.id(name)).await.unwrap().unwrap().record;
        assert_eq!((tenant.state, tenant.placement.isolation), (TenantState::Active, isolation));
        let destination = tenant.placement.destination(&tenant.client_id);
        assert!(warehouse().migrate(&destination).await.unwrap().is_empty(), "provisioned");
    }
    for key in keys(&applied) {
        let stored = platform.control_plane.api_key(key.id()).await.unwrap().unwrap();
        assert_eq!((stored.kind, stored.secret_hash), (KeyKind::Collect, key.secret_hash()));
    }
    for login in invitations(&applied) {
        assert!(invites(&platform, login).await, "{}", login.0);
    }
    assert_eq!((keys(&applied).len(), invitations(&applied).len()), (3, 3));

    assert!(platform.plan(&files).await.unwrap().is_empty());
    let again = platform.apply(&files).await;
    assert_eq!((again.steps, again.made.len()), (0, 0));
}

#[tokio::test]
async fn a_tenant_whose_tables_could_not_be_created_is_completed_by_the_next_run() {
    let platform = Platform::new().await;
    let files = [platform.file("a", "schema", "shared")];
    let plan = platform.plan(&files).await.unwrap();
    let without_servers = platform.onboarding_with(Warehouse::default());
    let failed = without_servers.apply(&plan, &mut |_| {}).await.unwrap_err();
    assert!(matches!(failed, OnboardingError::Warehouse { .. }), "{failed:?}");
    let tenant = platform.admin().tenant(&platform.id("a")).await.unwrap().unwrap();
    assert_eq!(tenant.record.state, TenantState::Provisioning);

    let applied = platform.apply(&files).await;
    assert_eq!((keys(&applied).len(), invitations(&applied).len()), (1, 1));
    let tenant = platform.admin().tenant(&platform.id("a")).await.unwrap().unwrap();
    assert_eq!(tenant.record.state, TenantState::Active);
}

#[tokio::test]
async fn after_a_run_that_stopped_before_activating_the_next_creates_credentials_again() {
    let platform = Platform::new().await;
    let files = [platform.file("a", "shared", "shared")];
    let lost = platform.apply(&files).await;
    platform.forget_activation("a").await;

    let made = platform.apply(&files).await;
    let find = async |key: &ApiKey| platform.control_plane.api_key(key.id()).await.unwrap();
    assert!(find(keys(&lost)[0]).await.is_none());
    assert!(find(keys(&made)[0]).await.is_some());
    assert!(!invites(&platform, invitations(&lost)[0]).await);
    assert!(invites(&platform, invitations(&made)[0]).await);
    assert!(platform.plan(&files).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_password_of_a_half_made_tenant_is_removed_by_the_next_run() {
    let platform = Platform::new().await;
    let files = [platform.file("a", "shared", "shared")];
    let first = platform.apply(&files).await;
    let (email, token) = invitations(&first)[0];
    let store = &platform.control_plane;
    let lost = PasswordHash::from_stored("$argon2id$".into());
    store.accept_invitation(&token.hash(), &lost, Utc::now()).await.unwrap().unwrap();
    platform.forget_activation("a").await;

    let made = platform.apply(&files).await;
    assert!(store.user_by_email(email, None).await.unwrap().unwrap().password_hash.is_none());
    assert!(invites(&platform, invitations(&made)[0]).await);
}

#[tokio::test]
async fn credentials_are_handed_over_before_the_tenant_is_activated() {
    let platform = Platform::new().await;
    let files = [platform.file("a", "shared", "shared")];
    let plan = platform.plan(&files).await.unwrap();
    let mut seen = Vec::new();
    let mut observe = |progress: Progress<'_>| match progress {
        Progress::Doing(step) if step.to_string().ends_with(": activate") => seen.push("activate"),
        Progress::Doing(_) => {}
        Progress::Made(Made::Key { .. }) => seen.push("key"),
        Progress::Made(_) => seen.push("user"),
    };
    platform.onboarding().apply(&plan, &mut observe).await.unwrap();
    assert_eq!(seen, ["user", "key", "activate"]);
}

#[tokio::test]
async fn nothing_is_deleted_by_omission_and_only_differences_are_changed() {
    let platform = Platform::new().await;
    let file = platform.file("a", "shared", "shared");
    let limited = format!("retention_days = 30\nrollup_retention_days = 400\n{file}");
    platform.apply(&[limited]).await;

    let (head, _) = file.split_once("[[advertisers]]").unwrap();
    let shorter = head.replace("name = \"a\"", "name = \"Renamed\"");
    let longer = format!("{shorter}[[keys]]\nname = \"history\"\nkind = \"import\"\n");
    let plan = platform.plan(std::slice::from_ref(&longer)).await.unwrap().to_string();
    let a = platform.id("a");
    assert_eq!(
        plan,
        format!("{a}: change name a -> Renamed\n{a}: create key \"history\" (import)\n")
    );
    platform.apply(&[longer]).await;
    let admin = platform.admin();
    let stored = admin.tenant(&a).await.unwrap().unwrap();
    assert_eq!((stored.retention_days, stored.rollup_retention_days), (30, 400));
    let has = admin.inventory(&a, &["spring".parse().unwrap()]).await.unwrap();
    let counts = (has.advertisers.len(), has.campaigns.len(), has.users.len(), has.keys.len());
    assert_eq!(counts, (1, 1, 1, 2));
}

#[tokio::test]
async fn origins_are_replaced_by_a_file_that_names_them_and_unchanged_by_others() {
    let platform = Platform::new().await;
    let file = platform.file("a", "shared", "shared");
    let a = platform.id("a");
    let with = |origins: &str| format!("origins = {origins}\n{file}");
    platform.apply(&[with(r#"["https://b.example", "HTTPS://A.example:443"]"#)]).await;
    let listed = async || {
        let tenant = platform.admin().tenant(&a).await.unwrap().unwrap();
        tenant.record.origins.iter().map(|origin| origin.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, ["https://a.example", "https://b.example"]);
    assert!(platform.plan(std::slice::from_ref(&file)).await.unwrap().is_empty());

    let fewer = [with(r#"["https://b.example"]"#)];
    let plan = platform.plan(&fewer).await.unwrap().to_string();
    let change = "change origins https://a.example https://b.example -> https://b.example";
    assert_eq!(plan, format!("{a}: {change}\n"));
    platform.apply(&fewer).await;
    platform.apply(&[with("[]")]).await;
    assert!(listed().await.is_empty());
}

#[tokio::test]
async fn dimensions_of_a_file_are_declared_and_changed_and_never_deleted_by_omission() {
    let platform = Platform::new().await;
    let file = platform.file("a", "shared", "shared");
    let a = platform.id("a");
    let with = |pointer: &str| {
        format!("{file}\n[[dimensions]]\nname = \"loyalty_tier\"\npointer = \"{pointer}\"\n")
    };
    let first = [with("/properties/tier")];
    let plan = platform.plan(&first).await.unwrap().to_string();
    let line = format!("{a}: create dimension loyalty_tier of /properties/tier (string)");
    assert!(plan.lines().any(|planned| planned == line), "{plan}");
    platform.apply(&first).await;
    assert!(platform.plan(&first).await.unwrap().is_empty());

    let moved = [with("/properties/loyalty/tier")];
    let plan = platform.plan(&moved).await.unwrap().to_string();
    let line = "change dimension loyalty_tier of /properties/loyalty/tier (string)";
    assert_eq!(plan, format!("{a}: {line}\n"));
    platform.apply(&moved).await;
    platform.apply(std::slice::from_ref(&file)).await;
    let has = platform.admin().inventory(&a, &[]).await.unwrap().dimensions;
    let pointers: Vec<_> = has.iter().map(|declared| declared.pointer.as_str()).collect();
    assert_eq!(pointers, ["/properties/loyalty/tier"]);
}

#[tokio::test]
async fn a_file_with_more_dimensions_than_allowed_is_refused() {
    let platform = Platform::new().await;
    let dimension = |number: u32| {
        format!("\n[[dimensions]]\nname = \"own_{number}\"\npointer = \"/properties/x\"\n")
    };
    let with = |numbers: std::ops::Range<u32>| {
        let file = platform.file("a", "shared", "shared");
        [numbers.map(dimension).fold(file, |file, one| file + &one)]
    };
    platform.apply(&with(0..50)).await;
    let faults = faults(platform.plan(&with(50..51)).await.unwrap_err());
    let reason = "must be at most 50, with those that exist";
    assert_eq!((faults[0].field.as_str(), faults[0].reason.as_str()), ("dimensions", reason));
}

#[tokio::test]
async fn a_change_of_tier_or_of_a_user_is_refused_at_its_line() {
    let platform = Platform::new().await;
    let file = platform.file("a", "shared", "shared");
    platform.apply(std::slice::from_ref(&file)).await;
    let changed = file
        .replace("isolation = \"shared\"", "isolation = \"schema\"")
        .replace("role = \"owner\"", "role = \"analyst\"")
        .replace("kind = \"collect\"", "kind = \"import\"");
    let refused = faults(platform.plan(&[changed]).await.unwrap_err());
    let places: Vec<_> = refused.iter().map(|fault| (fault.line, fault.field.as_str())).collect();
    assert_eq!(places, [(3, "isolation"), (19, "users[0].role"), (22, "keys[0].name")]);
    assert!(refused[0].reason.starts_with("must stay shared"), "{}", refused[0]);
}

#[tokio::test]
async fn the_partitions_of_a_tenant_that_is_active_are_fixed() {
    let platform = Platform::new().await;
    let file = platform.file("a", "shared", "shared");
    let spread =
        |limits: &str| [file.replace("[[advertisers]]", &format!("{limits}\n\n[[advertisers]]"))];
    platform.apply(&spread("[limits]\npartition_spread = 3")).await;
    let wider = spread("[limits]\npartition_spread = 4");
    let refused = faults(platform.plan(&wider).await.unwrap_err());
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].field, "limits.partition_spread");
    assert!(refused[0].reason.starts_with("must stay 3"), "{}", refused[0]);
    let others = spread("[limits]\npartition_spread = 3\nlive_streams = 7");
    assert_eq!(platform.apply(&others).await.steps, 1, "other limits may change");

    // A tenant that was never activated has sent nothing.
    platform.forget_activation("a").await;
    platform.plan(&wider).await.unwrap();
}

#[tokio::test]
async fn a_dedicated_tenant_shares_its_cluster_with_no_other() {
    let platform = Platform::new().await;
    let files =
        [platform.file("a", "dedicated", "dedicated"), platform.file("b", "schema", "dedicated")];
    let refused = faults(platform.plan(&files).await.unwrap_err());
    let a = platform.id("a");
    let b = platform.id("b");
    assert_eq!(
        refused.iter().map(|fault| fault.reason.clone()).collect::<Vec<_>>(),
        [
            format!("must be a cluster of its own: {b} is on this one"),
            format!("must be another cluster: this one is {a}'s own"),
        ]
    );
    let unknown = [platform.file("a", "shared", "mars")];
    let refused = faults(platform.plan(&unknown).await.unwrap_err());
    assert_eq!(refused[0].reason, "must be one of dedicated, shared");

    // A tenant on its way there has the cluster, before any of its rows are there.
    platform.apply(&[platform.file("a", "shared", "shared")]).await;
    let cluster = "dedicated".parse().unwrap();
    let begun = platform.admin().begin_move(&a, Isolation::Dedicated, &cluster).await.unwrap();
    assert!(matches!(begun, BegunMove::Begun(_)), "{begun:?}");
    let refused = faults(platform.plan(&files[1..]).await.unwrap_err());
    assert_eq!(refused[0].reason, format!("must be another cluster: this one is {a}'s own"));
}

#[tokio::test]
async fn an_address_may_be_invited_to_several_tenants() {
    let platform = Platform::new().await;
    let a = platform.file("a", "shared", "shared");
    let owner = format!("Owner@{}.example", platform.id("b"));
    let b = platform
        .file("b", "shared", "shared")
        .replace(&owner, &format!("owner@{}.example", platform.id("a")));
    platform.plan(&[a.clone(), b.clone()]).await.unwrap();
    platform.apply(&[a]).await;
    platform.apply(&[b]).await;
}

#[tokio::test]
async fn a_request_creates_a_tenant_once_and_names_wrong_fields() {
    let platform = Platform::new().await;
    let file = platform.file("a", "shared", "shared");
    let file: TenantFile = toml::from_str(&file).unwrap();
    let onboarding = platform.onboarding();
    let applied = onboarding.create(&file).await.unwrap();
    assert_eq!(applied.made.len(), 2);
    let again = onboarding.create(&file).await.unwrap_err();
    assert!(matches!(again, OnboardingError::Exists), "{again:?}");

    let wrong = TenantFile { id: "Not a slug".into(), currency: "euro".into(), ..file.clone() };
    let OnboardingError::Fields(errors) = onboarding.create(&wrong).await.unwrap_err() else {
        panic!("accepted");
    };
    let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/id", "/currency"]);
    let misplaced = TenantFile { id: platform.id("b").to_string(), cluster: "mars".into(), ..file };
    let OnboardingError::Fields(errors) = onboarding.create(&misplaced).await.unwrap_err() else {
        panic!("accepted");
    };
    assert_eq!(errors[0].pointer, "/cluster");
}

#[tokio::test]
async fn every_step_is_in_the_audit_log_with_its_actor_and_without_a_secret() {
    let platform = Platform::new().await;
    let applied = platform.apply(&[platform.file("a", "shared", "shared")]).await;
    let log = platform.admin().audit_log(None, 100).await.unwrap();
    let a = platform.id("a");
    let actions: Vec<_> = log
        .iter()
        .rev()
        .filter(|row| row.client_id.as_deref() == Some(a.as_str()) && row.actor == "cli")
        .map(|row| row.action.as_str())
        .collect();
    assert_eq!(
        actions,
        [
            "tenant.create",
            "advertiser.put",
            "campaign.put",
            "warehouse.migrate",
            "user.create",
            "user.invite",
            "api_key.create",
            "tenant.set_state",
        ]
    );
    let text = format!("{log:?}");
    let secret = keys(&applied)[0].reveal().split('_').next_back().unwrap().to_owned();
    assert!(!text.contains(&secret) && !text.contains(&invitations(&applied)[0].1.reveal()));
}

#[tokio::test]
async fn the_first_admin_is_created_once() {
    let platform = Platform::new().await;
    let ensure = async || {
        let address = "Admin@footfall.example";
        ensure_admin(&platform.control_plane, &platform.context(), address).await.unwrap()
    };
    let Some(Made::Admin { email, password }) = ensure().await else {
        panic!("not created");
    };
    let admin = platform.control_plane.user_by_email(&email, None).await.unwrap().unwrap();
    assert_eq!((admin.client_id, admin.role), (None, Role::PlatformAdmin));
    assert!(password.verify(admin.password_hash.as_ref()));
    assert!(ensure().await.is_none());
}
