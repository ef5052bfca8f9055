use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};

/// What AWS writes into the environment of a process that has a role: on EKS (Pod Identity, and IRSA), and on ECS.
const VARIABLES: [AmazonS3ConfigKey; 6] = [
    AmazonS3ConfigKey::ContainerCredentialsFullUri,
    AmazonS3ConfigKey::ContainerAuthorizationTokenFile,
    AmazonS3ConfigKey::ContainerCredentialsRelativeUri,
    AmazonS3ConfigKey::WebIdentityTokenFile,
    AmazonS3ConfigKey::RoleArn,
    AmazonS3ConfigKey::RoleSessionName,
];

/// Lets a client use the role of this process, if its environment (`variable`) names one; otherwise it asks the machine
/// for its role. Other variables, such as an endpoint, change nothing: those are settings of Footfall.
pub(crate) fn with_role(
    builder: AmazonS3Builder,
    variable: impl Fn(&str) -> Option<String>,
) -> AmazonS3Builder {
    VARIABLES.into_iter().fold(builder, |builder, key| {
        match variable(&key.as_ref().to_uppercase()) {
            Some(value) => builder.with_config(key, value),
            None => builder,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pods_role_is_used_and_nothing_else_of_its_environment() {
        let environment = |name: &str| match name {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI" => Some("http://169.254.170.23/v1".to_owned()),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" => Some("/var/run/token".to_owned()),
            "AWS_ENDPOINT_URL" | "AWS_ACCESS_KEY_ID" => Some("https://elsewhere".to_owned()),
            _ => None,
        };
        let builder = with_role(AmazonS3Builder::new(), environment);
        let value = |key| builder.get_config_value(&key);
        let uri = value(AmazonS3ConfigKey::ContainerCredentialsFullUri);
        assert_eq!(uri.as_deref(), Some("http://169.254.170.23/v1"));
        let file = value(AmazonS3ConfigKey::ContainerAuthorizationTokenFile);
        assert_eq!(file.as_deref(), Some("/var/run/token"));
        assert_eq!(value(AmazonS3ConfigKey::Endpoint), None);
        assert_eq!(value(AmazonS3ConfigKey::AccessKeyId), None);
    }
}
