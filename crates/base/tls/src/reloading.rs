use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{TlsError, TlsSettings, files::Version};

/// How often the files are looked at: a look is three calls of the kernel.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Something made of the files of some settings, made again when the files change.
pub struct Reloading<T> {
    settings: TlsSettings,
    make: fn(&TlsSettings) -> Result<T, TlsError>,
    current: Mutex<Current<T>>,
}

struct Current<T> {
    made: T,
    /// Of the files that it was made of, or that could not be used.
    version: Version,
    /// Of files that could not be read, which is logged once.
    unreadable: Option<Version>,
    looked_at: Instant,
}

impl<T: Clone> Reloading<T> {
    /// Makes it for the first time.
    ///
    /// # Errors
    /// A file cannot be read, or does not hold what it must.
    pub fn new(
        settings: &TlsSettings,
        make: fn(&TlsSettings) -> Result<T, TlsError>,
    ) -> Result<Self, TlsError> {
        // Taken before: a file that changes meanwhile is read again.
        let version = settings.version();
        let current =
            Current { made: make(settings)?, version, unreadable: None, looked_at: Instant::now() };
        Ok(Self { settings: settings.clone(), make, current: Mutex::new(current) })
    }

    /// Returns what the files of the last second make. While they cannot be used, that is what they made before:
    /// a certificate and its key are not replaced in one moment.
    pub fn current(&self) -> T {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked_at.elapsed() >= LOOK_EVERY {
            current.looked_at = Instant::now();
            let version = self.settings.version();
            if version != current.version {
                let file = self.settings.certificate_file.display();
                match (self.make)(&self.settings) {
                    Ok(made) => {
                        current.made = made;
                        current.version = version;
                        tracing::info!(certificate = %file, "certificates were read again");
                    }
                    // A file that cannot be read this time may be readable next time.
                    Err(TlsError::Unreadable { .. })
                        if current.unreadable.as_ref() == Some(&version) => {}
                    Err(error) => {
                        match error {
                            TlsError::Unreadable { .. } => current.unreadable = Some(version),
                            _ => current.version = version,
                        }
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(error, certificate = %file, "changed certificates cannot be used: the former ones apply");
                    }
                }
            }
        }
        current.made.clone()
    }
}

impl<T> fmt::Debug for Reloading<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Reloading").field("settings", &self.settings).finish_non_exhaustive()
    }
}
