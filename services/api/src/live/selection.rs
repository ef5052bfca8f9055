use std::sync::Arc;

use super::digest::Digest;

/// The campaigns of a stream, as their numbers in the views of its broadcast. Streams of the same
/// campaigns share one.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Selection {
    /// Sorted, without repetition.
    pub(crate) campaigns: Box<[u32]>,
    /// Whether these are all that the credential may see: campaigns are added when they become
    /// visible. Otherwise the client has named them.
    pub(crate) is_all: bool,
    /// The same campaigns, as other processes know them.
    pub(crate) digest: Digest,
}

/// Which of the shared selections, for as long as it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SelectionKey(usize);

impl Selection {
    pub(crate) fn key(self: &Arc<Self>) -> SelectionKey {
        SelectionKey(Arc::as_ptr(self).addr())
    }
}
