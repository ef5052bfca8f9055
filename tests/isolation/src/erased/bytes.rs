//! Searches files and Redis for bytes that nobody may have any more.

use std::{fs, path::Path};

use redis::AsyncCommands;

use super::tables::Tables;
use crate::{
    Failure,
    stand::{Shop, Stand},
};

/// The folders of a platform with records: of the collector's disk, and of the archive.
const FOLDERS: [&str; 2] = ["spool", "archive"];

/// What was searched, and where something was found.
#[derive(Default)]
pub(super) struct Places {
    pub(super) searched: usize,
    pub(super) found: Vec<String>,
}

/// Searches the files of tables, spool and archive, and every value of Redis, for words of the tenants' persons. Files of
/// tables are compressed and objects of the archive encrypted: what is in them is searched by statements and by `privacy
/// check`. In the archive, this finds what is in clear: the files of reports.
pub(super) async fn places_with(
    stand: &Stand,
    tables: &Tables,
    shops: &[Shop],
) -> Result<Places, Failure> {
    // Names of tenants have the word, too, but no number after it.
    let words: Vec<_> = shops.iter().map(|shop| format!("{}-", shop.words.content)).collect();
    let mut places = Places::default();
    for shop in shops {
        for folder in tables.part_folders(shop).await? {
            places.search_folder(Path::new(&folder), &words)?;
        }
    }
    for folder in FOLDERS {
        places.search_folder(&stand.platform.folder().join(folder), &words)?;
    }
    places.search_redis(stand, &words).await?;
    Ok(places)
}

impl Places {
    /// Returns whether something was found in a column's file of a table.
    pub(super) fn are_in_tables(&self) -> bool {
        self.found.iter().any(|place| place.ends_with(".bin"))
    }

    /// Searches every file below a folder, unless the folder or a file has just gone.
    fn search_folder(&mut self, folder: &Path, words: &[String]) -> Result<(), Failure> {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                self.search_folder(&path, words)?;
            } else if let Ok(bytes) = fs::read(&path) {
                self.search(&path.display().to_string(), &bytes, words);
            }
        }
        Ok(())
    }

    async fn search_redis(&mut self, stand: &Stand, words: &[String]) -> Result<(), Failure> {
        let client = redis::Client::open(testkit::setting("FOOTFALL__REDIS__URL"))?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let namespace = stand.platform.settings().get("FOOTFALL__REDIS__NAMESPACE");
        let pattern = format!("{}*", namespace.ok_or("a platform without a namespace")?);
        let keys: Vec<String> = connection.keys(pattern).await?;
        for key in keys {
            let value: Option<Vec<u8>> =
                redis::cmd("DUMP").arg(&key).query_async(&mut connection).await?;
            // A key may have expired.
            self.search(&key, &value.unwrap_or_default(), words);
            self.search("the name of a key", key.as_bytes(), words);
        }
        Ok(())
    }

    fn search(&mut self, place: &str, bytes: &[u8], words: &[String]) {
        self.searched += bytes.len();
        let has = |word: &String| bytes.windows(word.len()).any(|some| some == word.as_bytes());
        if words.iter().any(has) {
            self.found.push(place.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_in_the_middle_of_other_bytes() {
        let mut places = Places::default();
        places.search("one", b"\0\x01zc1-7\xff", &["zc1-".to_owned()]);
        places.search("two", b"zc1", &["zc1-".to_owned()]);
        places.search("three", b"", &["zc1-".to_owned()]);
        assert_eq!(places.found, ["one"]);
        assert_eq!(places.searched, 11);
    }
}
