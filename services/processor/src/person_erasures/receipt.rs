use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use control_plane::{EraseReceipt, PersonErasure};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Returns the receipt of an erasure whose steps have all finished by `now`.
pub(super) fn receipt(erasure: &PersonErasure, now: DateTime<Utc>) -> EraseReceipt {
    let mut erased = Map::new();
    for step in &erasure.steps {
        let mut counts = step.counts.as_object().cloned().unwrap_or_default();
        counts.insert("finished_at".to_owned(), json!(step.finished_at));
        erased.insert(step.step.as_str().to_owned(), Value::Object(counts));
    }
    let mut persons = BTreeMap::<&str, Vec<String>>::new();
    for (kind, hash) in &erasure.persons {
        persons.entry(kind.as_str()).or_default().push(hash.to_string());
    }
    let earlier: Vec<_> = erasure.earlier_receipts.iter().map(hex::encode).collect();
    let receipt = json!({
        "tenant": erasure.client_id,
        "erasure": erasure.erasure_id,
        "asked_by": erasure.asked_by,
        "asked_at": erasure.asked_at,
        "repeated_at": erasure.repeated_at,
        "earlier_receipts_sha256": earlier,
        "erased_at": now,
        "persons": {
            "hmac_sha256": persons,
            "of": "kind, colon and id, under a key of the tenant that nobody is shown",
        },
        "erased": erased,
        "never_again": "what happened or was received before asked_at is left out wherever it is read again: from Kafka, a spool, an import, a rejected event, a backfill, the archive or a restored store",
        "ages_out": {
            "kafka": "records, with the retention of their topics; they are not processed again",
            "spool": "events that no collector could publish yet; they are neither processed nor archived",
            "clickhouse_files": "parts that were replaced, within the server's old_parts_lifetime (eight minutes by default)",
            "feed": "sums of campaigns with the person in them, as new entries replace them; nothing about the person",
            "recent_ids": "event ids on the disks of processors, within a day",
            "ledger": "places of its records, within seven days",
            "backups": "with the retention that their operator has set; a restored store is erased again",
        },
        "kept": {
            "hashes": "the keyed hashes above, by which the person's earlier events are recognised",
            "audit_log": "that an erasure was asked for, when and by whom; not of which person",
        },
    });
    let text = format!("{receipt:#}");
    EraseReceipt { erased_at: now, sha256: Sha256::digest(&text).into(), text }
}
