use std::{
    io::{Read, Write},
    net::TcpListener,
};

use events::EventType::AdClick;
use settings::Secret;
use tenancy::Isolation;
use warehouse::{ClusterSettings, InsertError, Warehouse};

use crate::shop::{Shop, event};

/// Inserts a row into a server that reads the request, sends `answer` and closes the connection.
/// Returns the head of the request and the result of the insert.
async fn answered_with(answer: impl Into<String>) -> (String, Result<(), InsertError>) {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = ClusterSettings {
        url: format!("http://{}", listener.local_addr().unwrap()),
        writer_user: "writer".to_owned(),
        writer_password: Secret::new(""),
        reader_user: "reader".to_owned(),
        reader_password: Secret::new(""),
    };
    let shop = Shop::without_tables(Isolation::Schema).await;
    let batch = shop.batch(7, 7);
    let warehouse = Warehouse::new([(batch.destination.cluster.clone(), settings)]);
    let rows = shop.rows(7, [event(AdClick, "2026-03-01T12:00:00Z")]);
    let serve = tokio::task::spawn_blocking(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let (mut request, mut part) = (Vec::new(), [0; 4096]);
        loop {
            let count = connection.read(&mut part).unwrap();
            request.extend_from_slice(&part[..count]);
            let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
            let Some((head, _)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let (_, length) = head.split_once("content-length: ").expect("the body's length");
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if request.len() == head.len() + 4 + length {
                connection.write_all(answer.as_bytes()).unwrap();
                return head.to_owned();
            }
        }
    });
    let (head, sent) = tokio::join!(serve, warehouse.insert(&batch, &rows));
    (head.unwrap(), sent)
}

#[tokio::test]
async fn a_batch_is_sent_whole_under_its_name() {
    let (head, sent) = answered_with("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert!(sent.is_ok(), "{sent:?}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    for setting in ["query_id=", "insert_deduplication_token="] {
        let (_, name) = head.split_once(setting).unwrap();
        assert!(name.contains("events.v1%3a3%3a7-7%3ashared.tenant_test_"), "{name}");
    }
    assert!(head.contains("async_insert=0"), "{head}");
}

#[tokio::test]
async fn an_exception_behind_status_200_is_not_success() {
    let answer = "HTTP/1.1 200 OK\r\nX-ClickHouse-Exception-Code: 241\r\nContent-Length: 0\r\n\r\n";
    let (_, sent) = answered_with(answer).await;
    assert!(matches!(sent, Err(InsertError::InDoubt(_))), "{sent:?}");
}

#[tokio::test]
async fn no_answer_leaves_the_insert_in_doubt() {
    let (_, sent) = answered_with("").await;
    assert!(matches!(sent, Err(InsertError::InDoubt(_))), "{sent:?}");
}

/// An exception in the form that the server appends to an answer that has begun: the tag of the
/// header, the text, its length, the tag again.
fn late_exception() -> String {
    let tag = "0123456789abcdef";
    let text = "Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n";
    let length = text.len();
    let body = format!("\r\n__exception__\r\n{tag}\r\n{text}{length} {tag}\r\n__exception__\r\n");
    format!(
        "HTTP/1.1 200 OK\r\nX-ClickHouse-Exception-Tag: {tag}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn an_exception_behind_a_good_status_leaves_the_insert_in_doubt() {
    let (_, sent) = answered_with(late_exception()).await;
    assert!(matches!(sent, Err(InsertError::InDoubt(_))), "{sent:?}");
}

#[tokio::test]
async fn an_answer_that_is_cut_off_leaves_the_insert_in_doubt() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n__exc";
    let (_, sent) = answered_with(cut).await;
    assert!(matches!(sent, Err(InsertError::InDoubt(_))), "{sent:?}");
}
