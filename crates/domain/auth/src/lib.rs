#![doc = include_str!("../README.md")]

mod api_key;
mod authority;
mod claims;
mod data_key;
mod invitation_token;
mod key_encryption_key;
mod password;
mod permission;
mod principal;
mod random;
mod refresh_token;
mod sealer;
mod second_factor;
mod second_factor_store;
mod shared;
mod signing_key;
mod signing_keys;
mod store;
mod token;

pub use api_key::{ApiKey, ApiKeyError, ApiKeyId, SecretHash};
pub use authority::{Authority, KeyKind, Role, UnknownAuthority};
pub use claims::Claims;
pub use data_key::{DataKey, DataKeyState, DataKeyStore, DataKeyStoreError, DataKeys};
pub use invitation_token::{InvitationToken, InvitationTokenError};
pub use key_encryption_key::{KeyEncryptionKey, KeyEncryptionKeyId, KeySource, KeySourceError};
pub use password::{Password, PasswordError, PasswordHash};
pub use permission::{
    Action, ErasePersons, ManageAdminAccount, ManageAdvertisers, ManageApiKeys, ManageCampaigns,
    ManageClusters, ManageDimensions, ManageOwnAccount, ManageParked, ManageTenants, ManageUsers,
    PlatformPermission, ReadAuditLog, ReadCampaigns, ReadParked, ReadProducts, ReadRejects,
    ReadReports, ReadUsage, ResubmitRejects, TenantPermission, WriteEvents,
};
pub use principal::{CampaignScope, Principal, Subject, SubjectError};
pub use random::RandomError;
pub use refresh_token::{RefreshToken, RefreshTokenError};
pub use sealer::{SealError, SealedField, Sealer};
pub use second_factor::{RecoveryCode, RecoveryCodeError, TotpSecret};
pub use second_factor_store::{SecondFactorStore, StoredSecondFactor};
pub use signing_key::{JsonWebKey, JsonWebKeySet, KeyId, SigningKey, SigningKeyError};
pub use signing_keys::{SigningKeyUse, SigningKeys};
pub use store::{
    ContinuedSession, CredentialStore, CredentialStoreError, EndedSessions, FormerSecret,
    NewRefreshToken, NewSession, Rotation, SecurityEvent, SessionStore, SigningKeyStore,
    StoredApiKey, StoredInvitation, StoredSession, StoredSigningKey, StoredUser, UnspentSession,
};
pub use token::{Grant, IssuedToken, TokenError, TokenSigner, TokenVerifier};
