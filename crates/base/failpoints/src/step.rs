/// Defines the enum of steps: `Variant = "name";`, with the event as its doc comment.
macro_rules! steps {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal;)*) => {
        /// A step of the protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Step { $($(#[doc = $doc])* $variant,)* }

        impl Step {
            /// Every step.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the name in `FOOTFALL_FAILPOINTS`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

steps! {
    /// A lease was taken.
    Take = "take";
    /// A batch was planned in the ledger.
    Plan = "plan";
    /// A batch is about to be sent to ClickHouse.
    StoreBefore = "store-before";
    /// A batch was inserted into ClickHouse.
    StoreAfter = "store-after";
    /// A batch is about to be sent to Redis.
    LiveBefore = "live-before";
    /// A batch was applied in Redis.
    LiveAfter = "live-after";
    /// An object is about to be put into the archive.
    ArchiveBefore = "archive-before";
    /// An object is in the archive.
    ArchiveAfter = "archive-after";
    /// A batch was marked in the ledger.
    Mark = "mark";
    /// Offsets are about to be committed to Kafka.
    Commit = "commit";
    /// Events were appended to the spool and are not yet durable.
    SpoolAppend = "spool-append";
    /// Events in the spool are durable, and the sender has no answer yet.
    SpoolFsync = "spool-fsync";
    /// Spooled events were sent to Kafka and acknowledged.
    SpoolDrain = "spool-drain";
    /// A drained segment is about to be deleted.
    SpoolDelete = "spool-delete";
}
