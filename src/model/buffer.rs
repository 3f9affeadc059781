//! The bytes of a model file, taken chunk by chunk straight into their final, aligned place.

use super::header::announced_length;
use crate::error::{Error, Result};

/// Largest room made on the word of a header alone; beyond it, room is made as bytes arrive. It is address space rather than
/// memory: pages that nothing was written to take none.
const TRUSTED: usize = 1 << 29;

/// An 8-byte-aligned, growable byte buffer: tensors of up to 8-byte elements can be viewed in it without a copy.
#[derive(Debug, Default, Clone)]
pub struct ModelBuffer {
    words: Vec<u64>,
    len: usize,
    /// The header has been read, and room made for what it announces.
    announced: bool,
}

impl ModelBuffer {
    /// An empty buffer with room for `expected` bytes (0 when the length is not known).
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when the room is refused.
    pub fn with_capacity(expected: usize) -> Result<ModelBuffer> {
        let mut buffer = ModelBuffer::default();
        buffer.reserve(expected)?;
        Ok(buffer)
    }

    /// Appends `chunk`. Once the header is complete, room is made for the whole file it announces.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when the room is refused; the buffer is then unchanged.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.push_with(chunk.len(), |place| place.copy_from_slice(chunk))
    }

    /// As [`ModelBuffer::push`], for `bytes` bytes that `fill` writes.
    ///
    /// # Errors
    /// As [`ModelBuffer::push`].
    pub fn push_with(&mut self, bytes: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let end = self.len.checked_add(bytes).ok_or(refused(usize::MAX))?;
        self.reserve(end)?;
        self.words.resize(end.div_ceil(8), 0);
        fill(&mut bytemuck::cast_slice_mut::<u64, u8>(&mut self.words)[self.len..end]);
        self.len = end;
        if !self.announced
            && let Some(total) = announced_length(self.as_bytes())
        {
            self.announced = true;
            if total > isize::MAX as usize {
                return Err(refused(total)); // more than any memory holds
            }
            self.reserve(total.min(TRUSTED))?;
        }
        Ok(())
    }

    /// The bytes so far.
    pub fn as_bytes(&self) -> &[u8] {
        &bytemuck::cast_slice::<u64, u8>(&self.words)[..self.len]
    }

    /// How many bytes it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Room for `bytes` bytes in all. What was announced gets exactly that; otherwise an eighth more than is there, so that
    /// growing takes few steps and wastes little.
    fn reserve(&mut self, bytes: usize) -> Result<()> {
        let (words, room) = (bytes.div_ceil(8), self.words.capacity());
        if words > room {
            let wanted = words.max(room + room / 8);
            self.words.try_reserve_exact(wanted - self.words.len()).map_err(|_| refused(bytes))?;
        }
        Ok(())
    }
}

fn refused(bytes: usize) -> Box<Error> {
    Error::out_of_memory(bytes, "the model file")
}

impl TryFrom<&[u8]> for ModelBuffer {
    type Error = Box<Error>;

    fn try_from(bytes: &[u8]) -> Result<ModelBuffer> {
        let mut buffer = ModelBuffer::with_capacity(bytes.len())?;
        buffer.push(bytes)?;
        Ok(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The start of a file whose one tensor has `bytes` bytes.
    fn announcing(bytes: u64) -> Vec<u8> {
        let json = format!(r#"{{"t":{{"dtype":"U8","shape":[{bytes}],"data_offsets":[0,{bytes}]}}}}"#);
        [&(json.len() as u64).to_le_bytes(), json.as_bytes()].concat()
    }

    #[test]
    fn room_is_made_once_for_what_the_header_announces() {
        let start = announcing(100_000);
        let mut buffer = ModelBuffer::default();
        start.chunks(7).for_each(|chunk| buffer.push(chunk).expect("small"));
        let place = buffer.as_bytes().as_ptr();
        for n in 0..1000u32 {
            buffer.push(&[n as u8; 100]).expect("small");
        }
        assert_eq!(buffer.as_bytes().as_ptr(), place, "the bytes stay where they are");
        assert_eq!(buffer.words.capacity(), (start.len() + 100_000).div_ceil(8));
        assert_eq!(buffer.as_bytes()[..start.len()], start);
        assert!(buffer.as_bytes()[start.len()..].chunks(100).zip(0..1000u32).all(|(c, n)| c == [n as u8; 100]));
    }

    #[test]
    fn a_header_is_not_taken_at_its_word_for_more_than_a_limit() {
        let mut buffer = ModelBuffer::default();
        buffer.push(&announcing(1 << 40)).expect("as far as it goes");
        assert!(buffer.words.capacity() * 8 <= TRUSTED);
    }

    #[test]
    fn what_is_no_header_is_taken_as_it_comes() {
        for start in [&[0u8; 64][..], b"\x02\0\0\0\0\0\0\0{]", &[255; 64]] {
            let mut buffer = ModelBuffer::default();
            start.iter().for_each(|byte| buffer.push(&[*byte]).expect("small"));
            assert_eq!(buffer.as_bytes(), start);
        }
    }
}
