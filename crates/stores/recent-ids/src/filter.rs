use std::mem::size_of;

/// Bits per key: about one in 180 absent keys is a false positive.
const BITS_PER_KEY: usize = 12;

/// A block is half a cache line.
type Block = [u32; 8];

/// One odd factor for each word of a block, as in the split block Bloom filter of Parquet:
/// <https://github.com/apache/parquet-format/blob/master/BloomFilter.md>.
const FACTORS: Block = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// A split block Bloom filter: rules out most absent keys with one memory access. Only the keys
/// themselves show whether a key is present.
#[derive(Debug)]
pub(crate) struct Filter {
    blocks: Box<[Block]>,
}

impl Filter {
    /// Creates an empty filter for `keys` keys.
    pub(crate) fn with_room_for(keys: usize) -> Self {
        Self { blocks: vec![Block::default(); Self::blocks(keys)].into() }
    }

    /// Returns the bytes of a filter for `keys` keys.
    pub(crate) fn bytes(keys: usize) -> usize {
        Self::blocks(keys) * size_of::<Block>()
    }

    /// Returns its size in bytes.
    pub(crate) fn size(&self) -> usize {
        size_of_val(&*self.blocks)
    }

    fn blocks(keys: usize) -> usize {
        (keys * BITS_PER_KEY).div_ceil(size_of::<Block>() * 8).max(1)
    }

    pub(crate) fn add(&mut self, probe: &Probe) {
        let index = self.index(probe);
        if let Some(block) = self.blocks.get_mut(index) {
            for (word, bit) in block.iter_mut().zip(&probe.bits) {
                *word |= bit;
            }
        }
    }

    pub(crate) fn may_contain(&self, probe: &Probe) -> bool {
        let missing = |block: &Block| {
            block.iter().zip(&probe.bits).fold(0, |missing, (word, bit)| missing | (bit & !word))
        };
        self.blocks.get(self.index(probe)).is_none_or(|block| missing(block) == 0)
    }

    fn index(&self, probe: &Probe) -> usize {
        // The high half of the hash, spread over the blocks without a division.
        ((probe.high * self.blocks.len() as u64) >> 32) as usize
    }
}

/// The positions of a key in any filter, computed once for many filters.
pub(crate) struct Probe {
    high: u64,
    /// A bit of each word.
    bits: Block,
}

impl Probe {
    /// Creates the probe of a key with this hash, each of whose bits must depend on the whole key:
    /// with a hash meant only for tables, up to half of sequential ids are false positives.
    pub(crate) fn new(hash: u64) -> Self {
        let low = hash as u32;
        Self { high: hash >> 32, bits: FACTORS.map(|factor| 1 << (low.wrapping_mul(factor) >> 27)) }
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use foldhash::quality::RandomState;
    use uuid::Uuid;

    use super::*;
    use crate::entry::Key;

    /// Each run of the test has another seed; it must pass with every seed.
    #[test]
    fn added_keys_are_found_and_few_others() {
        let random = |number: u128| Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_be_bytes());
        let counting_high = |number: u128| Uuid::from_u128(number << 64);
        let id: [fn(u128) -> Uuid; 3] = [random, Uuid::from_u128, counting_high];
        for id in id {
            let hasher = RandomState::default();
            let probe = |number| Probe::new(hasher.hash_one(Key::new(7, id(number))));
            let keys = 100_000;
            let mut filter = Filter::with_room_for(keys as usize);
            (0..keys).for_each(|number| filter.add(&probe(number)));
            assert!((0..keys).all(|number| filter.may_contain(&probe(number))));
            let wrong =
                (keys..2 * keys).filter(|number| filter.may_contain(&probe(*number))).count();
            assert!(wrong < 1_000, "{wrong} of {keys}, as for {}", id(1));
        }
    }
}
