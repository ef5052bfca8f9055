use std::{fmt, fs, process::Command, thread::available_parallelism};

/// The machine and the commit of a run.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    cores: String,
    model: String,
    build: &'static str,
    /// The commit of this checkout; `+` after it means that files differ from it.
    pub(crate) commit: String,
}

impl Machine {
    /// Describes this machine.
    pub(crate) fn this() -> Self {
        let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = information.lines().find_map(|line| line.strip_prefix("model name"));
        let model =
            model.map_or(std::env::consts::ARCH, |text| text.trim_start_matches([' ', '\t', ':']));
        Self {
            cores: available_parallelism().map_or("?".to_owned(), |cores| cores.to_string()),
            model: model.split_whitespace().collect::<Vec<_>>().join(" "),
            build: if cfg!(debug_assertions) { "dev" } else { "release" },
            commit: commit(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cores, model, build, .. } = self;
        write!(out, "{cores} × {model}, {build} build")
    }
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else {
        return "unknown".to_owned();
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]);
    let clean = changed
        .is_some_and(|files| files.lines().all(|file| file.ends_with("docs/performance.md")));
    if clean { commit } else { commit + "+" }
}
