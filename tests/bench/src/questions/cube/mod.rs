//! The same questions to Cube, a public semantic layer, about the same tables: <https://cube.dev>.
//! `infra/local/cube.sh` installs it.

mod answer;
mod question;
mod server;

use std::{
    io,
    path::{Path, PathBuf},
};

use rand::{SeedableRng, rngs::StdRng};

use self::{
    answer::Answer,
    question::{Kind, Questions},
    server::Cube,
};
use super::{
    Options,
    stand::{Api, Stand},
};
use crate::{
    Failure,
    load::{Connection, Outcome},
    measure::{Role, Table},
    shops::History,
};

pub(crate) static TABLE: Table<20> = Table {
    name: "questions: Cube",
    columns: [
        "series, p50 ms",
        "series, Cube p50 ms",
        "series, p50 ratio to Cube",
        "series, CPU ms/query",
        "series, Cube CPU ms/query",
        "series, CPU ratio to Cube",
        "campaign and placement, p50 ms",
        "campaign and placement, Cube p50 ms",
        "campaign and placement, p50 ratio to Cube",
        "campaign and placement, CPU ms/query",
        "campaign and placement, Cube CPU ms/query",
        "campaign and placement, CPU ratio to Cube",
        "device and country, p50 ms",
        "device and country, Cube p50 ms",
        "device and country, p50 ratio to Cube",
        "device and country, CPU ms/query",
        "device and country, Cube CPU ms/query",
        "device and country, CPU ratio to Cube",
        "one series again, p50 ms",
        "one series again, Cube p50 ms",
    ],
};

/// Questions of each kind whose answers are compared.
const COMPARED: usize = 20;

/// Returns the absolute path of a folder.
pub(super) fn folder(path: &str) -> io::Result<PathBuf> {
    Path::new(path).canonicalize()
}

/// Compares answers of the api and of Cube, and measures both by turns. Both are new processes, and no
/// question is asked twice in a run, so that no answer is in a cache.
///
/// # Errors
/// An answer of Cube differs, or one of both fails.
pub(super) async fn measure(
    stand: &Stand,
    history: &History,
    options: &Options,
    packages: &Path,
    round: u32,
) -> Result<[f64; 20], Failure> {
    let tenant = stand.second()?;
    let api = stand.api().await?;
    let cube = Cube::start(packages, &tenant.id).await?;
    let mut random = StdRng::seed_from_u64(options.seed.wrapping_add(u64::from(round) << 32));
    let mut figures = Vec::new();
    let mut repeated = Vec::new();
    for kind in Kind::ALL {
        let questions = Questions::random(kind, history, options.campaigns, &mut random);
        let ours = questions.ours(api.address, &tenant.read_key);
        let cubes = questions.cubes(cube.server.address, &cube.token);
        compare(kind, (&api, &ours), (&cube, &cubes)).await?;
        figures.extend(both(options, (&api, &ours), (&cube, &cubes)).await?);
        if kind == Kind::Series {
            let load = options.load(1);
            let one = |requests: &[Vec<u8>]| requests.iter().take(1).cloned().collect::<Vec<_>>();
            let again = load.saturate(api.target(&one(&ours))).await?;
            let cube_again = load.saturate(cube.server.target(&one(&cubes), 200)).await?;
            repeated = vec![again.latencies().millis(50), cube_again.latencies().millis(50)];
        }
    }
    figures.extend(repeated);
    figures.try_into().map_err(|_| "a figure is missing".into())
}

/// Measures both with one client: p50, Cube's p50, their ratio, and the same of processor time.
async fn both(
    options: &Options,
    (api, ours): (&Api, &[Vec<u8>]),
    (cube, cubes): (&Cube, &[Vec<u8>]),
) -> Result<[f64; 6], Failure> {
    let load = options.load(1);
    // Node.js compiles what runs often, and needs seconds until it has: these are not measured.
    let (_, later) = cubes.split_at(cubes.len() / 2);
    load.saturate(cube.server.target(later, 200)).await?;
    let own = load.saturate(api.target(ours)).await?;
    let other = load.saturate(cube.server.target(cubes, 200)).await?;
    let [own_p50, other_p50] = [&own, &other].map(|outcome| outcome.latencies().millis(50));
    // Cube uses neither PostgreSQL nor Redis.
    let own_cpu =
        cpu_millis(&own, &[Role::ClickHouse, Role::Measured, Role::Postgres, Role::Redis]);
    let other_cpu = cpu_millis(&other, &[Role::ClickHouse, Role::Measured]);
    Ok([own_p50, other_p50, own_p50 / other_p50, own_cpu, other_cpu, own_cpu / other_cpu])
}

/// Returns the processor time of some roles per request, in milliseconds.
fn cpu_millis(outcome: &Outcome, roles: &[Role]) -> f64 {
    roles.iter().map(|role| outcome.micros(*role)).sum::<f64>() / 1e3
}

/// Asks both the last questions, which are not measured, and compares the answers.
///
/// # Errors
/// They differ.
async fn compare(
    kind: Kind,
    (api, ours): (&Api, &[Vec<u8>]),
    (cube, cubes): (&Cube, &[Vec<u8>]),
) -> Result<(), Failure> {
    let mut to_api = Connection::open(api.address).await?;
    let mut to_cube = Connection::open(cube.server.address).await?;
    for (own, other) in ours.iter().zip(cubes).rev().take(COMPARED) {
        let expected = Answer::of_api(kind, &to_api.ask_json(own).await?)?;
        let found = Answer::of_cube(kind, &to_cube.ask_json(other).await?)?;
        if let Some(difference) = expected.difference(&found) {
            let question = String::from_utf8_lossy(own);
            return Err(format!("{difference}\n{question}").into());
        }
    }
    Ok(())
}
