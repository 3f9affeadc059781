//! The one error type. Every variant has a stable machine-readable [`Error::code`] and a message that says what was
//! expected, what was found, where, and what to do.

use std::fmt::Display;

pub(crate) use crate::json::show;

/// Everything that can go wrong between a model file and a list of recommendations.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The bytes are not a Proclivity model at all, or are cut short.
    #[error("not a usable model file: {detail}; export it again with `proclivity train`")]
    ModelFormat { detail: String },

    /// The file is a Proclivity model of a version that this build does not read.
    #[error(
        "model version: expected {expected}, found {found}; use a matching trainer and engine, or export the model again"
    )]
    ModelVersion { expected: u32, found: String },

    /// One tensor is missing, has another type or shape than the manifest says, or holds values that cannot be used.
    #[error("tensor `{tensor}`: {detail}; export the model again")]
    Tensor { tensor: String, detail: String },

    /// A tensor's bytes do not match the hash the exporter stored: the file was edited or damaged on its way.
    #[error(
        "tensor `{tensor}`: expected sha256 {expected}, found {found}; the file was changed after export, fetch it again"
    )]
    Integrity { tensor: String, expected: String, found: String },

    /// An item id that the catalogue does not hold.
    #[error("item `{id}` is not in the catalogue of {items} items; pass an id the model was trained with")]
    UnknownItem { id: String, items: usize },

    /// An argument of a call cannot be used.
    #[error("argument `{argument}`: expected {expected}, found {found}")]
    Argument { argument: String, expected: String, found: String },

    /// The memory for a model or a query was refused.
    #[error("out of memory: {bytes} bytes for {purpose} were refused; use a smaller model or close other pages")]
    OutOfMemory { bytes: usize, purpose: &'static str },

    /// A delta that cannot be applied to the model that is loaded.
    #[error("delta: expected {expected}, found {found}; fetch the delta for this model, or load the whole new model")]
    Delta { expected: String, found: String },

    /// The asked-for backend is not to be had on this device.
    #[error("backend `{backend}` is not available: {reason}")]
    BackendUnavailable { backend: &'static str, reason: String },

    /// The GPU failed while it worked.
    #[error("GPU: {detail}")]
    Gpu { detail: String },

    /// A backend does not give the answers that the exporter stored in the file.
    #[error("backend `{backend}` fails golden query {query}: {detail}")]
    Golden { backend: &'static str, query: usize, detail: String },
}

impl Error {
    /// A stable code in snake case, the same in every release, for programs to switch on.
    pub fn code(&self) -> &'static str {
        match self {
            Error::ModelFormat { .. } => "model_format",
            Error::ModelVersion { .. } => "model_version",
            Error::Tensor { .. } => "model_tensor",
            Error::Integrity { .. } => "model_integrity",
            Error::UnknownItem { .. } => "unknown_item",
            Error::Argument { .. } => "argument",
            Error::OutOfMemory { .. } => "out_of_memory",
            Error::Delta { .. } => "delta",
            Error::BackendUnavailable { .. } => "backend_unavailable",
            Error::Gpu { .. } => "gpu",
            Error::Golden { .. } => "golden_mismatch",
        }
    }

    pub(crate) fn format(detail: impl Display) -> Box<Error> {
        boxed(Error::ModelFormat { detail: text(&detail) })
    }

    pub(crate) fn tensor(tensor: &str, detail: impl Display) -> Box<Error> {
        unusable_tensor(tensor, &detail)
    }

    pub(crate) fn argument(argument: &str, expected: impl Display, found: impl Display) -> Box<Error> {
        unusable_argument(argument, &expected, &found)
    }

    pub(crate) fn out_of_memory(bytes: usize, purpose: &'static str) -> Box<Error> {
        boxed(Error::OutOfMemory { bytes, purpose })
    }

    pub(crate) fn no_gpu(reason: impl Display) -> Box<Error> {
        boxed(Error::BackendUnavailable { backend: "webgpu", reason: text(&reason) })
    }

    #[cfg(feature = "gpu")]
    pub(crate) fn gpu(detail: impl Display) -> Box<Error> {
        boxed(Error::Gpu { detail: text(&detail) })
    }
}

// One copy each for the many places that make errors.

#[inline(never)]
fn unusable_tensor(tensor: &str, detail: &dyn Display) -> Box<Error> {
    boxed(Error::Tensor { tensor: tensor.to_owned(), detail: text(detail) })
}

#[inline(never)]
fn unusable_argument(argument: &str, expected: &dyn Display, found: &dyn Display) -> Box<Error> {
    boxed(Error::Argument { argument: argument.to_owned(), expected: text(expected), found: text(found) })
}

#[inline(never)]
fn text(shown: &dyn Display) -> String {
    format!("{shown}")
}

#[inline(never)]
fn boxed(error: Error) -> Box<Error> {
    Box::new(error)
}

/// Short for a result with this crate's [`Error`]: boxed, so that handing results on stays small and fast.
pub type Result<T, E = Box<Error>> = std::result::Result<T, E>;
