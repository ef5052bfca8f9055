/// An access that the audit log records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) action: &'static str,
    pub(super) status: u16,
    pub(super) is_refused: bool,
}

/// Reads of what is about persons, or of the log itself.
const READS: [(&str, &str, &str); 12] = [
    ("GET", "/v1/rejects", "rejects.read"),
    ("POST", "/v1/exports/events", "events.export"),
    ("POST", "/v1/privacy/export", "person.export"),
    ("GET", "/v1/reports/{id}/download", "report.download"),
    ("GET", "/v1/users", "users.read"),
    ("GET", "/v1/users/{id}/sessions", "sessions.read"),
    ("GET", "/v1/admin/tenants/{id}/users", "users.read"),
    ("GET", "/v1/api-keys", "api_keys.read"),
    ("GET", "/v1/admin/tenants/{id}/api-keys", "api_keys.read"),
    ("GET", "/v1/audit", "audit_log.read"),
    ("GET", "/v1/admin/audit", "audit_log.read"),
    ("GET", "/v1/admin/usage", "usage.read"),
];

/// Where a credential is presented in the body.
const LOGINS: [(&str, &str); 6] = [
    ("/v1/auth/login", "login.refuse"),
    ("/v1/auth/refresh", "refresh.refuse"),
    ("/v1/auth/token", "token.refuse"),
    ("/v1/auth/invitations/accept", "invitation.refuse"),
    ("/v1/auth/second-factor", "second_factor.refuse"),
    ("/v1/auth/second-factor/removal", "second_factor.refuse"),
];

/// Returns what the audit log records of a request that was answered with `status`.
pub(super) fn kind(method: &str, pattern: &str, status: u16) -> Option<Access> {
    let access = |action, is_refused| Some(Access { action, status, is_refused });
    match status {
        200..=299 => {
            let read = READS.iter().find(|(of, path, _)| (*of, *path) == (method, pattern));
            read.and_then(|(_, _, action)| access(action, false))
        }
        // Not 429: what is refused for its number must not be written as often.
        401 | 403 => match LOGINS.iter().find(|(path, _)| *path == pattern) {
            Some((_, action)) => access(action, true),
            // A token that has expired is refused every 15 minutes.
            None if status == 403 => access("access.refuse", true),
            None => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_of_personal_data_and_refusals_are_recorded() {
        let action = |method, pattern, status| kind(method, pattern, status).map(|of| of.action);
        assert_eq!(action("GET", "/v1/rejects", 200), Some("rejects.read"));
        assert_eq!(action("GET", "/v1/rejects", 403), Some("access.refuse"));
        assert_eq!(action("POST", "/v1/auth/login", 401), Some("login.refuse"));
        assert_eq!(action("POST", "/v1/auth/login", 200), None, "the login records itself");
        assert_eq!(action("GET", "/v1/campaigns", 200), None);
        assert_eq!(action("GET", "/v1/campaigns", 401), None);
        assert_eq!(action("POST", "/v1/auth/login", 429), None);
    }
}
