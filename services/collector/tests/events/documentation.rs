//! The examples in `docs/sending-events.md` are what a collector answers.

use serde_json::Value;

use crate::support::*;

const PAGE: &str = include_str!("../../../../docs/sending-events.md");

/// Returns the blocks of a kind, in their order.
fn blocks(kind: &str) -> Vec<&'static str> {
    let blocks = PAGE.split("```json ").skip(1).filter_map(|block| block.strip_prefix(kind));
    blocks.map(|block| block.split("```").next().unwrap().trim()).collect()
}

/// Returns the answer, with values that differ each time replaced by the `…` of the page.
fn shown(shown: &Value, answer: &Value) -> Value {
    match (shown, answer) {
        (Value::String(text), Value::String(_)) if text == "…" => shown.clone(),
        (Value::Array(all), Value::Array(answers)) if all.len() == answers.len() => {
            all.iter().zip(answers).map(|(one, answer)| self::shown(one, answer)).collect()
        }
        (Value::Object(all), Value::Object(answers)) => {
            let of = |name: &String| all.get(name).unwrap_or(&Value::Null);
            let members = answers.iter().map(|(name, answer)| (name, of(name), answer));
            members.map(|(name, one, answer)| (name.clone(), self::shown(one, answer))).collect()
        }
        _ => answer.clone(),
    }
}

#[actix_web::test]
async fn every_example_of_the_page_is_answered_as_shown() {
    let collector = TestCollector::new().await;
    let sent = blocks("sent");
    let answered = blocks("answered");
    assert_eq!((sent.len(), answered.len()), (5, 5));
    for (body, answered) in sent.into_iter().zip(answered) {
        let answered: Value = serde_json::from_str(answered).unwrap();
        let answer = send(collector.post(body)).await;
        assert_eq!(shown(&answered, &answer.body), answered, "{body}");
    }
}
