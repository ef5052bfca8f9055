use std::collections::BTreeMap;

use metrics::Dimension;
use serde_json::Value;
use tenancy::ClientId;

use crate::{ControlPlaneError, PlatformControl};

/// How many rows of a list are read at a time.
const PAGE: i64 = 5_000;

/// The fields of a filter with what a dimension is compared with.
const COMPARED: [&str; 4] = ["in", "not_in", "starts_with", "contains"];

/// The shortest text that may be an id, in bytes.
const ID_MIN: usize = 6;

/// A list of what the users of a tenant keep.
struct WordList {
    name: &'static str,
    /// Reads ids and words, or definitions, after an id.
    read: &'static str,
    /// Returns what may be an id of a person in a row.
    words: fn(&Value) -> Vec<&str>,
    delete: &'static str,
}

const LISTS: [WordList; 5] = [
    WordList {
        name: "annotations",
        read: sql!("person_words/annotations"),
        words: texts,
        delete: sql!("person_words/delete_annotations"),
    },
    WordList {
        name: "cohorts",
        read: sql!("person_words/cohorts"),
        words: compared,
        delete: sql!("person_words/delete_cohorts"),
    },
    WordList {
        name: "schedules",
        read: sql!("person_words/schedules"),
        words: compared,
        delete: sql!("person_words/delete_schedules"),
    },
    WordList {
        name: "saved_reports",
        read: sql!("person_words/saved_reports"),
        words: compared,
        delete: sql!("person_words/delete_saved_reports"),
    },
    WordList {
        name: "report_jobs",
        read: sql!("person_words/report_jobs"),
        words: compared,
        delete: sql!("person_words/delete_report_jobs"),
    },
];

impl PlatformControl {
    /// Counts, for each list of a tenant, the rows with the id of a person: of what users keep, and of finished report
    /// jobs.
    pub async fn count_person_words(
        &self,
        client_id: &ClientId,
        is_person: &(impl Fn(&str) -> bool + Sync),
    ) -> Result<BTreeMap<&'static str, u64>, ControlPlaneError> {
        let mut counts = BTreeMap::new();
        for list in &LISTS {
            let found = self.rows_with_person(client_id, list, is_person).await?;
            counts.insert(list.name, found.len() as u64);
        }
        Ok(counts)
    }

    /// Deletes these rows. Returns how many of each list.
    pub async fn erase_person_words(
        &self,
        client_id: &ClientId,
        is_person: &(impl Fn(&str) -> bool + Sync),
    ) -> Result<BTreeMap<&'static str, u64>, ControlPlaneError> {
        let mut counts = BTreeMap::new();
        for list in &LISTS {
            let found = self.rows_with_person(client_id, list, is_person).await?;
            let mut deleted = 0;
            if !found.is_empty() {
                let mut transaction = self.begin().await?;
                let rows = sqlx::query(list.delete)
                    .bind(client_id.as_str())
                    .bind(&found)
                    .execute(&mut transaction)
                    .await?;
                transaction.commit().await?;
                deleted = rows.rows_affected();
            }
            counts.insert(list.name, deleted);
        }
        Ok(counts)
    }

    async fn rows_with_person(
        &self,
        client_id: &ClientId,
        list: &WordList,
        is_person: &(impl Fn(&str) -> bool + Sync),
    ) -> Result<Vec<String>, ControlPlaneError> {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let mut transaction = self.begin().await?;
            let page: Vec<(String, Value)> = sqlx::query_as(list.read)
                .bind(client_id.as_str())
                .bind(after.as_deref())
                .bind(PAGE)
                .fetch_all(&mut transaction)
                .await?;
            transaction.commit().await?;
            let Some((last, _)) = page.last() else { return Ok(found) };
            after = Some(last.clone());
            let named = |row: &Value| {
                let words = (list.words)(row).into_iter().map(str::trim);
                words.filter(|word| may_be_id(word)).any(is_person)
            };
            found.extend(page.into_iter().filter(|(_, row)| named(row)).map(|(id, _)| id));
        }
    }
}

/// Returns the texts of a list.
fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Returns the texts that the filters of a definition compare declared dimensions with. All other words are those of
/// reports, or name what the retailer sells and advertises; a built-in dimension has no ids of persons.
fn compared(definition: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut left = vec![definition];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(values) => left.extend(values),
            Value::Object(fields) => {
                let dimension = fields.get("dimension").and_then(Value::as_str);
                if dimension.is_some_and(|name| !Dimension::NAMES.contains(&name)) {
                    found.extend(
                        COMPARED.iter().filter_map(|name| fields.get(*name)).flat_map(texts),
                    );
                }
                left.extend(fields.values());
            }
            _ => {}
        }
    }
    found
}

/// Whether a text is more likely an id than a word. Who visits a shop may choose the own id: an erasure of the visitor
/// `gold` must not delete what the retailer keeps about gold customers.
fn may_be_id(text: &str) -> bool {
    text.len() >= ID_MIN && text.contains(|character: char| character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_declared_dimensions_are_compared_with_may_be_an_id_in_a_definition() {
        let definition = json!({
            "metrics": ["impressions"],
            "dimensions": ["campaign"],
            "events": ["purchase"],
            "time": {"last_days": 30, "from": "2026-03-01"},
            "filters": {"and": [
                {"dimension": "campaign", "in": ["spring-2026"]},
                {"dimension": "event_type", "not_in": ["page_view"]},
                {"metric": "visitors", "gt": 10023},
                {"or": [
                    {"dimension": "member", "in": ["5f0c7b", 5], "contains": ["9d1"]},
                    {"not": {"dimension": "tier", "starts_with": ["gold"]}},
                ]},
            ]},
            "steps": [{"event": "product_view", "filters": {"dimension": "member", "not_in": ["a7"]}}],
        });
        let mut found = compared(&definition);
        found.sort_unstable();
        assert_eq!(found, ["5f0c7b", "9d1", "a7", "gold"], "no name of a field, no number");
        assert_eq!(compared(&Value::Null), [""; 0]);
    }

    #[test]
    fn words_and_short_numbers_are_no_ids() {
        for id in ["5f0c7b", "v-018f2c", "GA1.2.1234567890.1700000000", "0196e0a4-7d1c-7000"] {
            assert!(may_be_id(id), "{id}");
        }
        for word in ["gold", "metrics", "page_view", "sale", "30", "2026", "10023", "Q1", ""] {
            assert!(!may_be_id(word), "{word}");
        }
    }
}
