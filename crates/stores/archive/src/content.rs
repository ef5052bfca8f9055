//! The bytes of an object: the places of its records in clear, and then, for each tenant, its records, encrypted with
//! its data key. Both are Parquet. An object of an earlier build is Parquet as a whole, in clear.

use std::collections::{BTreeMap, BTreeSet};

use auth::{DataKey, DataKeyState, DataKeys};
use bytes::Bytes;
use parquet::errors::ParquetError;
use serde::{Deserialize, Serialize};
use tenancy::ClientId;

use crate::{ArchiveError, ArchivedRecord, ObjectKey, file, object::digest};

/// How an encrypted object begins; Parquet begins with `PAR1`. The version of the form follows.
const MAGIC: &[u8] = b"footfall";
const VERSION: u8 = 1;

/// What an object says of itself in clear, as JSON.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// The size of the places, in bytes.
    places: u64,
    /// The blocks, in their order. That of the platform is always there, and empty if nothing belongs into it.
    blocks: Vec<Block>,
}

/// The encrypted records of one owner of a data key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    owner: String,
    /// The id of the data key.
    key: String,
    /// The size, in bytes.
    bytes: u64,
}

/// The bytes of an object, taken apart.
#[derive(Debug)]
pub(crate) enum Content {
    /// Of an earlier build.
    Clear(Bytes),
    Encrypted(Encrypted),
}

#[derive(Debug)]
pub(crate) struct Encrypted {
    /// SHA-256 of everything before the blocks.
    start: [u8; 32],
    places: Bytes,
    blocks: Vec<(Block, Bytes)>,
}

/// Returns whose data keys are needed to write these records.
pub(crate) fn owners(records: &[ArchivedRecord]) -> BTreeSet<String> {
    let named: BTreeSet<&str> = records.iter().filter_map(tenant_of).collect();
    named.into_iter().chain([DataKey::PLATFORM]).map(str::to_owned).collect()
}

/// Writes an object. Each record is encrypted with the data key of its tenant, or with that of the platform if no
/// known tenant has it; of a tenant whose key was destroyed, only places are written. The same records and keys make the
/// same bytes.
pub(crate) fn write(
    key: ObjectKey,
    records: &[ArchivedRecord],
    keys: &DataKeys,
) -> Result<Vec<u8>, ArchiveError> {
    let mut owned = BTreeMap::<&str, Vec<ArchivedRecord>>::new();
    for record in records.iter().filter(|record| !record.is_erased()) {
        let state = tenant_of(record).and_then(|tenant| Some((tenant, keys.get(tenant)?)));
        let owner = match state {
            Some((_, DataKeyState::Destroyed)) => continue,
            Some((tenant, DataKeyState::Kept(_))) => tenant,
            None => DataKey::PLATFORM,
        };
        owned.entry(owner).or_default().push(record.clone());
    }
    // Proves the places, even if no record is left.
    owned.entry(DataKey::PLATFORM).or_default();
    let places: Vec<_> = records.iter().map(ArchivedRecord::place).collect();
    let places = write_clear(key, &places)?;
    let mut head = Head { places: places.len() as u64, blocks: Vec::new() };
    let mut contents = Vec::new();
    for (owner, records) in &owned {
        let Some(DataKeyState::Kept(data_key)) = keys.get(*owner) else {
            return Err(ArchiveError::locked(key, owner, "any", None));
        };
        let content = if records.is_empty() { Vec::new() } else { write_clear(key, records)? };
        let bytes = content.len() as u64 + DataKey::OVERHEAD;
        let (owner, id) = ((*owner).to_owned(), data_key.id().to_owned());
        head.blocks.push(Block { owner, key: id, bytes });
        contents.push((data_key, content));
    }
    let unwritable = |reason: String| ArchiveError::Unwritable {
        object: key,
        source: ParquetError::General(reason),
    };
    let head_json = serde_json::to_vec(&head).map_err(|error| unwritable(error.to_string()))?;
    let size = u32::try_from(head_json.len()).map_err(|error| unwritable(error.to_string()))?;
    let mut bytes = [MAGIC, &[VERSION], &size.to_be_bytes(), &head_json, &places].concat();
    let start = digest(&bytes);
    for (block, (data_key, content)) in head.blocks.iter().zip(contents) {
        let encrypted = data_key.encrypt(&content, &place_of(key, &block.owner, &start));
        bytes.extend(encrypted.map_err(|error| unwritable(error.to_string()))?);
    }
    Ok(bytes)
}

/// Writes an object in clear.
pub(crate) fn write_clear(
    key: ObjectKey,
    records: &[ArchivedRecord],
) -> Result<Vec<u8>, ArchiveError> {
    let unwritable = |source| ArchiveError::Unwritable { object: key, source };
    file::write(&key, records).map_err(unwritable)
}

