use stream::{KafkaSettings, delete_topics, ensure_topics};

use crate::stand::Stand;

/// The topics of a stand, which are deleted when this is dropped.
pub(crate) struct StandTopics(KafkaSettings);

impl StandTopics {
    pub(crate) async fn create(stand: &Stand) -> Self {
        ensure_topics(&stand.kafka).await.unwrap();
        Self(stand.kafka.clone())
    }
}

impl Drop for StandTopics {
    fn drop(&mut self) {
        let kafka = self.0.clone();
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(delete_topics(&kafka))
        });
        dropped.join().unwrap().unwrap();
    }
}
