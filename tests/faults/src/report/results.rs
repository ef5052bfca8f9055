use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Failure, oracle::Differences, scenario::Scenario};

/// The result of a piece that finished.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(rename = "table")]
    pub(crate) scenario: Scenario,
    pub(crate) faults: String,
    pub(crate) seed: u64,
    /// The number of the piece among those of its scenario and kind of fault.
    pub(crate) piece: u64,
    /// Number of faults; of requests in resends, of steps in histories, of seconds in soak.
    pub(crate) tries: u64,
    pub(crate) posts: u64,
    /// Accepted events.
    pub(crate) events: u64,
    /// Requests without an answer.
    pub(crate) unanswered: u64,
    /// Requests with an answer other than 202.
    pub(crate) refused: u64,
    #[serde(flatten)]
    pub(crate) differences: Differences,
    /// Seconds from the last answer until everything was counted.
    pub(crate) caught_up_seconds: f64,
    pub(crate) seconds: f64,
    /// Other measurements, by name.
    pub(crate) figures: BTreeMap<String, f64>,
    pub(crate) commit: String,
    pub(crate) finished_at: DateTime<Utc>,
}

/// The results file, one line of JSON for each finished piece.
pub(crate) struct Results {
    path: PathBuf,
    pub(crate) commit: String,
    pub(crate) records: Vec<Record>,
}

impl Results {
    /// Reads the results so far.
    pub(crate) fn open(folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder)?;
        let path = folder.join("results.ndjson");
        let text = if path.exists() { fs::read_to_string(&path)? } else { String::new() };
        let records = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Self { path, commit: commit()?, records })
    }

    /// Returns whether this piece has finished before, on this commit.
    pub(crate) fn has(
        &self,
        scenario: Scenario,
        faults: &str,
        seed: u64,
        piece: u64,
        tries: u64,
    ) -> bool {
        self.records.iter().any(|known| {
            known.commit == self.commit
                && (known.scenario, known.faults.as_str()) == (scenario, faults)
                && (known.seed, known.piece, known.tries) == (seed, piece, tries)
        })
    }

    /// Appends a result.
    pub(crate) fn add(&mut self, record: Record) -> Result<(), Failure> {
        let mut file = File::options().create(true).append(true).open(&self.path)?;
        // In one write: other processes may write to the same file.
        let line = serde_json::to_string(&record)? + "\n";
        file.write_all(line.as_bytes())?;
        self.records.push(record);
        Ok(())
    }
}

/// Returns the current commit, with `+` when tracked files differ from it.
fn commit() -> Result<String, Failure> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output()?;
        Ok::<_, Failure>(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "--short=10", "HEAD"])?;
    let changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Ok(if changed { format!("{head}+") } else { head })
}
