use std::path::Path;

use crate::{cli::ConfigCommand, configuration::Configuration, exit::Failure, output};

/// Checks or shows the settings in effect.
pub(crate) fn run(command: ConfigCommand, file: Option<&Path>) -> Result<(), Failure> {
    let (_, origins) = Configuration::load_explained(file).map_err(Failure::usage)?;
    match command {
        ConfigCommand::Check => output::line("the settings are valid"),
        ConfigCommand::Show => {
            let assigned = |origin: &settings::Origin| format!("{} = {}", origin.key, origin.value);
            let width = origins.iter().map(|origin| assigned(origin).len()).max().unwrap_or(0);
            for origin in &origins {
                output::line(&format!("{:width$}  # {}", assigned(origin), origin.source));
            }
        }
    }
    Ok(())
}
