//! One JSON object a line.

use std::collections::{BTreeSet, HashMap};
use std::io::BufRead;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use super::text::{Encoding, Source, Text};
use crate::error::{CliError, Result};

/// Most different keys of a file: more are data, not columns.
const MOST_KEYS: usize = 1024;

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
    /// The keys of all objects of a file, in the order of the alphabet: any of them may be left out of the first lines.
    ///
    /// # Errors
    /// As [`JsonLines::next_row`], and for more than 1,024 keys.
    pub fn keys(text: Text, encoding: Encoding) -> Result<Vec<String>> {
        let mut rows = JsonLines::new(text, encoding, Vec::new());
        let mut keys = BTreeSet::new();
        while rows.next_line()? {
            keys.extend(rows.object::<HashMap<String, IgnoredAny>>()?.into_keys());
            if keys.len() > MOST_KEYS {
                let expected = format!("at most {MOST_KEYS} different keys of JSON objects, which are the columns");
                let found = format!("{} up to line {}", keys.len(), rows.line);
                return Err(CliError::Header { path: rows.source.path, expected, found });
            }
        }
        Ok(keys.into_iter().collect())
    }

    /// Rows with the cells of these keys.
    pub fn new(text: Text, encoding: Encoding, header: Vec<String>) -> JsonLines {
        let (lines, source) = text.into_reader();
        JsonLines { source, encoding, header, lines, bytes: Vec::new(), line: 0 }
    }

    /// Cells of the next object; a key it does not have is an empty cell.
    ///
    /// # Errors
    /// A line that is no JSON object, or of another encoding.
    pub fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>> {
        if !self.next_line()? {
            return Ok(None);
        }
        let mut object: Map<String, Value> = self.object()?;
        cells.clear();
        cells.extend(self.header.iter().map(|key| object.remove(key).map_or(String::new(), text)));
        Ok(Some(self.line))
    }

    /// Reads the next line that is not blank; false at the end.
    fn next_line(&mut self) -> Result<bool> {
        loop {
            self.bytes.clear();
            self.line += 1;
            let read = self.lines.read_until(b'\n', &mut self.bytes).map_err(|error| self.source.failed(error))?;
            if read == 0 || !self.bytes.trim_ascii().is_empty() {
                return Ok(read > 0);
            }
        }
    }

    /// The object of the line.
    fn object<T: DeserializeOwned>(&self) -> Result<T> {
        let mut text = String::new();
        if !self.encoding.decode(&self.bytes, &mut text) {
            return Err(self.source.other_encoding(self.line));
        }
        serde_json::from_str(&text).map_err(|error| CliError::Json {
            path: self.source.path.clone(),
            line: self.line,
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
