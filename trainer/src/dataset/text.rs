//! Text files before they are rows: what their first bytes say, how they are encoded.

use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use crate::error::{CliError, Result};

/// How much of a file is looked at to tell what it is.
const PEEK: usize = 64 * 1024;

/// How a text file is encoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    #[default]
    #[value(name = "utf-8")]
    Utf8,
    /// ISO 8859-1
    #[value(name = "latin-1")]
    Latin1,
}

impl Encoding {
    /// Replaces `text` by what `bytes` say; false where they are of another encoding.
    pub fn decode(self, bytes: &[u8], text: &mut String) -> bool {
        text.clear();
        match self {
            Encoding::Utf8 => std::str::from_utf8(bytes).map(|valid| text.push_str(valid)).is_ok(),
            Encoding::Latin1 => {
                text.extend(bytes.iter().map(|&byte| char::from(byte)));
                true
            }
        }
    }
}

/// An open text file, its start already read.
pub struct Text {
    pub path: PathBuf,
    gzip: bool,
    /// The first bytes, without a byte order mark.
    pub start: Vec<u8>,
    rest: Box<dyn Read>,
}

impl Text {
    /// # Errors
    /// UTF-16, an empty file, or a failure of the disk.
    pub fn open(path: &Path, mut bytes: Box<dyn Read>, gzip: bool) -> Result<Text> {
        let mut start = vec![0; PEEK];
        let count = read_up_to(&mut bytes, &mut start).map_err(|source| io_error(path, gzip, source))?;
        start.truncate(count);
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            return Err(CliError::Encoding {
                path: path.into(),
                line: 1,
                found: "a UTF-16 byte order mark",
                from: "UTF-16",
            });
        }
        if start.starts_with(&[0xef, 0xbb, 0xbf]) {
            start.drain(..3);
        }
        if start.iter().all(u8::is_ascii_whitespace) {
            return Err(CliError::NoRows { path: path.into(), found: "an empty file" });
        }
        Ok(Text { path: path.into(), gzip, start, rest: bytes })
    }

    /// Whether the file holds one JSON object a line.
    pub fn is_json(&self) -> bool {
        self.marks().next() == Some(b'{')
    }

    /// Whether the file is one JSON array of objects or of arrays. A CSV header may begin with `[`, as in `[user],[item]`.
    pub fn is_json_array(&self) -> bool {
        let mut marks = self.marks();
        marks.next() == Some(b'[') && matches!(marks.next(), Some(b'{' | b'['))
    }

    /// The first bytes without white space.
    fn marks(&self) -> impl Iterator<Item = u8> {
        self.start.iter().copied().filter(|byte| !byte.is_ascii_whitespace())
    }

    /// The whole file from its start, and what tells its failures.
    pub fn into_reader(self) -> (Box<dyn BufRead>, Source) {
        let whole = BufReader::new(Cursor::new(self.start).chain(self.rest));
        (Box::new(whole), Source { path: self.path, gzip: self.gzip })
    }
}

/// Where text comes from, for error messages.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: PathBuf,
    gzip: bool,
}

impl Source {
    pub fn failed(&self, source: std::io::Error) -> CliError {
        io_error(&self.path, self.gzip, source)
    }

    pub fn other_encoding(&self, line: u64) -> CliError {
        CliError::Encoding { path: self.path.clone(), line, found: "bytes of another encoding", from: "WINDOWS-1252" }
    }
}

fn io_error(path: &Path, gzip: bool, source: std::io::Error) -> CliError {
    match gzip {
        true => CliError::Gzip { path: path.into(), source },
        false => CliError::Read { path: path.into(), source },
    }
}

/// Fills as much of `buffer` as the reader has.
pub fn read_up_to(reader: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}
