//! How numbers of a table are stored, as a flag.

use std::fmt;

use clap::ValueEnum;
use proclivity::model::Precision;
use serde::Serialize;

/// Numbers of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stored {
    /// Two to a byte, scored as int8
    Int4,
    Int8,
    F16,
    F32,
}

impl Stored {
    /// The next that takes less room and is scored as fast; none below int4.
    pub fn smaller(self) -> Option<Stored> {
        match self {
            Stored::Int4 => None,
            Stored::Int8 => Some(Stored::Int4),
            Stored::F16 | Stored::F32 => Some(Stored::Int8),
        }
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stored::Int4 => "int4",
            Stored::Int8 => "int8",
            Stored::F16 => "f16",
            Stored::F32 => "f32",
        })
    }
}

impl From<Stored> for Precision {
    fn from(stored: Stored) -> Precision {
        match stored {
            Stored::Int4 => Precision::Int4,
            Stored::Int8 => Precision::Int8,
            Stored::F16 => Precision::F16,
            Stored::F32 => Precision::F32,
        }
    }
}

impl From<Precision> for Stored {
    fn from(precision: Precision) -> Stored {
        match precision {
            Precision::Int4 => Stored::Int4,
            Precision::Int8 => Stored::Int8,
            Precision::F16 => Stored::F16,
            Precision::F32 => Stored::F32,
        }
    }
}
