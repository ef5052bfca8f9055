use actix_web::{
    App, HttpResponse, HttpServer,
    web::{Bytes, Data, post},
};
use futures::future::try_join_all;
use rdkafka::{
    ClientConfig,
    producer::{FutureProducer, FutureRecord},
};

use crate::Failure;

/// Where the relay sends each line.
struct Topic {
    name: String,
    producer: FutureProducer,
}

/// Serves on as many threads as there are cores, with the producer settings of the collector.
pub(super) async fn serve(bind: &str, brokers: &str, topic: &str) -> Result<(), Failure> {
    let producer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("linger.ms", "5")
        .set("compression.type", "lz4")
        .create()?;
    let topic = Data::new(Topic { name: topic.to_owned(), producer });
    let routes = move || App::new().app_data(topic.clone()).route("/events", post().to(relay));
    Ok(HttpServer::new(routes).bind(bind)?.run().await?)
}

/// Answers when Kafka has acknowledged each line of the body, as it came.
async fn relay(topic: Data<Topic>, body: Bytes) -> HttpResponse {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let sent = lines.map(|line| {
        let record = FutureRecord::<(), [u8]>::to(&topic.name).payload(line);
        topic.producer.send_result(record).map_err(|(error, _)| error)
    });
    let acknowledged = match sent.collect::<Result<Vec<_>, _>>() {
        Ok(reports) => try_join_all(reports).await,
        Err(error) => return HttpResponse::ServiceUnavailable().body(error.to_string()),
    };
    let failed = acknowledged.map(|reports| reports.into_iter().find_map(Result::err));
    match failed {
        Ok(None) => HttpResponse::Accepted().body("{}"),
        Ok(Some((error, _))) => HttpResponse::ServiceUnavailable().body(error.to_string()),
        Err(error) => HttpResponse::ServiceUnavailable().body(error.to_string()),
    }
}
