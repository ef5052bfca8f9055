//! The request to AWS KMS and what is made of its answers, with a server that answers as KMS does.
#![cfg(test)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread::JoinHandle,
};

use auth::{KeyEncryptionKey, KeySource, KeySourceError};
use base64::{Engine, engine::general_purpose::STANDARD};
use kms::{KmsKey, KmsSettings};
use serde_json::{Value, json};
use settings::Secret;

/// Returns a key whose KMS answers once, and what is asked of it: the head and the body.
fn asking(status: u16, answer: Value) -> (KmsKey, JoinHandle<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = KmsSettings {
        region: "eu-central-1".into(),
        endpoint: format!("http://{}", listener.local_addr().unwrap()),
        access_key_id: Secret::new("AKIDEXAMPLE"),
        secret_access_key: Secret::new("hunter2"),
    };
    let asked = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(&stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
        }
        let head = head.to_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let answer = answer.to_string();
        let length = answer.len();
        let head_back = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n");
        (&stream).write_all((head_back + &answer).as_bytes()).unwrap();
        (head, serde_json::from_slice(&body).unwrap())
    });
    (KmsKey::new(settings, "AQICAHg="), asked)
}

#[tokio::test]
async fn kms_decrypts_the_key_for_a_signed_request() {
    let (key, asked) = asking(200, json!({ "Plaintext": STANDARD.encode([7_u8; 32]) }));
    assert_eq!(key.key().await.unwrap().id(), KeyEncryptionKey::new([7; 32]).id());
    let (head, body) = asked.join().unwrap();
    assert!(head.starts_with("post / http/1.1\r\n"), "{head}");
    assert!(head.contains("x-amz-target: trentservice.decrypt\r\n"), "{head}");
    let signed = "authorization: aws4-hmac-sha256 credential=akidexample/";
    assert!(head.contains(signed) && head.contains("/eu-central-1/kms/aws4_request"), "{head}");
    assert!(!head.contains("hunter2"), "{head}");
    assert_eq!(body["CiphertextBlob"], "AQICAHg=");
    assert_eq!(body["EncryptionContext"], json!({ "application": "footfall" }));
}

#[tokio::test]
async fn a_refusal_that_passes_is_distinguished_from_one_that_does_not() {
    for (status, kind, passes) in [
        (400, "AccessDeniedException", false),
        (400, "com.amazonaws.kms#InvalidCiphertextException", false),
        (400, "ThrottlingException", true),
        (500, "KMSInternalException", true),
    ] {
        let (key, asked) = asking(status, json!({ "__type": kind, "message": "account 12" }));
        let error = key.key().await.unwrap_err();
        asked.join().unwrap();
        assert_eq!(matches!(error, KeySourceError::Unavailable(_)), passes, "{kind}: {error:?}");
        assert!(!format!("{error:?}").contains("account 12"), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_key_is_refused() {
    let (key, asked) = asking(200, json!({ "Plaintext": STANDARD.encode([7_u8; 16]) }));
    assert!(matches!(key.key().await, Err(KeySourceError::Form(_))));
    asked.join().unwrap();
}
