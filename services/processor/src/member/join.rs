use control_plane::Group;
use stream::{Consumer, KafkaSettings, RecordParts, StreamError};
use tenancy::TenantRouter;

/// Joins the consumer group on the log that it reads.
pub(super) fn join(
    group: Group,
    kafka: &KafkaSettings,
    instance: Option<&str>,
    router: TenantRouter,
) -> Result<Consumer, StreamError> {
    // Brokers may be shared: the group is named after its log.
    let name = format!("{}.{group}", kafka.events_topic);
    let parts = match group {
        Group::Store | Group::Live => RecordParts::WithoutHeaders,
        Group::Archive => RecordParts::All,
        Group::Rejects => return Consumer::join_rejects(kafka, &name, instance, router),
    };
    Consumer::join(kafka, &name, instance, parts, router)
}
