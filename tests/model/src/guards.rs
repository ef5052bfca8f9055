/// A guard of the protocol that can be left out, to check that the model detects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// An insert in doubt is read back, not only sent again.
    ReadBack,
    /// A batch must begin exactly at the fence, not merely at or after it.
    DenseChain,
    /// Plans and marks of a process without the lease are refused.
    Epoch,
    /// The name of an insert contains the epoch of its plan.
    NamedEpoch,
    /// A recreated topic is another log.
    Generation,
}

impl Guard {
    /// All guards.
    pub const ALL: [Self; 5] =
        [Self::ReadBack, Self::DenseChain, Self::Epoch, Self::NamedEpoch, Self::Generation];
}

/// Which guards are in place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guards {
    missing: Option<Guard>,
}

impl Guards {
    /// The whole protocol.
    pub const fn all() -> Self {
        Self { missing: None }
    }

    /// The protocol with one guard left out.
    pub const fn without(guard: Guard) -> Self {
        Self { missing: Some(guard) }
    }

    /// Returns whether this guard is in place.
    pub(crate) fn has(self, guard: Guard) -> bool {
        self.missing != Some(guard)
    }
}
