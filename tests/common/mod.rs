//! Fixtures and checks shared by the native and the in-browser tests.
#![allow(dead_code)] // each test binary uses its part

pub mod contract;
pub mod fixtures;
pub mod gpu;
pub mod json;
pub mod networks;
pub mod trial;
