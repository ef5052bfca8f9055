use std::collections::BTreeMap;

use privacy::any_word_of_json;
use serde_json::Value;
use tenancy::ClientId;

use crate::{ControlPlaneError, PlatformControl};

/// How many rows of a list are read at a time.
const PAGE: i64 = 5_000;

/// A list of a tenant whose rows have words of its senders or users.
struct WordList {
    name: &'static str,
    /// Reads ids and words after an id.
    read: &'static str,
    delete: &'static str,
}

const LISTS: [WordList; 7] = [
    WordList {
        name: "products",
        read: sql!("person_words/products"),
        delete: sql!("person_words/delete_products"),
    },
    WordList {
        name: "campaigns",
        read: sql!("person_words/campaigns"),
        delete: sql!("person_words/delete_campaigns"),
    },
    WordList {
        name: "annotations",
        read: sql!("person_words/annotations"),
        delete: sql!("person_words/delete_annotations"),
    },
    WordList {
        name: "cohorts",
        read: sql!("person_words/cohorts"),
        delete: sql!("person_words/delete_cohorts"),
    },
    WordList {
        name: "schedules",
        read: sql!("person_words/schedules"),
        delete: sql!("person_words/delete_schedules"),
    },
    WordList {
        name: "saved_reports",
        read: sql!("person_words/saved_reports"),
        delete: sql!("person_words/delete_saved_reports"),
    },
    WordList {
        name: "report_jobs",
        read: sql!("person_words/report_jobs"),
        delete: sql!("person_words/delete_report_jobs"),
    },
];

impl PlatformControl {
    /// Counts, for each list of a tenant, the rows with a word that is the id of a person: of products and
    /// campaigns, of what users keep, and of finished report jobs.
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
            let named = page.into_iter().filter(|(_, words)| any_word_of_json(words, is_person));
            found.extend(named.map(|(id, _)| id));
        }
    }
}
