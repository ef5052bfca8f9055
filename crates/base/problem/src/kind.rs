/// The kind of failure: it determines the HTTP status and the metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request cannot be read: 400.
    Malformed,
    /// No valid credential: 401.
    Unauthenticated,
    /// A valid credential that does not allow this: 403.
    Forbidden,
    /// Missing, or another tenant's; both get the same answer: 404.
    NotFound,
    /// The path does not allow the method: 405.
    MethodNotAllowed,
    /// It did not arrive in time, a retry can succeed: 408.
    TooSlow,
    /// The resource already exists, was changed meanwhile, or would be one too many: 409.
    Conflict,
    /// It existed, and was removed: 410.
    Gone,
    /// Over a size limit: 413.
    TooLarge,
    /// A content type or encoding that is not supported: 415.
    UnsupportedMedia,
    /// Readable, but a field is wrong: 422.
    Invalid,
    /// Over a rate or concurrency limit: 429.
    RateLimited,
    /// An error inside Footfall: 500.
    Internal,
    /// A dependency is unavailable, a retry can succeed: 503.
    Unavailable,
}

impl Kind {
    /// Returns the HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooSlow => 408,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::TooLarge => 413,
            Self::UnsupportedMedia => 415,
            Self::Invalid => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}
