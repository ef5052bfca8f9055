/// A guard of the protocol that can be left out, to see that the model notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// A doubtful insert is read back, not only sent again.
    ReadBack,
    /// A batch must begin exactly at the fence, not merely behind it.
    DenseChain,
    /// Plans and marks are refused to whoever no longer holds the lease.
    Epoch,
    /// The name of an insert says under which epoch it was planned.
    NamedEpoch,
    /// A topic that was made anew is another log.
    Generation,
}

impl Guard {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::ReadBack, Self::DenseChain, Self::Epoch, Self::NamedEpoch, Self::Generation];
}

/// Which guards stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guards {
    missing: Option<Guard>,
}

impl Guards {
    /// The protocol as it is.
    pub const fn all() -> Self {
        Self { missing: None }
    }

    /// The protocol with one guard left out.
    pub const fn without(guard: Guard) -> Self {
        Self { missing: Some(guard) }
    }

    /// Whether this one stands.
    pub(crate) fn stands(self, guard: Guard) -> bool {
        self.missing != Some(guard)
    }
}
