use std::collections::BTreeMap;

use auth::Role;
use control_plane::{AuditVerdict, ControlPlane, ControlPlaneError, CopiedTable, Group};
use log::{Generation, LogPlace, Offset, Partition};

use crate::fixture::{Database, Platform};

const TOPIC: &str = "rejects.v1";

struct Copy {
    tables: Vec<(CopiedTable, Vec<u8>)>,
    sequences: BTreeMap<String, i64>,
}

impl Copy {
    async fn of(control_plane: &ControlPlane) -> Self {
        let mut reader = control_plane.read_tables().await.unwrap();
        assert_eq!(reader.migrations().await.unwrap(), ControlPlane::known_migrations());
        let mut tables = Vec::new();
        for table in reader.tables().await.unwrap() {
            let mut rows = Vec::new();
            reader.read(&table, &mut rows).await.unwrap();
            tables.push((table, rows));
        }
        Self { tables, sequences: reader.sequences().await.unwrap() }
    }

    async fn restore(&self, into: &ControlPlane) -> Result<(), ControlPlaneError> {
        let mut writer = into.write_tables().await?;
        for (table, rows) in &self.tables {
            writer.write(table, &mut rows.as_slice()).await?;
        }
        writer.end(&self.sequences).await
    }
}

#[tokio::test]
async fn a_copy_in_an_empty_database_has_every_row_and_works_on() {
    let platform = Platform::new().await;
    platform.user("acme", "ann@acme.example", Role::Owner).await;
    let copy = Copy::of(&platform.control_plane).await;
    let names: Vec<_> = copy.tables.iter().map(|(table, _)| table.name.as_str()).collect();
    assert!(names.contains(&"audit_log") && names.contains(&"lease"), "{names:?}");
    assert!(!names.contains(&"refresh_token"), "sessions end: {names:?}");

    let database = Database::empty().await;
    let restored = Platform { control_plane: database.control_plane().await, database };
    copy.restore(&restored.control_plane).await.unwrap();
    let again = Copy::of(&restored.control_plane).await;
    for ((table, rows), (_, others)) in copy.tables.iter().zip(&again.tables) {
        // The order of rows is not kept.
        let sorted = |rows: &[u8]| {
            let mut lines: Vec<_> = rows.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(rows), sorted(others), "{}", table.name);
    }
    assert_eq!(copy.tables.len(), again.tables.len());
    let verified = async || restored.admin().verify_audit_log(None).await.unwrap();
    assert!(matches!(verified().await, AuditVerdict::Whole { last: Some(_) }));
    // Triggers, sequences and policies work again.
    restored.user("globex", "bob@globex.example", Role::Owner).await;
    assert!(matches!(verified().await, AuditVerdict::Whole { last: Some(_) }));
    let unscoped: i64 = sqlx::query_scalar("SELECT count(*) FROM tenant")
        .fetch_one(&restored.database.raw().await)
        .await
        .unwrap();
    assert_eq!(unscoped, 0, "the owner of the tables is bound by their policies");
    restored.control_plane.migrate().await.unwrap();
}

#[tokio::test]
async fn a_copy_is_restored_into_an_empty_database_only() {
    let platform = Platform::new().await;
    let copy = Copy::of(&platform.control_plane).await;
    let refused = copy.restore(&platform.control_plane).await;
    assert!(matches!(refused, Err(ControlPlaneError::NotEmpty)), "{refused:?}");
}

#[tokio::test]
async fn a_restore_that_did_not_end_leaves_nothing() {
    let platform = Platform::new().await;
    let copy = Copy::of(&platform.control_plane).await;
    let database = Database::empty().await;
    let control_plane = database.control_plane().await;
    let mut writer = control_plane.write_tables().await.unwrap();
    let (first, rows) = &copy.tables[0];
    writer.write(first, &mut rows.as_slice()).await.unwrap();
    drop(writer);
    copy.restore(&control_plane).await.unwrap();
}

#[tokio::test]
async fn rewound_partitions_are_read_again_and_their_owners_are_fenced() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    let generation = ledger.generation(TOPIC, "topic-1", 3).await.unwrap();
    let now = chrono::Utc::now();
    let mut leases = Vec::new();
    for partition in 0..3 {
        let lease = ledger.take(Group::Rejects, generation, Partition::new(partition), "one");
        let lease = lease.await.unwrap();
        leases.push(ledger.advance(&lease, Offset::new(10), now).await.unwrap());
    }
    let place = |partition, offset| LogPlace {
        generation: Generation::new(generation.get()),
        partition: Partition::new(partition),
        offset: Offset::new(offset),
    };
    // The third had no place yet.
    ledger.rewind(Group::Rejects, TOPIC, &[place(0, 4), place(1, 99)]).await.unwrap();
    let next = ledger.offsets(Group::Rejects, TOPIC).await.unwrap();
    assert_eq!(next, [place(0, 4), place(1, 10), place(2, 0)]);
    assert!(ledger.advance(&leases[1], Offset::new(11), now).await.is_err());
}
