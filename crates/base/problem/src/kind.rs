/// What sort of failure: it owns the HTTP status and the metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request cannot be read: 400.
    Malformed,
    /// No valid credential: 401.
    Unauthenticated,
    /// A valid credential that may not do this: 403.
    Forbidden,
    /// Missing, or another tenant's, which looks the same: 404.
    NotFound,
    /// The method is not offered here: 405.
    MethodNotAllowed,
    /// It exists already, or was changed meanwhile: 409.
    Conflict,
    /// Over a size limit: 413.
    TooLarge,
    /// A content type or encoding we do not read: 415.
    UnsupportedMedia,
    /// Readable, but a field is wrong: 422.
    Invalid,
    /// Over a rate or concurrency limit: 429.
    RateLimited,
    /// A fault of ours: 500.
    Internal,
    /// A part we need is away; worth trying again: 503.
    Unavailable,
}

impl Kind {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::UnsupportedMedia => 415,
            Self::Invalid => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}
