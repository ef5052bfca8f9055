use std::sync::{Arc, PoisonError, RwLock};

/// A value that every clone of its holder sees, and that may be replaced while they use it.
pub(crate) struct Shared<T>(Arc<RwLock<Arc<T>>>);

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(value))))
    }

    /// Returns the value of this moment.
    pub(crate) fn get(&self) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the value by what `change` makes of it; leaves it if that is `None`.
    pub(crate) fn update(&self, change: impl FnOnce(&T) -> Option<T>) {
        let mut value = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(changed) = change(&value) {
            *value = Arc::new(changed);
        }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
