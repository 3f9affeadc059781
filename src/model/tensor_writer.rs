//! A safetensors file under construction: named tensors in, bytes out, the same bytes for the same tensors.

use std::collections::BTreeMap;

use safetensors::tensor::TensorView;

use super::header::Dtype;
use super::manifest::{FORMAT, FORMAT_VERSION, Manifest};
use super::tensors::sha256_hex;
use crate::error::{Error, Result};

/// The tensors of a file under construction.
#[derive(Default)]
pub(crate) struct TensorWriter(Vec<(String, Dtype, Vec<usize>, Vec<u8>)>);

impl TensorWriter {
    pub fn add(&mut self, name: &str, dtype: Dtype, shape: &[usize], bytes: Vec<u8>) {
        self.0.push((name.to_owned(), dtype, shape.to_vec(), bytes));
    }

    pub fn add_f32(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        self.add(name, Dtype::F32, shape, bytemuck::cast_slice(values).to_vec());
    }

    pub fn add_u32(&mut self, name: &str, shape: &[usize], values: &[u32]) {
        self.add(name, Dtype::U32, shape, bytemuck::cast_slice(values).to_vec());
    }

    pub fn add_strings(&mut self, name: &str, values: &[String]) {
        let mut offsets = vec![0u32];
        let mut bytes = Vec::new();
        for value in values {
            bytes.extend_from_slice(value.as_bytes());
            offsets.push(bytes.len() as u32);
        }
        self.add_u32(&format!("{name}.offsets"), &[offsets.len()], &offsets);
        self.add(&format!("{name}.bytes"), Dtype::U8, &[bytes.len()], bytes);
    }

    pub fn serialize(&self, manifest: &Manifest) -> Result<Vec<u8>> {
        let sha256 = self.0.iter().map(|(name, .., bytes)| (name.clone(), sha256_hex(bytes))).collect();
        let manifest = Manifest { sha256, ..manifest.clone() };
        let refused = |e: &dyn std::fmt::Display| Error::format(format_args!("could not be written ({e})"));
        let json = manifest.to_json().to_string();
        let metadata = [("format", FORMAT.to_owned()), ("version", FORMAT_VERSION.to_string()), ("model", json)];
        let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let views = self.0.iter().map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(stored(*dtype), shape.clone(), bytes).map_err(|e| refused(&e))?;
            Ok((name.as_str(), view))
        });
        let views = views.collect::<Result<Vec<_>>>()?;
        let mut bytes = safetensors::serialize(views, Some(metadata)).map_err(|e| refused(&e))?;
        sort_header(&mut bytes).map_err(|e| refused(&e))?;
        Ok(bytes)
    }
}

/// Rewrites the JSON header with sorted keys, in place: the safetensors crate writes `__metadata__` in hash order, and the
/// same model should be the same bytes.
fn sort_header(bytes: &mut [u8]) -> serde_json::Result<()> {
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let header: BTreeMap<String, BTreeMap<String, serde_json::Value>> = serde_json::from_slice(&bytes[8..8 + length])?;
    let sorted = serde_json::to_string(&header)?;
    let (text, padding) = bytes[8..8 + length].split_at_mut(sorted.len());
    text.copy_from_slice(sorted.as_bytes());
    padding.fill(b' ');
    Ok(())
}

fn stored(dtype: Dtype) -> safetensors::Dtype {
    match dtype {
        Dtype::I8 => safetensors::Dtype::I8,
        Dtype::U8 => safetensors::Dtype::U8,
        Dtype::F16 => safetensors::Dtype::F16,
        Dtype::Bf16 => safetensors::Dtype::BF16,
        Dtype::F32 => safetensors::Dtype::F32,
        Dtype::U16 => safetensors::Dtype::U16,
        Dtype::U32 => safetensors::Dtype::U32,
    }
}
