//! TensorBoard's event files: records of a length, its checksum, an `Event` message and its checksum. Of the message a few fields are
//! needed, which is why no library for it is: those that there are want a compiler for protocol buffers, or bring image codecs along.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Wire types of protocol buffers.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const COUNTED: u64 = 2;
const FOUR_BYTES: u64 = 5;

/// An open event file.
pub struct EventFile(File);

impl EventFile {
    /// A new file in `folder`, under a name that TensorBoard looks for.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn create(folder: &Path) -> io::Result<EventFile> {
        let name = format!("events.out.tfevents.{:010}.proclivity.{}", now() as u64, std::process::id());
        let mut file = EventFile(File::create(folder.join(name))?);
        let mut event = wall_time();
        field(&mut event, 3, COUNTED, &counted(b"brain.Event:2"));
        file.record(&event)?;
        Ok(file)
    }

    /// Adds a number, `name` at `step`.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn scalar(&mut self, step: u64, name: &str, value: f32) -> io::Result<()> {
        let mut scalar = Vec::new();
        field(&mut scalar, 1, COUNTED, &counted(name.as_bytes()));
        field(&mut scalar, 2, FOUR_BYTES, &value.to_le_bytes());
        let mut summary = Vec::new();
        field(&mut summary, 1, COUNTED, &counted(&scalar));
        let mut event = wall_time();
        field(&mut event, 2, VARINT, &varint(step));
        field(&mut event, 5, COUNTED, &counted(&summary));
        self.record(&event)
    }

    fn record(&mut self, event: &[u8]) -> io::Result<()> {
        let length = (event.len() as u64).to_le_bytes();
        let parts = [&length[..], &masked(&length), event, &masked(event)];
        self.0.write_all(&parts.concat())
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

fn wall_time() -> Vec<u8> {
    let mut event = Vec::new();
    field(&mut event, 1, EIGHT_BYTES, &now().to_le_bytes());
    event
}

fn field(message: &mut Vec<u8>, number: u64, wire: u64, value: &[u8]) {
    message.extend(varint(number << 3 | wire));
    message.extend(value);
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    [varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// The checksum of a record: CRC-32C, turned and moved, so that checksums of checksums differ.
fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// (number, wire type, value) of each field of a message; a number is its bytes, little-endian.
    fn fields(mut message: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
        let mut take = |count: usize| {
            let (head, rest) = message.split_at(count);
            message = rest;
            (head.to_vec(), rest.is_empty())
        };
        let mut all = Vec::new();
        loop {
            let key = u64::from(take(1).0[0]);
            let (value, last) = match key & 7 {
                EIGHT_BYTES => take(8),
                FOUR_BYTES => take(4),
                COUNTED => {
                    let count = usize::from(take(1).0[0]);
                    take(count)
                }
                _ => take(1),
            };
            all.push((key >> 3, key & 7, value));
            if last {
                return all;
            }
        }
    }

    /// (step, name, value) of every number in a file whose checksums hold; steps and texts of less than 128.
    pub fn read(mut file: &[u8]) -> Vec<(u64, String, f32)> {
        let mut numbers = Vec::new();
        while !file.is_empty() {
            let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
            assert_eq!(file[8..12], masked(&file[..8]));
            let event = &file[12..12 + length];
            assert_eq!(file[12 + length..16 + length], masked(event));
            file = &file[16 + length..];
            let event = fields(event);
            let of = |fields: &[(u64, u64, Vec<u8>)], number| fields.iter().find(|field| field.0 == number).cloned();
            let Some((_, _, summary)) = of(&event, 5) else {
                assert_eq!(of(&event, 3).unwrap().2, b"brain.Event:2");
                continue;
            };
            let scalar = fields(&fields(&summary)[0].2);
            let step = of(&event, 2).map_or(0, |(_, _, bytes)| u64::from(bytes[0]));
            let name = String::from_utf8(of(&scalar, 1).unwrap().2).unwrap();
            numbers.push((step, name, f32::from_le_bytes(of(&scalar, 2).unwrap().2.try_into().unwrap())));
        }
        numbers
    }

    #[test]
    fn numbers_and_checksums_are_those_of_the_reference() {
        assert_eq!([varint(1), varint(300)], [vec![1], vec![0xac, 2]]);
        // RFC 3720, B.4: thirty-two bytes of zeros.
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
    }
}
