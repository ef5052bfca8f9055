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

impl Step {
    /// Whether it only happens on order: in a move of a tenant, or in a release of parked events.
    pub const fn is_on_order(self) -> bool {
        matches!(
            self,
            Self::MovePrepare
                | Self::MoveCut
                | Self::MoveCopy
                | Self::MoveCatchUp
                | Self::MoveVerify
                | Self::MoveFlip
                | Self::MoveVerifyAgain
                | Self::MoveClean
                | Self::MoveFlipBack
                | Self::MoveUncut
                | Self::MoveRemove
                | Self::Release
        )
    }
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
    /// The target of a move has its tables.
    MovePrepare = "move-prepare";
    /// The new rows of a moved tenant are about to go to both sides.
    MoveCut = "move-cut";
    /// The rows before the cut are copied.
    MoveCopy = "move-copy";
    /// The rows of batches that were planned before the cut are copied.
    MoveCatchUp = "move-catch-up";
    /// Both sides of a move have the same rows.
    MoveVerify = "move-verify";
    /// The reads of a moved tenant are about to go to the target.
    MoveFlip = "move-flip";
    /// Both sides have the same rows after the flip.
    MoveVerifyAgain = "move-verify-again";
    /// The source of a move has no row of the tenant.
    MoveClean = "move-clean";
    /// The reads of a tenant whose move is taken back are about to go to the source.
    MoveFlipBack = "move-flip-back";
    /// Its new rows are about to go to the source only.
    MoveUncut = "move-uncut";
    /// The target has no row of it.
    MoveRemove = "move-remove";
    /// Parked events were released, and are still counted as parked.
    Release = "release";
}