impl Content {
    /// Takes an object apart. Nothing is decrypted yet.
    pub(crate) fn parse(key: ObjectKey, bytes: Bytes) -> Result<Self, ArchiveError> {
        if !bytes.starts_with(MAGIC) {
            return Ok(Self::Clear(bytes));
        }
        let cut = "it is truncated, or this build does not know its form";
        Encrypted::parse(&bytes).map(Self::Encrypted).ok_or(cut).map_err(ArchiveError::damaged(key))
    }

    /// Returns whose data keys are needed to read it.
    pub(crate) fn owners(&self) -> BTreeSet<String> {
        match self {
            Self::Clear(_) => BTreeSet::new(),
            Self::Encrypted(Encrypted { blocks, .. }) => {
                blocks.iter().map(|(block, _)| block.owner.clone()).collect()
            }
        }
    }

    /// Returns the records. Of a tenant whose data key was destroyed, the places are left.
    pub(crate) fn records(
        self,
        key: ObjectKey,
        keys: &DataKeys,
    ) -> Result<Vec<ArchivedRecord>, ArchiveError> {
        let Encrypted { start, places, blocks } = match self {
            Self::Clear(bytes) => return file::read(bytes).map_err(ArchiveError::damaged(key)),
            Self::Encrypted(encrypted) => encrypted,
        };
        // The blocks come first: they prove that the places are unchanged. That of the platform is in every object, and
        // its key is never destroyed.
        if !blocks.iter().any(|(block, _)| block.owner == DataKey::PLATFORM) {
            let reason = "it lacks the block that proves its places";
            return Err(ArchiveError::damaged(key)(reason));
        }
        let mut contents = Vec::new();
        for (block, bytes) in blocks {
            let Block { owner, key: needed, .. } = &block;
            let data_key = match keys.get(owner) {
                Some(DataKeyState::Destroyed) => continue,
                Some(DataKeyState::Kept(data_key)) if data_key.id() == needed => data_key,
                Some(DataKeyState::Kept(other)) => {
                    return Err(ArchiveError::locked(key, owner, needed, Some(other)));
                }
                None => return Err(ArchiveError::locked(key, owner, needed, None)),
            };
            let altered =
                |_| format!("what it has of {owner} was altered, or is of another object");
            let content = data_key.decrypt(&bytes, &place_of(key, owner, &start));
            contents.push(content.map_err(altered).map_err(ArchiveError::damaged(key))?);
        }
        let mut records = file::read(places).map_err(ArchiveError::damaged(key))?;
        for content in contents.into_iter().filter(|content| !content.is_empty()) {
            for record in file::read(content.into()).map_err(ArchiveError::damaged(key))? {
                let index = records.binary_search_by_key(&record.offset, |place| place.offset);
                let place = records.get_mut(index.unwrap_or(usize::MAX));
                let place = place.ok_or("a record has no place in it");
                *place.map_err(ArchiveError::damaged(key))? = record;
            }
        }
        Ok(records)
    }
}

impl Encrypted {
    fn parse(bytes: &Bytes) -> Option<Self> {
        let mut rest = bytes.clone();
        take(&mut rest, MAGIC.len() as u64)?;
        if take(&mut rest, 1)?.first() != Some(&VERSION) {
            return None;
        }
        let size = u32::from_be_bytes(*take(&mut rest, 4)?.first_chunk()?);
        let head: Head = serde_json::from_slice(&take(&mut rest, size.into())?).ok()?;
        let places = take(&mut rest, head.places)?;
        let start = digest(bytes.get(..bytes.len().checked_sub(rest.len())?)?);
        let mut blocks = Vec::new();
        for block in head.blocks {
            let encrypted = take(&mut rest, block.bytes)?;
            blocks.push((block, encrypted));
        }
        rest.is_empty().then_some(Self { start, places, blocks })
    }
}

fn take(rest: &mut Bytes, count: u64) -> Option<Bytes> {
    let count = usize::try_from(count).ok().filter(|count| *count <= rest.len())?;
    Some(rest.split_to(count))
}

/// Returns what a block is bound to: its owner, the name of its object, and everything before the blocks. So no block
/// can be left out, or be read in another object or as another tenant's.
fn place_of(key: ObjectKey, owner: &str, start: &[u8; 32]) -> Vec<u8> {
    format!("archive v{VERSION}\n{key}\n{owner}\n{}", hex::encode(start)).into_bytes()
}

/// Returns the tenant that the key of a record names, whether it exists or not.
fn tenant_of(record: &ArchivedRecord) -> Option<&str> {
    let key = str::from_utf8(record.key.as_deref()?).ok()?;
    key.parse::<ClientId>().is_ok().then_some(key)
}
