use crate::Kind;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $kind:ident, $code:literal, $title:literal;)*) => {
        /// The table of problem codes: stable names that clients may switch on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the stable name, which is also the name of its page under `docs/errors/`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Returns the kind of failure.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// Returns the title, the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not the JSON that the route expects.
    MalformedBody = Malformed, "malformed_body", "The body cannot be read";
    /// The path or query string cannot be read.
    MalformedRequest = Malformed, "malformed_request", "The request cannot be read";
    /// No credential, or a credential of unknown form.
    CredentialMissing = Unauthenticated, "credential_missing", "A credential is required";
    /// The token, key or password is not valid.
    CredentialInvalid = Unauthenticated, "credential_invalid", "The credential is not valid";
    /// The password is right, and the user has a second factor.
    SecondFactorRequired = Unauthenticated, "second_factor_required", "A code of the second factor is required";
    /// The token has expired.
    TokenExpired = Unauthenticated, "token_expired", "The token has expired";
    /// The credential does not allow this.
    PermissionDenied = Forbidden, "permission_denied", "The credential does not allow this";
    /// The tenant requires a second factor that the owner does not have.
    SecondFactorMissing = Forbidden, "second_factor_missing", "A second factor must be set up";
    /// An admin suspended the tenant.
    TenantSuspended = Forbidden, "tenant_suspended", "The tenant is suspended";
    /// The tenant is being offboarded, and may no longer send events.
    TenantOffboarding = Forbidden, "tenant_offboarding", "The tenant is being offboarded";
    /// Missing, or another tenant's: both get the same answer.
    NotFound = NotFound, "not_found", "The resource was not found";
    /// The path does not allow the method.
    MethodNotAllowed = MethodNotAllowed, "method_not_allowed", "The method is not allowed on this path";
    /// The body did not arrive at the least speed.
    BodyTooSlow = TooSlow, "body_too_slow", "The body arrived too slowly";
    /// The resource already exists with other contents.
    AlreadyExists = Conflict, "already_exists", "The resource already exists";
    /// A user may not do this to itself; another user may.
    NotAllowedOnSelf = Conflict, "not_allowed_on_self", "The action is not allowed on yourself";
    /// A tenant keeps at least one owner who can log in.
    LastOwner = Conflict, "last_owner", "A tenant needs an owner";
    /// The tenant or the user has as many of these as allowed.
    LimitReached = Conflict, "limit_reached", "The limit is reached";
    /// The resource is in a state that does not allow this.
    WrongState = Conflict, "wrong_state", "The resource is in another state";
    /// The resource existed, and has expired.
    Gone = Gone, "gone", "The resource has expired";
    /// The body is over the limit, compressed or decompressed.
    BodyTooLarge = TooLarge, "body_too_large", "The body is too large";
    /// The request has more events than allowed.
    TooManyEvents = TooLarge, "too_many_events", "The batch contains too many events";
    /// A content type or encoding that is not supported.
    UnsupportedMediaType = UnsupportedMedia, "unsupported_media_type", "The content type is not supported";
    /// A field has a wrong value.
    InvalidField = Invalid, "invalid_field", "A field is not valid";
    /// A field names a resource that does not exist.
    ReferenceNotFound = Invalid, "reference_not_found", "A referenced resource does not exist";
    /// Every event of a batch was rejected.
    EventsRejected = Invalid, "events_rejected", "No event was accepted";
    /// The time range is empty, reversed or too long.
    InvalidRange = Invalid, "invalid_range", "The time range is not valid";
    /// A report exceeds a limit on its time, its memory, or what it reads or answers.
    TooExpensive = Invalid, "too_expensive", "The report is too expensive";
    /// A metric is not defined for a dimension.
    Incompatible = Invalid, "incompatible", "A metric and a dimension exclude each other";
    /// Over a rate or concurrency limit.
    RateLimited = RateLimited, "rate_limited", "Too many requests";
    /// An error inside Footfall.
    Internal = Internal, "internal", "An internal error occurred";
    /// A dependency is unavailable.
    Unavailable = Unavailable, "unavailable", "The service is temporarily unavailable";
}
