use auth::KeyId;
use clap::Subcommand;

/// `footfall keys …`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Print how each signing key is used, and how many secrets each key encryption key has sealed
    Status,
    /// Rewrap every sealed secret with the current key encryption key; the exit code is 4 if one cannot be
    #[command(after_help = "\
Every process must have the key that is current now and the one before (secrets.key_encryption_key and
secrets.other_key_encryption_keys). Secrets are rewrapped in pieces while everything runs, and are not opened.
A run that was interrupted is repeated: it goes on with what is left.

Example:
  footfall keys rotate")]
    Rotate,
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
