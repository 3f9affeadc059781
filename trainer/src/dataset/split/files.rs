//! The files of a split, in the layout that `train` and `evaluate` read.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use csv::Writer;
use flate2::Compression;
use flate2::write::GzEncoder;
use proclivity::model::{Column, ColumnData};

use super::parts::Target;
use super::{Held, Part, Parts};
use crate::dataset::interactions::{Event, Interactions};
use crate::dataset::timestamp::to_iso;
use crate::error::{CliError, Result};
use crate::output::NewFile;

/// Every file that a split may have.
const NAMES: [&str; 9] = [
    "train.csv.gz",
    "train_users.csv.gz",
    "items.csv.gz",
    "val_fold_in.csv.gz",
    "val_targets.csv.gz",
    "val_targets_all.csv.gz",
    "test_fold_in.csv.gz",
    "test_targets.csv.gz",
    "test_targets_all.csv.gz",
];

/// A gzip'd CSV file with a header row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitFile {
    pub name: String,
    pub rows: usize,
}

/// Writes all files into `folder`: `train`, `train_users`, `items`, and of each held-out part `fold_in`, `targets` (new items)
/// and, where someone takes an item again, `targets_all` (a column `new` says which are). Rows go to the disk as they are made,
/// under temporary names until every file is whole; files of an earlier split that this one does not have are removed.
///
/// # Errors
/// [`CliError::Write`].
pub fn write_files(parts: &Parts<'_>, folder: &Path) -> Result<Vec<SplitFile>> {
    let columns = Columns::of(parts.data);
    let mut files = Files { folder, files: Vec::new() };
    let train = parts.train().flat_map(|(user, events)| events.map(move |event| (user, event)));
    files.add("train", &columns.events(), train.map(|(user, event)| columns.event(user, event)))?;
    files.add("train_users", &["user"], parts.train().map(|(user, _)| vec![parts.data.users[user].clone()]))?;
    files.add("items", &["item"], parts.items().map(|item| vec![item.clone()]))?;
    for (name, part) in [("val", Part::Validation), ("test", Part::Test)] {
        files.add_held(name, || parts.held(part), &columns)?;
    }
    files.keep()
}

/// Files under their temporary names.
struct Files<'a> {
    folder: &'a Path,
    files: Vec<(SplitFile, NewFile)>,
}

impl Files<'_> {
    fn add(&mut self, name: &str, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<()> {
        let name = format!("{name}.csv.gz");
        let path = self.folder.join(&name);
        let (rows, file) = write_rows(NewFile::create(&path)?, header, rows)
            .map_err(|error| CliError::Write { path, source: std::io::Error::other(error) })?;
        self.files.push((SplitFile { name, rows }, file));
        Ok(())
    }

    fn add_held<H: Iterator<Item = Held>>(
        &mut self,
        name: &str,
        held: impl Fn() -> H,
        columns: &Columns<'_>,
    ) -> Result<()> {
        if held().next().is_none() {
            return Ok(());
        }
        let row = |held: &Held, event: &Event| columns.event(held.user, event);
        let fold_in = held().flat_map(|held| held.fold_in.iter().map(|event| row(&held, event)).collect::<Vec<_>>());
        self.add(&format!("{name}_fold_in"), &columns.events(), fold_in)?;
        let targets = || held().flat_map(|held| held.targets.into_iter().map(move |target| (held.user, target)));
        let new = targets().filter(|(_, target)| target.new).map(|(user, target)| columns.target(user, target));
        self.add(&format!("{name}_targets"), &columns.targets(), new)?;
        if targets().all(|(_, target)| target.new) {
            return Ok(());
        }
        let all = targets().map(|(user, target)| {
            let new = u8::from(target.new).to_string();
            [columns.target(user, target), vec![new]].concat()
        });
        self.add(&format!("{name}_targets_all"), &[columns.targets(), vec!["new"]].concat(), all)
    }

    fn keep(self) -> Result<Vec<SplitFile>> {
        let stale = NAMES.iter().filter(|&&name| self.files.iter().all(|(file, _)| file.name != name));
        for path in stale.map(|name| self.folder.join(name)) {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != ErrorKind::NotFound => return Err(CliError::Write { path, source }),
                _ => {}
            }
        }
        self.files.into_iter().map(|(file, written)| written.keep().map(|()| file)).collect()
    }
}

fn write_rows(
    file: NewFile,
    header: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> std::result::Result<(usize, NewFile), csv::Error> {
    let mut writer = Writer::from_writer(GzEncoder::new(file, Compression::default()));
    let mut count = 0;
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(&row)?;
        count += 1;
    }
    let encoder = writer.into_inner().map_err(|error| error.into_error())?;
    Ok((count, encoder.finish()?))
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

    fn events(&self) -> Vec<&str> {
        let given = [(true, "user"), (true, "item"), (self.data.has_time, "timestamp")];
        let more = [(self.data.has_value, "value"), (self.has_strength, "strength")];
        let given = given.into_iter().chain(more).filter(|(given, _)| *given).map(|(_, name)| name);
        given.chain(self.data.situations.iter().map(|column| column.name.as_str())).collect()
    }

    fn event(&self, user: usize, event: &Event) -> Vec<String> {
        let mut row = self.pair(user, event.item);
        row.extend(self.data.has_time.then(|| to_iso(event.time)));
        row.extend(self.data.has_value.then(|| number(event.value)));
        row.extend(self.has_strength.then(|| event.strength.to_string()));
        row.extend(self.data.situations.iter().map(|column| cell(column, event.situation)));
        row
    }

    fn targets(&self) -> Vec<&'static str> {
        let mut names = vec!["user", "item"];
        names.extend(self.data.has_value.then_some("value"));
        names
    }

    fn target(&self, user: usize, target: Target) -> Vec<String> {
        let mut row = self.pair(user, target.item);
        row.extend(self.data.has_value.then(|| number(target.value)));
        row
    }

    fn pair(&self, user: usize, item: u32) -> Vec<String> {
        vec![self.data.users[user].clone(), self.data.items[item as usize].clone()]
    }
}

/// What a column of context says of a situation.
fn cell(column: &Column, situation: u32) -> String {
    match &column.data {
        ColumnData::Category(values) => values[situation as usize].clone(),
        _ => String::new(),
    }
}

/// Nothing where there is no value.
fn number(value: f32) -> String {
    if value.is_nan() { String::new() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::interactions;
    use crate::dataset::split::Split;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_split_that_cannot_be_written_leaves_the_folder_as_it_was() {
        let data = interactions(4, vec![vec![0, 1, 2, 3]; 4]);
        let parts = Split::LeaveOneOut.apply(&data, 1);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("train.csv.gz"), "old").unwrap();
        fs::write(folder.path().join("val_targets_all.csv.gz"), "old").unwrap();
        let blocked = folder.path().join("val_targets.csv.gz");
        fs::create_dir(&blocked).unwrap();
        let before = names(folder.path());
        let said = write_files(&parts, folder.path()).unwrap_err().to_string();
        assert!(said.contains("val_targets.csv.gz: cannot be written"), "{said}");
        assert_eq!(names(folder.path()), before);
        assert_eq!(fs::read(folder.path().join("train.csv.gz")).unwrap(), b"old");

        fs::remove_dir(blocked).unwrap();
        let files = write_files(&parts, folder.path()).unwrap();
        let mut written: Vec<String> = files.into_iter().map(|file| file.name).collect();
        written.sort();
        assert_eq!(names(folder.path()), written, "the stale file is gone");
    }
}
