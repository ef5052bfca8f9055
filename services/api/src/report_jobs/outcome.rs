use std::time::Duration;

use control_plane::JobFailure;
use problem::{Code, Kind, Problem};

use super::MOST_ATTEMPTS;

/// How long a job waits for its turn, and after its first failed attempt.
const WAIT: Duration = Duration::from_secs(10);
/// How long it waits after the next ones: a store may be restarted meanwhile.
const LONG_WAIT: Duration = Duration::from_secs(5 * 60);

/// What becomes of a job whose attempt has failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is queued again: `has_failed`, if that costs an attempt.
    Again { has_failed: bool, wait: Duration },
    /// It fails.
    Failed(JobFailure),
}

impl Outcome {
    /// Decides after the failure `problem` of an attempt, of which so many failed before.
    pub(super) fn of(problem: &Problem, failed_before: u32) -> Self {
        // Another export or report of the tenant runs: it is the job's turn later. A suspended tenant's jobs are
        // not claimed; this process has not heard yet that the tenant is resumed.
        if problem.kind() == Kind::RateLimited || problem.code() == Code::TenantSuspended {
            return Self::Again { has_failed: false, wait: WAIT };
        }
        let may_pass = matches!(problem.kind(), Kind::Unavailable | Kind::Internal);
        let failed = failed_before.saturating_add(1);
        if may_pass && failed < MOST_ATTEMPTS {
            let wait = if failed == 1 { WAIT } else { LONG_WAIT };
            return Self::Again { has_failed: true, wait };
        }
        Self::Failed(JobFailure {
            code: problem.code().as_str().to_owned(),
            detail: problem.detail().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_three_times_and_then_fails_with_its_reason() {
        for code in [Code::Unavailable, Code::Internal] {
            let problem = Problem::new(code, "why");
            let waits = [0, 1].map(|failed_before| Outcome::of(&problem, failed_before));
            let seconds = [10, 300].map(Duration::from_secs);
            let expected = seconds.map(|wait| Outcome::Again { has_failed: true, wait });
            assert_eq!(waits, expected, "{code:?}");
            let Outcome::Failed(failure) = Outcome::of(&problem, 2) else {
                panic!("{code:?} is tried a fourth time");
            };
            assert_eq!((failure.code.as_str(), failure.detail.as_str()), (code.as_str(), "why"));
        }
    }

    #[test]
    fn a_job_waits_for_other_reports_of_its_tenant_and_its_resumption_however_often() {
        for code in [Code::RateLimited, Code::TenantSuspended] {
            for failed_before in [0, 2] {
                let outcome = Outcome::of(&Problem::new(code, "not now"), failed_before);
                assert!(matches!(outcome, Outcome::Again { has_failed: false, .. }), "{outcome:?}");
            }
        }
    }

    #[test]
    fn what_the_caller_must_correct_fails_at_once() {
        for code in [
            Code::CredentialInvalid,
            Code::PermissionDenied,
            Code::InvalidRange,
            Code::InvalidField,
        ] {
            let outcome = Outcome::of(&Problem::new(code, "why"), 0);
            assert!(matches!(outcome, Outcome::Failed(_)), "{code:?}: {outcome:?}");
        }
    }
}
