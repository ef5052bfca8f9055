use std::thread::available_parallelism;

/// Describes the machine in a sentence.
pub(crate) fn described() -> String {
    let cores = available_parallelism().map_or("?".to_owned(), |cores| cores.to_string());
    let build = if cfg!(debug_assertions) { "dev" } else { "release" };
    let system = std::env::consts::OS;
    let processor = std::env::consts::ARCH;
    format!(
        "Machine: {cores} cores, {system} {processor}, for client, services and servers together; \
         {build} build."
    )
}
