use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Failure, oracle::Differences};

/// A piece of a table that was run to its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) table: String,
    pub(crate) faults: String,
    pub(crate) seed: u64,
    /// Which piece of its table and sort of fault.
    pub(crate) piece: u64,
    /// Faults in it; posts in T6, steps in T10.
    pub(crate) tries: u64,
    pub(crate) posts: u64,
    /// Events that were accepted.
    pub(crate) events: u64,
    /// Requests that got no answer.
    pub(crate) unanswered: u64,
    /// Requests that were answered, but not with 202.
    pub(crate) refused: u64,
    #[serde(flatten)]
    pub(crate) differences: Differences,
    /// From the last answer until everything was counted.
    pub(crate) caught_up_seconds: f64,
    pub(crate) seconds: f64,
    /// What else was measured.
    pub(crate) figures: BTreeMap<String, f64>,
    pub(crate) commit: String,
    pub(crate) finished_at: DateTime<Utc>,
}

/// What was run to its end, one line of JSON each.
pub(crate) struct Results {
    path: PathBuf,
    pub(crate) commit: String,
    pub(crate) records: Vec<Record>,
}

impl Results {
    /// Reads what is there.
    pub(crate) fn open(folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder)?;
        let path = folder.join("results.ndjson");
        let text = if path.exists() { fs::read_to_string(&path)? } else { String::new() };
        let records = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Self { path, commit: commit()?, records })
    }

    /// Whether this piece was run to its end before, on this commit.
    pub(crate) fn has(&self, table: &str, faults: &str, seed: u64, piece: u64, tries: u64) -> bool {
        self.records.iter().any(|known| {
            known.commit == self.commit
                && (known.table.as_str(), known.faults.as_str()) == (table, faults)
                && (known.seed, known.piece, known.tries) == (seed, piece, tries)
        })
    }

    /// Keeps one more.
    pub(crate) fn add(&mut self, record: Record) -> Result<(), Failure> {
        let mut file = File::options().create(true).append(true).open(&self.path)?;
        // In one piece: others may write to the same file.
        let line = serde_json::to_string(&record)? + "\n";
        file.write_all(line.as_bytes())?;
        self.records.push(record);
        Ok(())
    }
}

/// What was run: the commit, and whether there was more than it.
fn commit() -> Result<String, Failure> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output()?;
        Ok::<_, Failure>(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "--short=10", "HEAD"])?;
    let changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Ok(if changed { format!("{head}+") } else { head })
}
