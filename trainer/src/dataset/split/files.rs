//! The files of a split, in the layout that `train` and `evaluate` read.

use std::io::Write;

use csv::Writer;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Held, Parts};
use crate::dataset::interactions::{Event, Interactions};
use crate::dataset::timestamp::to_iso;

/// A gzip'd CSV file with a header row.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitFile {
    pub name: String,
    pub rows: usize,
    pub bytes: Vec<u8>,
}

/// All files: `train`, `train_users`, `items`, and of each held-out part `fold_in`, `targets` (new items) and, where someone
/// takes an item again, `targets_all` (a column `new` says which are).
pub fn split_files(parts: &Parts, data: &Interactions) -> std::io::Result<Vec<SplitFile>> {
    let columns = Columns::of(data);
    let train = parts.train.iter().flat_map(|(user, events)| events.iter().map(|event| columns.row(*user, event)));
    let users = parts.train.iter().map(|(user, _)| vec![data.users[*user].clone()]);
    let mut known = vec![false; data.items.len()];
    parts.train.iter().flat_map(|(_, events)| events).for_each(|event| known[event.item as usize] = true);
    let items = data.items.iter().zip(known).filter(|(_, known)| *known).map(|(item, _)| vec![item.clone()]);
    let mut files = vec![
        file("train", &columns.header(), train)?,
        file("train_users", &["user"], users)?,
        file("items", &["item"], items)?,
    ];
    for (part, held) in [("val", &parts.validation), ("test", &parts.test)] {
        if !held.is_empty() {
            files.extend(held_files(part, held, data, &columns)?);
        }
    }
    Ok(files)
}

fn held_files(
    part: &str,
    held: &[Held],
    data: &Interactions,
    columns: &Columns<'_>,
) -> std::io::Result<Vec<SplitFile>> {
    let is_new = |held: &&Held| held.targets.iter().any(|(_, new)| *new);
    let fold_in = |held: &[&Held]| -> Vec<Vec<String>> {
        held.iter().flat_map(|held| held.fold_in.iter().map(|event| columns.row(held.user, event))).collect()
    };
    let pair = |user: usize, item: u32| vec![data.users[user].clone(), data.items[item as usize].clone()];
    let all: Vec<&Held> = held.iter().collect();
    let targets = all
        .iter()
        .copied()
        .filter(is_new)
        .flat_map(|held| held.targets.iter().filter(|(_, new)| *new).map(move |(item, _)| pair(held.user, *item)));
    let mut files = vec![
        file(&format!("{part}_fold_in"), &columns.header(), fold_in(&all).into_iter())?,
        file(&format!("{part}_targets"), &["user", "item"], targets)?,
    ];
    if held.iter().any(|held| held.targets.iter().any(|(_, new)| !new)) {
        let all = held.iter().flat_map(|held| {
            held.targets
                .iter()
                .map(move |(item, new)| [pair(held.user, *item), vec![u8::from(*new).to_string()]].concat())
        });
        files.push(file(&format!("{part}_targets_all"), &["user", "item", "new"], all)?);
    }
    Ok(files)
}

/// Which columns the log's events fill.
struct Columns<'a> {
    data: &'a Interactions,
    has_strength: bool,
}

impl Columns<'_> {
    fn of(data: &Interactions) -> Columns<'_> {
        Columns { data, has_strength: data.events.iter().flatten().any(|event| event.strength != 1.0) }
    }

    fn header(&self) -> Vec<&'static str> {
        let given = [(true, "user"), (true, "item"), (self.data.has_time, "timestamp")];
        let more = [(self.data.has_value, "value"), (self.has_strength, "strength")];
        given.into_iter().chain(more).filter(|(given, _)| *given).map(|(_, name)| name).collect()
    }

    fn row(&self, user: usize, event: &Event) -> Vec<String> {
        let mut row = vec![self.data.users[user].clone(), self.data.items[event.item as usize].clone()];
        row.extend(self.data.has_time.then(|| to_iso(event.time)));
        let value = if event.value.is_nan() { String::new() } else { event.value.to_string() };
        row.extend(self.data.has_value.then_some(value));
        row.extend(self.has_strength.then(|| event.strength.to_string()));
        row
    }
}

fn file(name: &str, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> std::io::Result<SplitFile> {
    let mut writer = Writer::from_writer(GzEncoder::new(Vec::new(), Compression::default()));
    let mut count = 0;
    writer.write_record(header).map_err(std::io::Error::other)?;
    for row in rows {
        writer.write_record(&row).map_err(std::io::Error::other)?;
        count += 1;
    }
    let mut encoder = writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
    encoder.flush()?;
    Ok(SplitFile { name: format!("{name}.csv.gz"), rows: count, bytes: encoder.finish()? })
}
