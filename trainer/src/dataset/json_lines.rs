//! One JSON object a line.

use std::io::BufRead;

use serde_json::{Map, Value};

use super::text::{Encoding, Source, Text};
use crate::error::{CliError, Result};

/// Rows of a file of JSON lines: the keys are the columns.
pub struct JsonLines {
    source: Source,
    encoding: Encoding,
    header: Vec<String>,
    lines: Box<dyn BufRead>,
    bytes: Vec<u8>,
    line: u64,
}

impl JsonLines {
    /// Takes the keys of the objects at the start of the file for the header, in the order of the alphabet.
    ///
    /// # Errors
    /// As [`JsonLines::next_row`].
    pub fn open(text: Text, encoding: Encoding) -> Result<(Vec<String>, JsonLines)> {
        let mut keys = std::collections::BTreeSet::new();
        let cut = text.start.iter().rposition(|&byte| byte == b'\n').unwrap_or(text.start.len());
        let start = text.start[..cut].to_vec();
        let (lines, source) = text.into_reader();
        let mut rows = JsonLines { source, encoding, header: Vec::new(), lines, bytes: Vec::new(), line: 0 };
        for (bytes, line) in start.split(|&byte| byte == b'\n').zip(1..) {
            if !bytes.trim_ascii().is_empty() {
                keys.extend(rows.object(bytes, line)?.into_iter().map(|(key, _)| key));
            }
        }
        rows.header = keys.into_iter().collect();
        Ok((rows.header.clone(), rows))
    }

    /// Cells of the next object; a key it does not have is an empty cell.
    ///
    /// # Errors
    /// A line that is no JSON object, or of another encoding.
    pub fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>> {
        loop {
            self.bytes.clear();
            self.line += 1;
            let read = self.lines.read_until(b'\n', &mut self.bytes).map_err(|error| self.source.failed(error))?;
            if read == 0 {
                return Ok(None);
            }
            if self.bytes.trim_ascii().is_empty() {
                continue;
            }
            let mut object = self.object(&self.bytes, self.line)?;
            cells.clear();
            cells.extend(self.header.iter().map(|key| object.remove(key).map_or(String::new(), text)));
            return Ok(Some(self.line));
        }
    }

    fn object(&self, bytes: &[u8], line: u64) -> Result<Map<String, Value>> {
        let mut text = String::new();
        if !self.encoding.decode(bytes, &mut text) {
            return Err(self.source.other_encoding(line));
        }
        serde_json::from_str(&text).map_err(|error| CliError::Json {
            path: self.source.path.clone(),
            line,
            found: error.to_string(),
        })
    }
}

fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}
