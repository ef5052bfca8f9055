use control_plane::AuditVerdict;

use crate::{
    cli::AuditLogCommand, configuration::Configuration, dependencies::Dependencies, exit::Failure,
    output,
};

/// Runs `footfall audit-log …`.
pub(crate) async fn run(
    configuration: Configuration,
    command: AuditLogCommand,
) -> Result<(), Failure> {
    let AuditLogCommand::Verify { link } = command;
    let platform = Dependencies::connect(configuration).await?.platform();
    match platform.verify_audit_log(link).await? {
        AuditVerdict::Whole { last: Some(last) } => {
            output::line(&format!(
                "{} entries, none changed; the last link is {last}",
                last.number
            ));
            Ok(())
        }
        AuditVerdict::Whole { last: None } => {
            output::line("the audit log is empty");
            Ok(())
        }
        AuditVerdict::Broken { number, fault } => {
            Err(Failure::Rejected(format!("the audit log is broken at link {number}: {fault}")))
        }
        AuditVerdict::Unchained(rows) => {
            Err(Failure::Rejected(format!("{rows} rows of the audit log have no link")))
        }
    }
}
