use auth::KeyId;
use clap::Subcommand;

/// `footfall keys …`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Print how each signing key is used
    Status,
    /// Make another key that signs access tokens, ten minutes from now
    #[command(after_help = "\
Every process reads it within seconds and accepts its tokens at once. Tokens of the former key are accepted
until all of them have expired.

Example:
  footfall keys add-signing-key")]
    AddSigningKey,
    /// Remove a signing key: its tokens are refused within five seconds
    #[command(after_help = "\
Remove a key that `footfall keys status` shows as expired. Remove one that is used if somebody has a copy of it:
clients refresh their tokens. The only key cannot be removed.

Example:
  footfall keys remove-signing-key 3f0a9c51d2e87b46")]
    RemoveSigningKey {
        /// The key's id
        #[arg(value_name = "KID")]
        id: KeyId,
    },
}
