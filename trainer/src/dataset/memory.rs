//! How much memory reading, cleaning and training may take (`--memory`).

use std::path::Path;
use std::str::FromStr;

use crate::error::{CliError, Result};

/// What the program itself, its buffers for files and the allocator take, not counted piece by piece.
const RESERVED: usize = 12 << 20;

/// A bound on memory in bytes; none by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    limit: Option<usize>,
}

impl FromStr for Memory {
    type Err = String;

    /// `512MB`, `2GB` (powers of 1024, as `MiB` and `GiB` are), or bytes.
    fn from_str(text: &str) -> std::result::Result<Memory, String> {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = (&text[..digits], text[digits..].trim().to_ascii_lowercase());
        let shift = match unit.trim_end_matches('b').trim_end_matches('i') {
            "" => 0,
            "k" => 10,
            "m" => 20,
            "g" => 30,
            "t" => 40,
            _ => 64,
        };
        let bytes = number.parse::<f64>().ok().filter(|_| shift < 64).map(|number| number * (1u64 << shift) as f64);
        match bytes.filter(|bytes| *bytes >= 1.0 && *bytes < 1e18) {
            Some(bytes) => Ok(Memory { limit: Some(bytes as usize) }),
            None => Err("expected a size such as 512MB or 2GB".into()),
        }
    }
}

impl Memory {
    /// Bytes that rows may take before they go to temporary files: a quarter, so that ids and the result have room.
    pub fn for_rows(self) -> Option<usize> {
        self.limit.map(|limit| limit / 4)
    }

    /// Refuses `what`, `bytes` of data, where it does not fit beside the rows and what the program itself takes. The bound
    /// that the error names is enough.
    ///
    /// # Errors
    /// [`CliError::Memory`].
    pub fn check(self, path: &Path, what: &'static str, bytes: usize, remedy: &'static str) -> Result<()> {
        match self.holds(bytes) {
            true => Ok(()),
            false => Err(CliError::Memory { path: path.into(), what, needed: Memory::enough_for(bytes), remedy }),
        }
    }

    /// Refuses a training that takes about `bytes`: more than this bound, or without one more than is free on this machine,
    /// where it says so (Linux).
    ///
    /// # Errors
    /// [`CliError::TrainingMemory`].
    pub fn check_training(self, family: &str, bytes: usize) -> Result<()> {
        let (bound, of) = match (self.limit, free()) {
            (Some(limit), _) => (limit, "--memory"),
            (None, Some(free)) => (free, "free memory"),
            (None, None) => return Ok(()),
        };
        let megabytes = |bytes: usize| format!("{}MB", bytes.div_ceil(1 << 20));
        match bytes <= bound {
            true => Ok(()),
            false => Err(CliError::TrainingMemory {
                family: family.into(),
                bound: format!("{of} of {}", megabytes(bound)),
                needed: megabytes(bytes),
            }),
        }
    }

    fn holds(self, bytes: usize) -> bool {
        let taken = |limit| self.for_rows().unwrap_or(0) + reserved(limit);
        self.limit.is_none_or(|limit| bytes.saturating_add(taken(limit)) <= limit)
    }

    /// A bound that holds `bytes`, as people write it: rows take a quarter of the whole.
    fn enough_for(bytes: usize) -> String {
        format!("{}MB", ((bytes + RESERVED).div_ceil(3) * 4).div_ceil(1 << 20))
    }
}

/// Bytes of memory that are free for new programs, where the system says so.
fn free() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<usize>().ok()?.checked_mul(1024)
}

/// Bytes that a command takes besides the cleaned log while it works on it: for each event, pair and user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beside {
    pub event: usize,
    pub pair: usize,
    pub user: usize,
}

/// A bound below the reserve is one for a test or a mistake: a quarter of it is reserved.
fn reserved(limit: usize) -> usize {
    RESERVED.min(limit / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let bytes = |text: &str| text.parse::<Memory>().unwrap().limit.unwrap();
        assert_eq!([bytes("512MB"), bytes("1.5GiB"), bytes("4096"), bytes("2k")], [512 << 20, 3 << 29, 4096, 2048]);
        for text in ["", "MB", "many", "-1MB", "12XB", "0"] {
            assert!(text.parse::<Memory>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_training_beyond_the_bound_or_the_machine_is_refused() {
        let bound: Memory = "100MB".parse().unwrap();
        assert!(bound.check_training("ease", 100 << 20).is_ok());
        let said = bound.check_training("ease", 101 << 20).unwrap_err().to_string();
        assert!(["--family ease", "--memory of 100MB", "about 101MB"].iter().all(|part| said.contains(part)), "{said}");
        if let Some(free) = free() {
            assert!(free > 1 << 20);
            let said = Memory::default().check_training("ease", usize::MAX).unwrap_err().to_string();
            assert!(said.contains("free memory of"), "{said}");
        }
        assert!(Memory::default().check_training("ease", 1).is_ok());
    }

    #[test]
    fn what_is_said_to_be_enough_is_enough() {
        let least: Memory = "1".parse().unwrap();
        for bytes in [2, 5 << 20, 40 << 20, 41 << 20, 700 << 20, 701 << 20, (1 << 40) + 1] {
            let said = least.check(Path::new("log"), "the log", bytes, "raise it").unwrap_err().to_string();
            let named = said.split_once("that --memory ").unwrap().1;
            let memory: Memory = named.split_once(' ').unwrap().0.parse().unwrap();
            assert!(memory.holds(bytes), "{bytes}: {said}");
            let less = Memory { limit: memory.limit.map(|limit| limit - (1 << 20)) };
            assert!(bytes < 24 << 20 || !less.holds(bytes), "{bytes}: and not more than enough");
        }
    }
}
