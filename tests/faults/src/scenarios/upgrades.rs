//! Upgrades: the release before runs under load, and this build replaces its processes, one after the other, in the order
//! of `docs/operations/upgrade.md`. Before each further upgrade, the release before replaces this build in the same way.

use std::{
    collections::BTreeMap,
    env,
    path::Path,
    time::{Duration, Instant},
};

use testkit::{Preparation, program};
use tokio::{task::block_in_place, time::sleep};

use super::{
    Outcome, Piece,
    drills::lose,
    processes::{SINKS, restart_service, start_sink, stop},
    times::Times,
};
use crate::{
    Failure,
    load::Traffic,
    report::print_line,
    stack::{Server, Stack},
    stand::{PROGRAM, Stand},
};

/// The variable with the program of the release before.
const PREVIOUS: &str = "FOOTFALL_PREVIOUS";

/// Runs that program without the settings that are new in this build.
const LAUNCHER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/without-new-settings.sh");

/// How long the release before runs alone.
const ALONE: Duration = Duration::from_secs(5);

/// How long processors of both releases share the partitions of a sink, their joining included.
const TOGETHER: Duration = Duration::from_secs(4);

/// How long every sink may take to go on after one of them was replaced.
const GOES_ON_WITHIN: Duration = Duration::from_secs(60);

pub(super) async fn run(stack: &Stack, piece: &Piece) -> Result<Outcome, Failure> {
    let previous = previous(env::var(PREVIOUS).ok())?;
    print_line(&format!("upgrades from {previous}"));
    // Other platforms of this stack have brought the shared tables to this build.
    lose(stack, Server::ClickhouseShared).await?;
    let mut stand = Stand::prepare(Preparation {
        program: Some(LAUNCHER.into()),
        settings: BTreeMap::from([
            (PREVIOUS.to_owned(), previous),
            // The release before reads no encrypted object.
            ("FOOTFALL__ARCHIVE__ENCRYPT".to_owned(), "false".to_owned()),
        ]),
        ..Preparation::default()
    })
    .await?;
    for sink in SINKS {
        start_sink(&mut stand, &member(sink, 0), sink);
    }
    let load = stand.load(Traffic::default(), piece.seed());
    sleep(ALONE).await;
    let mut times = Times::default();
    for upgrade in 0..piece.tries {
        let before = 2 * upgrade;
        if upgrade > 0 {
            stand.platform.set_program(LAUNCHER.into());
            for service in ["collector", "api"] {
                restart_service(&mut stand, service).await?;
            }
            replace_sinks(&mut stand, before - 1, before, &mut Times::default()).await?;
        }
        stand.platform.set_program(program(PROGRAM));
        let began = Instant::now();
        block_in_place(|| stand.platform.migrate());
        times.note("migrate", began);
        replace_sinks(&mut stand, before, before + 1, &mut times).await?;
        for service in ["api", "collector"] {
            let began = Instant::now();
            restart_service(&mut stand, service).await?;
            times.note(service, began);
        }
        stand.wait_for_progress(GOES_ON_WITHIN).await?;
    }
    load.stop().await?;
    let verdict = stand.verdict().await?;
    Ok(Outcome { figures: times.0, ..verdict.into() })
}

/// Replaces the processor of each sink. The new one runs beside the old one for a moment.
async fn replace_sinks(
    stand: &mut Stand,
    old: u64,
    new: u64,
    times: &mut Times,
) -> Result<(), Failure> {
    for sink in SINKS {
        let began = Instant::now();
        start_sink(stand, &member(sink, new), sink);
        sleep(TOGETHER).await;
        stop(stand, &member(sink, old)).await?;
        stand.wait_for_progress(GOES_ON_WITHIN).await?;
        times.note(sink, began);
    }
    Ok(())
}

fn member(sink: &str, number: u64) -> String {
    format!("{sink}-{number}")
}

/// Returns the path of the program that `named` names.
fn previous(named: Option<String>) -> Result<String, Failure> {
    let advice = "run `make faults RUN=upgrades`, which builds the release before, or set it to the path of its `footfall`";
    let Some(named) = named.filter(|named| !named.is_empty()) else {
        return Err(
            format!("{PREVIOUS} is not set, so there is no release before: {advice}").into()
        );
    };
    let path = Path::new(&named).canonicalize();
    let path = path.map_err(|error| format!("{PREVIOUS}={named}: {error}: {advice}"))?;
    Ok(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_release_before_it_says_what_to_do() {
        for missing in [None, Some(String::new()), Some("/nowhere/footfall".to_owned())] {
            let error = previous(missing).unwrap_err().to_string();
            assert!(error.contains("make faults RUN=upgrades"), "{error}");
        }
    }
}
