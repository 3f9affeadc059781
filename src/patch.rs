//! Deltas: what makes one model file of another, as the trainer's `delta` writes it.
//!
//! `PROCDLT1`; the sha256 of the file it is for and that of the file it makes, 32 bytes each; the length of the latter, U32; then, until
//! the end, three U32 each time: from where in the file it is for to copy, how many bytes, and how many bytes follow that come after
//! these. Little-endian.

use crate::error::{Error, Result};
use crate::model::{ModelBuffer, sha256_hex};

/// How a delta begins.
pub const DELTA_MAGIC: &[u8; 8] = b"PROCDLT1";
/// Bytes before the first step.
const HEAD: usize = 8 + 32 + 32 + 4;

/// The file that `delta` makes of `base`, held to its hash.
///
/// # Errors
/// [`Error::Delta`] for what is no delta, is for another file, or was damaged; [`Error::OutOfMemory`].
pub fn apply_delta(base: &[u8], delta: &[u8]) -> Result<ModelBuffer> {
    let refused = |expected: &str, found: &str| -> Box<Error> {
        Box::new(Error::Delta { expected: expected.to_owned(), found: found.to_owned() })
    };
    let cut_short = || refused("a whole delta", "one that is cut short or damaged");
    if delta.len() < HEAD || !delta.starts_with(DELTA_MAGIC) {
        return Err(refused("a delta of `proclivity delta`", "something else"));
    }
    let own = sha256_hex(base);
    let hash = |at: usize| delta[at..at + 32].iter().flat_map(|&byte| [byte >> 4, byte & 15]);
    let is = |hex: &str, at: usize| hex.bytes().eq(hash(at).map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    if !is(&own, 8) {
        return Err(refused("a delta for the model that is loaded", "one for another model"));
    }
    let (length, mut rest) = number(&delta[HEAD - 4..]).ok_or_else(cut_short)?;
    let mut file = ModelBuffer::default();
    while !rest.is_empty() {
        let (from, after) = number(rest).ok_or_else(cut_short)?;
        let (copied, after) = number(after).ok_or_else(cut_short)?;
        let (fresh, after) = number(after).ok_or_else(cut_short)?;
        let end = from.checked_add(copied).ok_or_else(cut_short)?;
        file.push(base.get(from..end).ok_or_else(cut_short)?)?;
        file.push(after.get(..fresh).ok_or_else(cut_short)?)?;
        rest = &after[fresh..];
        if file.len() > length {
            return Err(cut_short());
        }
    }
    match file.len() == length && is(&sha256_hex(file.as_bytes()), 40) {
        true => Ok(file),
        false => Err(cut_short()),
    }
}

/// The number at the start, and what comes after it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number) as usize, rest))
}
