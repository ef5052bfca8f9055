//! The program as it runs from a shell.
#![cfg(test)]

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use support::{KEY, footfall, texts, written};

/// A fake collector that gives these answers to any client, one after the other.
struct Collector {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

#[derive(Debug, Clone)]
struct Request {
    authorization: String,
    events: Vec<Value>,
}

impl Collector {
    fn answering(answers: Vec<(u16, Value)>) -> Self {
        let mut answers = answers.into_iter();
        Self::answering_each(move |_| answers.next())
    }

    /// A collector that accepts every event of any client.
    fn accepting() -> Self {
        Self::answering_each(|request| {
            let accepted = json!({ "outcome": "accepted", "event_id": "x" });
            Some(outcomes(&vec![accepted; request.events.len()]))
        })
    }

    fn answering_each(
        mut answer: impl FnMut(&Request) -> Option<(u16, Value)> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let request = read(&stream);
                let answer = answer(&request);
                seen.lock().unwrap().push(request);
                let Some((status, body)) = answer else { return };
                let body = body.to_string();
                let head = format!(
                    "HTTP/1.1 {status} x\r\nretry-after: 0\r\nconnection: close\r\n\
                     content-length: {}\r\n\r\n",
                    body.len()
                );
                (&stream).write_all((head + &body).as_bytes()).unwrap();
            }
        });
        Self { address, requests }
    }

    fn import(&self, format: &str, file: &Path) -> Output {
        let url = format!("http://{}", self.address);
        let mut command = footfall(&["import", "--format", format, "--collector", &url]);
        command.env("FOOTFALL_KEY", "ff_import_1_hunter2").arg(file).output().unwrap()
    }

    fn simulate(&self, arguments: &[&str]) -> Command {
        let url = format!("http://{}", self.address);
        let mut command = footfall(&["simulate", "--collector", &url]);
        command.env("FOOTFALL_KEY", "ff_import_1_hunter2").args(arguments);
        command
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut authorization = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some(("authorization", value)) => authorization = value.to_owned(),
            Some(("content-length", value)) => length = value.parse().unwrap(),
            _ if line.trim().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let events = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
    Request { authorization, events }
}

fn outcomes(outcomes: &[Value]) -> (u16, Value) {
    (202, json!({ "outcomes": outcomes }))
}

#[test]
fn import_retries_events_that_were_not_accepted_and_reports_those_refused() {
    let accepted = json!({ "outcome": "accepted", "event_id": "x" });
    let retry = json!({ "outcome": "retry" });
    let rejected = json!({ "outcome": "rejected", "code": "missing_field", "pointer": "/type", "reason": "is needed" });
    let collector = Collector::answering(vec![
        (503, json!({ "code": "unavailable" })),
        (408, json!({ "code": "body_too_slow" })),
        outcomes(&[accepted.clone(), rejected, retry.clone()]),
        outcomes(&[retry]),
        outcomes(&[accepted]),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let lines =
        "{\"type\":\"page_view\"}\n{\"typ\":\"page_view\"}\n{\"type\":\"purchase\"}\nnot json\n";
    let output = collector.import("ndjson", &written(folder.path(), "shop.ndjson", lines));

    let requests = collector.requests();
    let sizes: Vec<_> = requests.iter().map(|request| request.events.len()).collect();
    assert_eq!(sizes, [3, 3, 3, 1, 1]);
    assert_eq!(requests[0].authorization, "Bearer ff_import_1_hunter2");
    assert_eq!(requests[4].events[0], requests[0].events[2], "the same event, with the same id");

    let (stdout, stderr) = texts(&output);
    assert!(stdout.contains("accepted 2, duplicate 0, rejected 2 (sent again: 8)"), "{stdout}");
    assert!(stdout.contains("1 x missing_field /type is needed"), "{stdout}");
    assert!(stdout.contains("1 x line 4: must be a JSON object"), "{stdout}");
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(!stdout.contains("hunter2") && !stderr.contains("hunter2"));
}

#[test]
fn a_batch_refused_as_a_whole_is_reported_event_by_event() {
    let rejected = json!({ "outcome": "rejected", "code": "missing_field", "pointer": "/type",
        "reason": "is needed", "errors": [] });
    let answer =
        json!({ "code": "events_rejected", "detail": "None.", "outcomes": [rejected, rejected] });
    let collector = Collector::answering(vec![(422, answer)]);
    let folder = tempfile::tempdir().unwrap();
    let lines = "{\"typ\":\"page_view\"}\n{\"typ\":\"page_view\"}\n";
    let output = collector.import("ndjson", &written(folder.path(), "shop.ndjson", lines));
    let (stdout, stderr) = texts(&output);
    assert!(stdout.contains("accepted 0, duplicate 0, rejected 2"), "{stdout}");
    assert!(stdout.contains("2 x missing_field /type is needed"), "{stdout}");
    assert_eq!(output.status.code(), Some(4), "{stderr}");
}

#[test]
fn a_file_gives_the_same_events_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let events = |name: &str| {
        let accepted = json!({ "outcome": "accepted", "event_id": "x" });
        let collector = Collector::answering(vec![outcomes(&[accepted.clone(), accepted])]);
        let lines = "{\"type\":\"page_view\"}\n{\"type\":\"page_view\"}\n";
        let output = collector.import("ndjson", &written(folder.path(), name, lines));
        assert_eq!(output.status.code(), Some(0), "{:?}", texts(&output));
        collector.requests()[0].events.clone()
    };
    let first = events("one.ndjson");
    assert_ne!(first[0]["event_id"], first[1]["event_id"]);
    assert_eq!(first, events("two.ndjson"));
}

#[test]
fn a_refused_key_is_a_usage_error() {
    let problem = json!({ "code": "credential_invalid", "detail": "The API key is not valid." });
    let collector = Collector::answering(vec![(401, problem)]);
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "shop.ndjson", "{\"type\":\"page_view\"}\n");
    let output = collector.import("ndjson", &file);
    assert_eq!(output.status.code(), Some(2));
    assert!(texts(&output).1.contains("credential_invalid: The API key is not valid."));
}

