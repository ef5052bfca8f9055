use chrono::{DateTime, Utc};
use control_plane::{EraseReceipt, Offboarding};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Returns the receipt of a tenant whose steps have all finished by `now`.
pub(super) fn receipt(offboarding: &Offboarding, now: DateTime<Utc>) -> EraseReceipt {
    let mut erased = Map::new();
    for step in &offboarding.steps {
        let mut counts = step.counts.as_object().cloned().unwrap_or_default();
        counts.insert("finished_at".to_owned(), json!(step.finished_at));
        erased.insert(step.step.as_str().to_owned(), Value::Object(counts));
    }
    let receipt = json!({
        "tenant": offboarding.client_id,
        "reason": offboarding.reason,
        "begun_by": offboarding.begun_by,
        "begun_at": offboarding.begun_at,
        "grace_ended_at": offboarding.grace_ends_at,
        "erasing_since": offboarding.erasing_since,
        "erased_at": now,
        "erased": erased,
        "ages_out": {
            "kafka": "records, with the retention of their topics; they are not processed again",
            "ledger": "places of its records, within seven days",
            "logins": "attempts to log in since its users were erased in Redis, as hashes, within 90 days",
            "recent_ids": "event ids on the disks of processors, within a day",
            "uploads": "parts of report files that no process completed in S3, with the rule of the bucket",
            "spool": "events that no collector could publish; they are neither processed nor archived",
            "backups": "with the retention that their operator has set; copies of the archive are unreadable without the data key, which is destroyed",
        },
        "kept": {
            "audit_log": "who did what and when, by id, with the network address of the client; without names and mail addresses of persons",
            "offboarding": "this receipt, and the id, which no other tenant gets",
        },
    });
    let text = format!("{receipt:#}");
    EraseReceipt { erased_at: now, sha256: Sha256::digest(&text).into(), text }
}
