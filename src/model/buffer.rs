//! The bytes of a model file, taken chunk by chunk straight into their final, aligned place.

use crate::error::{Error, Result};

/// An 8-byte-aligned, growable byte buffer: tensors of up to 8-byte elements can be viewed in it without a copy.
#[derive(Debug, Default, Clone)]
pub struct ModelBuffer {
    words: Vec<u64>,
    len: usize,
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

    /// Appends `chunk`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when the room is refused; the buffer is then unchanged.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        let end = self.len + chunk.len();
        self.reserve(end)?;
        self.words.resize(end.div_ceil(8), 0);
        bytemuck::cast_slice_mut::<u64, u8>(&mut self.words)[self.len..end].copy_from_slice(chunk);
        self.len = end;
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

    fn reserve(&mut self, bytes: usize) -> Result<()> {
        let words = bytes.div_ceil(8);
        let missing = words.saturating_sub(self.words.len());
        self.words.try_reserve(missing).map_err(|_| Error::OutOfMemory { bytes, purpose: "the model file" })
    }
}

impl TryFrom<&[u8]> for ModelBuffer {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<ModelBuffer> {
        let mut buffer = ModelBuffer::with_capacity(bytes.len())?;
        buffer.push(bytes)?;
        Ok(buffer)
    }
}
