use auth::SealError;
use problem::FieldError;
use sqlx::migrate::MigrateError;

use super::*;

/// Status, code and retry hint in seconds.
type Expected = (u16, &'static str, Option<u64>);

const UNAVAILABLE: Expected = (503, "unavailable", Some(1));
const INTERNAL: Expected = (500, "internal", None);

fn answer(failure: impl Into<Failure>) -> (u16, &'static str, Option<u64>) {
    let problem = Problem::from(failure.into());
    (problem.kind().status(), problem.code().as_str(), problem.retry_after_seconds())
}

fn constraint() -> String {
    "campaign_advertiser_fkey".to_owned()
}

fn migration(source: MigrationError) -> OnboardingError {
    OnboardingError::Warehouse { client_id: "acme".parse().unwrap(), source }
}

fn apply(source: WarehouseError) -> OnboardingError {
    migration(MigrationError::Apply { file: "0001_events.sql", source })
}

fn unknown_cluster() -> WarehouseError {
    WarehouseError::UnknownCluster("shared".parse().unwrap())
}

fn too_expensive_error() -> WarehouseError {
    WarehouseError::TooExpensive(QueryLimit::Memory, "Code: 241".into())
}

/// Every error of a store that a request can meet. The `match`es of this module have no `_`: a new
/// variant does not compile until it has an answer.
#[test]
fn every_store_error_has_a_status_a_code_and_a_retry_hint() {
    let field = FieldError { pointer: "/id".into(), reason: "must be a slug".into() };
    let table: Vec<(Failure, Expected)> = vec![
        (ControlPlaneError::Unavailable(sqlx::Error::PoolTimedOut).into(), UNAVAILABLE),
        (ControlPlaneError::Outdated(sqlx::Error::RowNotFound).into(), INTERNAL),
        (
            ControlPlaneError::Conflict { constraint: constraint() }.into(),
            (409, "already_exists", None),
        ),
        (
            ControlPlaneError::MissingReference { constraint: constraint() }.into(),
            (422, "reference_not_found", None),
        ),
        (
            ControlPlaneError::Refused { constraint: constraint() }.into(),
            (422, "invalid_field", None),
        ),
        (ControlPlaneError::Corrupt { what: "role", source: "king".into() }.into(), INTERNAL),
        (ControlPlaneError::Seal(SealError::Form).into(), INTERNAL),
        (ControlPlaneError::Migration(MigrateError::VersionMissing(1)).into(), INTERNAL),
        (ControlPlaneError::Address.into(), INTERNAL),
        (unknown_cluster().into(), INTERNAL),
        (WarehouseError::Busy.into(), (429, "rate_limited", Some(1))),
        (WarehouseError::Unavailable("refused".into()).into(), UNAVAILABLE),
        (too_expensive_error().into(), (422, "too_expensive", None)),
        (WarehouseError::Refused("Code: 62".into()).into(), INTERNAL),
        (AggregatesError::Redis((redis::ErrorKind::Io, "refused").into()).into(), UNAVAILABLE),
        (AggregatesError::Silent.into(), UNAVAILABLE),
        (AggregatesError::Unreadable("x".into()).into(), INTERNAL),
        (AggregatesError::BatchTooLarge(70_000).into(), INTERNAL),
        (CredentialStoreError("refused".into()).into(), UNAVAILABLE),
        (DirectoryError("refused".into()).into(), UNAVAILABLE),
        (OnboardingError::Fields(vec![field]).into(), (422, "invalid_field", None)),
        (OnboardingError::Folder(Vec::new()).into(), INTERNAL),
        (OnboardingError::Exists.into(), (409, "already_exists", None)),
        (OnboardingError::NotProvisioned.into(), (409, "wrong_state", None)),
        (
            OnboardingError::from(ControlPlaneError::Unavailable(sqlx::Error::PoolClosed)).into(),
            UNAVAILABLE,
        ),
        (OnboardingError::Credential(PasswordError::Length).into(), INTERNAL),
        (
            apply(WarehouseError::Unavailable("refused".into())).into(),
            (503, "unavailable", Some(5)),
        ),
        (apply(WarehouseError::Busy).into(), (503, "unavailable", Some(5))),
        (apply(unknown_cluster()).into(), INTERNAL),
        (apply(too_expensive_error()).into(), INTERNAL),
        (apply(WarehouseError::Refused("Code: 62".into())).into(), INTERNAL),
        (
            migration(WarehouseError::Unavailable("refused".into()).into()).into(),
            (503, "unavailable", Some(5)),
        ),
        (migration(MigrationError::Changed { file: "0001_events.sql" }).into(), INTERNAL),
        (PasswordError::Length.into(), INTERNAL),
        (PasswordError::Hashing("no memory".into()).into(), INTERNAL),
        (TokenError::Expired.into(), INTERNAL),
        (TokenError::Invalid("no header").into(), INTERNAL),
    ];
    for (failure, expected) in table {
        let shown = format!("{failure:?}");
        assert_eq!(answer(failure), expected, "{shown}");
    }
}

#[test]
fn a_failure_that_several_requests_share_has_the_same_answer() {
    let failure = Arc::new(Failure::from(WarehouseError::Busy));
    assert_eq!(answer(shared(failure)), (429, "rate_limited", Some(1)));
    let missing = Arc::new(Failure::from(Problem::not_found()));
    assert_eq!(answer(shared(missing)), (404, "not_found", None));
}

#[test]
fn a_report_that_is_too_expensive_is_answered_with_advice_and_without_the_cause() {
    let failure = Failure::from(too_expensive_error());
    let body = Problem::from(shared(Arc::new(failure))).body("r1");
    assert!(body.contains("takes more memory"), "{body}");
    assert!(body.contains("a shorter range or fewer dimensions"), "{body}");
    assert!(!body.contains("241"), "{body}");
}

#[test]
fn a_refused_value_names_its_field_where_only_that_can_be_refused() {
    let refused = |error| Problem::from(in_field("/advertiser_id", "must be an advertiser")(error));
    for (error, code) in [
        (ControlPlaneError::MissingReference { constraint: constraint() }, "reference_not_found"),
        (ControlPlaneError::Refused { constraint: constraint() }, "invalid_field"),
    ] {
        let problem = refused(error);
        assert_eq!((problem.kind().status(), problem.code().as_str()), (422, code));
        assert!(problem.body("r1").contains(r#""pointer":"/advertiser_id""#));
    }
    let other = refused(ControlPlaneError::Address);
    assert_eq!(other.code(), Code::Internal);
    assert!(!other.body("r1").contains("advertiser"));
}
