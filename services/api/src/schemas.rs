//! Names, ids and tokens as OpenAPI schemas, each in one place: they state what the code checks. A
//! description states what a schema cannot, such as a length in bytes.

use std::borrow::Cow;

use auth::{KeyKind, Role};
use tenancy::{Isolation, TenantState};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

use crate::names;

/// Defines the schema of a type of this crate, or of a name that represents a type of another crate.
macro_rules! form {
    ($name:ident, $about:literal, $form:expr) => {
        #[doc = $about]
        pub(crate) enum $name {}

        form!($name as $name, $about, $form);
    };
    ($of:ty as $name:ident, $about:literal, $form:expr) => {
        impl PartialSchema for $of {
            fn schema() -> RefOr<Schema> {
                $form.description(Some($about)).into()
            }
        }

        impl ToSchema for $of {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}

form!(
    Slug,
    "A name that never changes: 1 to 40 characters of `a-z`, `0-9` and inner `-`",
    text("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", "nova")
);
form!(
    CampaignId,
    "A campaign, as its events name it: 1 to 200 bytes of UTF-8 without control characters, and \
     neither `.` nor `..`. Surrounding white space is removed",
    text(
        r"^(?!\s*\.\.?\s*$)[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        "spring-sale"
    )
    .max_length(Some(200))
);
form!(
    names::DisplayName as DisplayName,
    "A display name: 1 to 200 characters, none of them a control character. Surrounding white \
     space is removed",
    line("Nova Shoes", 200)
);
form!(
    AnnotationText,
    "What happened: 1 to 500 characters, none of them a control character. Surrounding white space \
     is removed",
    line("New checkout", 500)
);
form!(
    AnnotationScope,
    "Who sees an annotation: its author, or everybody who may see its campaign",
    one_of(control_plane::AnnotationScope::ALL.map(control_plane::AnnotationScope::as_str))
);
form!(
    ReportName,
    "A name: 1 to 100 characters, none of them a control character. Surrounding white space is \
     removed",
    line("Last day", 100)
);
form!(
    CohortName,
    "A name: 1 to 100 characters, none of them a control character. Surrounding white space is \
     removed",
    line("Buyers of boots", 100)
);
form!(
    ReportDescription,
    "A description: 1 to 500 characters, none of them a control character. Surrounding white space \
     is removed",
    line("For the weekly meeting", 500)
);
form!(
    StateReason,
    "Why: 1 to 500 characters, none of them a control character. Surrounding white space is removed",
    line("An invoice has not been paid", 500)
);
form!(
    ReportVisibility,
    "Who sees a saved report: its author, or everybody who may see all campaigns of the tenant",
    one_of(control_plane::ReportVisibility::ALL.map(control_plane::ReportVisibility::as_str))
);
form!(
    ReportKind,
    "What a saved report asks for",
    one_of(control_plane::ReportKind::ALL.map(control_plane::ReportKind::as_str))
);
form!(
    ReportJobKind,
    "What a report job asks for: a report that can be saved, or events",
    one_of(control_plane::ReportJobKind::ALL.map(control_plane::ReportJobKind::as_str))
);
form!(
    RelativeRange,
    "A range that is complete in the tenant's zone: the day, the week from Monday, or the month before",
    one_of(control_plane::RelativeRange::ALL.map(control_plane::RelativeRange::as_str))
);
form!(
    ReportJobState,
    "How far a report job is",
    one_of(control_plane::ReportJobState::ALL.map(control_plane::ReportJobState::as_str))
);
form!(
    DeclaredName,
    "The name of a declared dimension, which no built-in dimension, metric or column of an answer has",
    text("^[a-z][a-z0-9_]{0,39}$", "loyalty_tier")
);
form!(
    PropertyPointer,
    "A property of events: a JSON pointer (RFC 6901) of at most 8 names below `/properties`",
    text(r"^/properties(/([^/~\x00-\x1f\x7f-\x9f]|~[01])+){1,8}$", "/properties/loyalty/tier")
        .max_length(Some(500))
);
form!(
    PropertyType,
    "Which values of a property count: texts, numbers and booleans; whole numbers; or `true` and `false`. \
     Others are as absent",
    one_of(metrics::PropertyType::ALL.map(metrics::PropertyType::as_str))
);
form!(
    names::Email as Email,
    "An email address for the login: printable ASCII, with a domain of at least two labels. \
     Surrounding white space is removed, and it is stored in lower case",
    text(r"^\s*[!-?A-~]+@[!-,\-/-?A-~]+(\.[!-,\-/-?A-~]+)+\s*$", "ann@northwind.example")
        .max_length(Some(254))
);
form!(
    Password,
    "12 to 256 characters",
    ObjectBuilder::new()
        .schema_type(Type::String)
        .examples(["correct horse battery"])
        .min_length(Some(12))
        .max_length(Some(256))
);
form!(Currency, "An ISO 4217 code", text("^[A-Z]{3}$", "EUR"));
form!(
    Origin,
    "The origin of pages, as browsers send it: `scheme://host[:port]`, without a path",
    text(
        r"^[Hh][Tt][Tt][Pp][Ss]?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)(:[0-9]{1,5})?$",
        "https://console.acme.example"
    )
);
form!(
    Moment,
    "A time (RFC 3339), or a date, which means its midnight",
    text(
        "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\
         ([Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]+)?\
         ([Zz]|[+ -]([01][0-9]|2[0-3]):[0-5][0-9]))?$",
        "2026-03-01T00:00:00Z"
    )
);
form!(
    Cursor,
    "The end of a page: the `next_cursor` of an answer of the same list",
    text(
        "^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$",
        "c3ByaW5nLXNhbGU"
    )
);
form!(
    RejectionCode,
    "The code of a rejection, as in the collector's answer",
    text("^[a-z_]{1,40}$", "missing_field")
);
form!(ApiKeyId, "The public part of an API key", text("^[0-9a-f]{16}$", "1f0c5e9ab2d34c77"));
form!(
    ApiKeySecret,
    "A whole API key: `ff_<kind>_<id>_<secret>`",
    text(
        "^ff_(collect|import|read)_[0-9a-f]{16}_[0-9a-f]{64}$",
        "ff_read_1f0c5e9ab2d34c77_0000000000000000000000000000000000000000000000000000000000000000"
    )
);
form!(
    InvitationToken,
    "An invitation: `ffi_<secret>`",
    text(
        "^ffi_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$",
        "ffi_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    )
);
form!(
    RefreshToken,
    "Continues a session, once",
    text("^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
);
form!(
    UserRole,
    "The role of a user: manages everything, reads every report, or reads those of one advertiser",
    one_of([Role::Owner, Role::Analyst, Role::Advertiser].map(Role::as_str))
);
form!(
    ApiKeyKind,
    "The purpose of a key: to send events, to send history, or to read reports",
    one_of(KeyKind::ALL.map(KeyKind::as_str))
);
form!(
    IsolationTier,
    "The isolation of a tenant's data: shared tables, its own database, or its own server",
    one_of(Isolation::ALL.map(Isolation::as_str))
);
form!(
    State,
    "Whether a tenant may send and read: not yet, yes, not now, only read until it is erased, or no longer",
    one_of(TenantState::ALL.map(TenantState::as_str))
);

form!(
    MoveState,
    "How far a move is: under way, being taken back, at the target, or back at the source",
    one_of(tenancy::MoveState::ALL.map(tenancy::MoveState::as_str))
);

fn text(pattern: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).examples([example])
}

/// Returns the schema of a text of one line, with at most so many characters.
fn line(example: &str, most: usize) -> ObjectBuilder {
    let pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
    text(pattern, example).max_length(Some(most))
}

/// Returns the schema of a text that is one of `names`.
pub(crate) fn one_of(names: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))
}