#[test]
fn an_import_ends_when_the_collector_is_unavailable_beyond_its_patience() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "shop.ndjson", "{\"type\":\"page_view\"}\n");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    let arguments =
        ["import", "--format", "ndjson", "--key", "k", "--patience", "1", "--collector", &url];
    let output = footfall(&arguments).arg(file).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(texts(&output).1.contains("gave up after 1 s"), "{:?}", texts(&output));
}

#[test]
fn a_file_of_another_format_is_refused_with_the_expected_header() {
    let collector = Collector::answering(Vec::new());
    let folder = tempfile::tempdir().unwrap();
    let output = collector.import("eshop", &written(folder.path(), "shop.csv", "a,b\n1,2\n"));
    assert_eq!(output.status.code(), Some(4));
    assert!(texts(&output).1.contains("shop.csv: the first line must be year;month;day"));
}

#[test]
fn a_simulated_past_is_sent_at_once_and_repeats_exactly() {
    let past = ["--rate", "0.5", "--from", "2026-03-01T00:00:00Z", "--to", "2026-03-02T00:00:00Z"];
    let sent = || {
        let collector = Collector::accepting();
        let output = collector.simulate(&past).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{:?}", texts(&output));
        let requests = collector.requests();
        let events: Vec<_> = requests.into_iter().flat_map(|request| request.events).collect();
        let summary = format!("accepted {}, duplicate 0, rejected 0", events.len());
        assert!(texts(&output).0.contains(&summary), "{:?}", texts(&output));
        let mut lines: Vec<_> = events.iter().map(ToString::to_string).collect();
        lines.sort();
        lines
    };
    let events = sent();
    assert!(events.len() > 20_000, "{}", events.len());
    assert_eq!(events, sent());
}

#[test]
fn a_simulation_stopped_before_its_end_fails() {
    let collector = Collector::accepting();
    let mut child = collector.simulate(&["--duration", "600"]).spawn().unwrap();
    while collector.requests().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let stopped = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_wrong_shop_file_is_refused_with_its_field() {
    let folder = tempfile::tempdir().unwrap();
    let shop = include_str!("../shops/fashion.toml").replace("buys = 0.65", "buys = 65");
    let file = written(folder.path(), "shop.toml", &shop);
    let collector = Collector::accepting();
    let output = collector.simulate(&["--shop"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let expected =
        format!("footfall: {}: visits.buys must be a chance from 0 to 1\n", file.display());
    assert_eq!(texts(&output).1, expected);
    assert!(collector.requests().is_empty());
}

#[test]
fn help_shows_examples_and_exit_codes() {
    let output = footfall(&["--help"]).output().unwrap();
    let (stdout, _) = texts(&output);
    for part in ["Examples:", "Exit codes:", "simulate", "tenant", "--config <FILE>"] {
        assert!(stdout.contains(part), "{part} is missing: {stdout}");
    }
    assert_eq!(footfall(&["colector"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn an_unavailable_database_is_distinguished_from_a_wrong_setting() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let api = |url: String| {
        let output = footfall(&["api"])
            .env("FOOTFALL__POSTGRES__URL", url)
            // A demo that runs beside the tests may use the default port.
            .env("FOOTFALL__METRICS__BIND", "")
            .env("FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY", KEY)
            .output()
            .unwrap();
        (output.status.code(), texts(&output).1)
    };
    let (code, stderr) = api(format!("postgres://footfall:hunter2@{closed}/footfall"));
    assert_eq!(code, Some(3), "{stderr}");
    assert!(!stderr.contains("hunter2"), "{stderr}");
    assert_eq!(api("not an address".to_owned()).0, Some(2));
}

#[test]
fn a_restore_is_from_a_backup_or_of_a_recovered_postgresql() {
    let cases: [&[&str]; 4] = [
        &["--only", "postgres"],
        &["--from", "/backups/one", "--until", "2026-11-29T02:00:00Z"],
        &["--only", "postgres", "--until", "2026-11-29T02:00:00Z"],
        &["--new-log", "--until", "2026-11-29T02:00:00Z"],
    ];
    for case in cases {
        let output = footfall(&["restore", "stores"]).args(case).output().unwrap();
        let (_, stderr) = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains("--from <FOLDER>") || stderr.contains("cannot be used"),
            "{stderr}"
        );
    }
}
