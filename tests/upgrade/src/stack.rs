use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Private servers beside those of the environment: `infra/local/stack.sh` with another folder and
/// other ports. Wiped when dropped.
pub struct Stack {
    folder: PathBuf,
    port: u16,
}

impl Stack {
    /// Creates a stack in `folder`, on ports from `port` on. Nothing is started yet.
    pub fn at(folder: PathBuf, port: u16) -> Self {
        Self { folder, port }
    }

    /// Returns the folder of its servers' data.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the stopped servers.
    pub fn up(&self) {
        self.script("up");
    }

    /// Stops every server; the data stays.
    pub fn down(&self) {
        self.script("down");
    }

    /// Stops every server and removes its data.
    pub fn wipe(&self) {
        self.script("wipe");
    }

    /// Returns the addresses and passwords of its servers, as `footfall` reads them.
    pub fn settings(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.folder.join("stack.env")).expect("a stack that is up");
        let setting = |line: &str| {
            let (variable, value) = line.split_once('=')?;
            Some((variable.to_owned(), value.to_owned()))
        };
        text.lines().filter_map(setting).collect()
    }

    fn script(&self, command: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/local/stack.sh");
        let mut process = Command::new(script);
        // stack.sh would use servers that the environment names.
        for (variable, _) in env::vars() {
            if variable.starts_with("FOOTFALL_") && variable != "FOOTFALL_CACHE_DIR" {
                process.env_remove(variable);
            }
        }
        process.env("FOOTFALL_STACK_DIR", &self.folder);
        process.env("FOOTFALL_STACK_PORT", self.port.to_string());
        let output = process.arg(command).output().expect("stack.sh starts");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(output.status.success(), "stack.sh {command}: {}\n{text}", output.status);
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return self.wipe();
        }
        // A second panic would abort the program.
        let _ = std::panic::catch_unwind(|| self.wipe());
    }
}
