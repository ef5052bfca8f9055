use uuid::Uuid;

/// Derives the same event id for a row in every import, whatever the file's name: a UUIDv5 over
/// the format, the file's first row, the campaign, and the row's number and contents.
///
/// The first row distinguishes files that have the same row at the same position; rows appended
/// later do not change the ids of earlier ones.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    format: Uuid,
    campaign: String,
    file: Option<Uuid>,
}

impl Identity {
    pub(super) fn of(format: &str, campaign: Option<&str>) -> Self {
        let address = format!("https://footfall.dev/import/{format}");
        Self {
            format: Uuid::new_v5(&Uuid::NAMESPACE_URL, address.as_bytes()),
            campaign: campaign.unwrap_or_default().to_owned(),
            file: None,
        }
    }

    /// Returns the id of the file, which the first row given here decides: later ones do not change it.
    pub(super) fn begin(&mut self, row: &str) -> Uuid {
        *self.file.get_or_insert_with(|| Uuid::new_v5(&self.format, row.as_bytes()))
    }

    /// Returns the id of the row's event of this `kind`.
    pub(super) fn event_id(&mut self, line: u64, row: &str, kind: &str) -> Uuid {
        let file = self.begin(row);
        let name = [&self.campaign, kind, &line.to_string(), row].join("\n");
        Uuid::new_v5(&file, name.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_every_file_has_a_unique_id_that_never_changes() {
        let ids = |format, campaign, rows: &[&str]| -> Vec<Uuid> {
            let mut identity = Identity::of(format, campaign);
            let id = |(line, row): (u64, &&str)| identity.event_id(line, row, "view");
            (2..).zip(rows).map(id).collect()
        };
        let first = ids("eshop", None, &["a", "b", "b"]);
        assert_eq!(first, ids("eshop", None, &["a", "b", "b", "c"])[..3]);
        let others = [
            ids("eshop", None, &["x", "b", "b"]),
            ids("eshop", Some("spring"), &["a", "b", "b"]),
            ids("ndjson", None, &["a", "b", "b"]),
        ];
        let mut all: Vec<_> = others.into_iter().flatten().chain(first).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 12);
    }
}
