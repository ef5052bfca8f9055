use crate::Kind;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $kind:ident, $code:literal, $title:literal;)*) => {
        /// The table of problem codes: stable names that clients may switch on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name, and the name of its page under `docs/errors/`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What sort of failure.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// The title, the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not the JSON it should be.
    MalformedBody = Malformed, "malformed_body", "The body cannot be read";
    /// The path or query string cannot be read.
    MalformedRequest = Malformed, "malformed_request", "The request cannot be read";
    /// No credential, or one of no known form.
    CredentialMissing = Unauthenticated, "credential_missing", "A credential is needed";
    /// The token, key, or password is not valid.
    CredentialInvalid = Unauthenticated, "credential_invalid", "The credential is not valid";
    /// The token is past its end.
    TokenExpired = Unauthenticated, "token_expired", "The token has expired";
    /// The credential may not do this.
    PermissionDenied = Forbidden, "permission_denied", "The credential does not allow this";
    /// The tenant was stopped by an admin.
    TenantSuspended = Forbidden, "tenant_suspended", "The tenant is suspended";
    /// Missing, or not yours, which looks the same.
    NotFound = NotFound, "not_found", "There is no such thing";
    /// The method is not offered here.
    MethodNotAllowed = MethodNotAllowed, "method_not_allowed", "The method is not offered here";
    /// It exists already with other contents.
    AlreadyExists = Conflict, "already_exists", "It exists already";
    /// It was changed, or is being changed, by somebody else.
    Conflict = Conflict, "conflict", "It is being changed by somebody else";
    /// The body, or what it inflates to, is over the limit.
    BodyTooLarge = TooLarge, "body_too_large", "The body is too large";
    /// More events in one request than allowed.
    TooManyEvents = TooLarge, "too_many_events", "The batch holds too many events";
    /// A content type or encoding we do not read.
    UnsupportedMediaType = UnsupportedMedia, "unsupported_media_type", "The content type is not supported";
    /// A field has a wrong value.
    InvalidField = Invalid, "invalid_field", "A field is not valid";
    /// Every event of a batch was rejected.
    EventsRejected = Invalid, "events_rejected", "No event was accepted";
    /// The time range is empty, reversed or too long.
    InvalidRange = Invalid, "invalid_range", "The time range is not valid";
    /// Over a rate or concurrency limit.
    RateLimited = RateLimited, "rate_limited", "Too many requests";
    /// A fault of ours.
    Internal = Internal, "internal", "Something went wrong on our side";
    /// A part we need is away.
    Unavailable = Unavailable, "unavailable", "The service is not available for the moment";
}
