//! How a training goes, epoch by epoch, in files that are up to date at any moment: `curves.csv`, `curves.html`, and an event file for
//! TensorBoard.

mod events;

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use events::EventFile;

use crate::error::{CliError, Result};
use crate::evaluate::{Curve, training_page};
use crate::families::Epoch;
use crate::output::write_atomically;

/// The files of one training.
pub struct Curves {
    folder: PathBuf,
    started: Instant,
    files: RefCell<Files>,
}

struct Files {
    table: csv::Writer<File>,
    events: EventFile,
    /// The epochs of each stage so far.
    stages: Vec<(String, Vec<Epoch>)>,
}

impl Curves {
    /// Makes the folder and begins its files anew; event files of earlier trainings stay beside.
    ///
    /// # Errors
    /// [`CliError::Write`].
    pub fn begin(folder: &Path) -> Result<Curves> {
        let refused = |source| CliError::Write { path: folder.into(), source };
        fs::create_dir_all(folder).map_err(refused)?;
        let table = csv::Writer::from_writer(File::create(folder.join("curves.csv")).map_err(refused)?);
        let events = EventFile::create(folder).map_err(refused)?;
        let files = RefCell::new(Files { table, events, stages: Vec::new() });
        let curves = Curves { folder: folder.into(), started: Instant::now(), files };
        curves.write(|files| files.table.write_record(["stage", "epoch", "loss", "validation_ndcg_100", "seconds"]))?;
        Ok(curves)
    }

    /// Adds an epoch of a stage, such as `als`.
    ///
    /// # Errors
    /// [`CliError::Write`].
    pub fn add(&self, stage: &str, epoch: &Epoch) -> Result<()> {
        let seconds = self.started.elapsed().as_secs_f64();
        let ndcg = epoch.ndcg.map_or(String::new(), |ndcg| ndcg.to_string());
        let row = [stage.to_owned(), epoch.epoch.to_string(), epoch.loss.to_string(), ndcg, format!("{seconds:.3}")];
        self.write(|files| {
            files.table.write_record(&row)?;
            let mut scalars = vec![(format!("{stage}/loss"), epoch.loss as f32)];
            scalars.extend(epoch.ndcg.map(|ndcg| (format!("{stage}/validation NDCG@100"), ndcg as f32)));
            for (name, value) in scalars {
                files.events.scalar(epoch.epoch as u64, &name, value)?;
            }
            Ok(())
        })?;
        let mut files = self.files.borrow_mut();
        match files.stages.iter_mut().find(|(name, _)| name == stage) {
            Some((_, epochs)) => epochs.push(epoch.clone()),
            None => files.stages.push((stage.to_owned(), vec![epoch.clone()])),
        }
        write_atomically(&self.folder.join("curves.html"), page(&files.stages).as_bytes())
    }

    fn write(&self, rows: impl FnOnce(&mut Files) -> csv::Result<()>) -> Result<()> {
        let mut files = self.files.borrow_mut();
        let written = rows(&mut files).map_err(std::io::Error::from).and_then(|()| files.table.flush());
        written.map_err(|source| CliError::Write { path: self.folder.clone(), source })
    }
}

fn page(stages: &[(String, Vec<Epoch>)]) -> String {
    let curve = |stage: &str, name: &str, value: &dyn Fn(&Epoch) -> Option<f64>| -> Option<Curve> {
        let (_, epochs) = stages.iter().find(|(own, _)| own == stage)?;
        let points: Vec<(f64, f64)> =
            epochs.iter().filter_map(|epoch| Some((epoch.epoch as f64, value(epoch)?))).collect();
        (!points.is_empty()).then(|| Curve { stage: stage.to_owned(), name: name.to_owned(), points })
    };
    let both = stages.iter().flat_map(|(stage, _)| {
        let loss = curve(stage, "loss", &|epoch| Some(epoch.loss));
        let ndcg = curve(stage, "validation NDCG@100", &|epoch| epoch.ndcg);
        loss.into_iter().chain(ndcg)
    });
    training_page(&both.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::events::tests::read;
    use super::*;

    #[test]
    fn every_epoch_is_in_all_files_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let curves = Curves::begin(folder.path()).unwrap();
        let epoch = |epoch, loss, ndcg| Epoch { epoch, loss, ndcg, kept: false };
        curves.add("als", &epoch(1, 2.5, Some(0.125))).unwrap();
        curves.add("als", &epoch(2, 1.5, Some(0.25))).unwrap();
        curves.add("ncf", &epoch(1, 0.75, None)).unwrap();
        let table = fs::read_to_string(folder.path().join("curves.csv")).unwrap();
        let rows: Vec<&str> = table.lines().map(|line| line.rsplit_once(',').unwrap().0).collect();
        assert_eq!(rows, ["stage,epoch,loss,validation_ndcg_100", "als,1,2.5,0.125", "als,2,1.5,0.25", "ncf,1,0.75,"]);
        let page = fs::read_to_string(folder.path().join("curves.html")).unwrap();
        assert_eq!(page.matches("<svg").count(), 3, "both of als, the loss of ncf");
        assert!(page.contains("als: validation NDCG@100") && page.contains("ncf: loss"), "{page}");
        let files: Vec<PathBuf> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        let events = files.iter().find(|path| path.to_string_lossy().contains("tfevents")).unwrap();
        let expected = [
            (1, "als/loss", 2.5),
            (1, "als/validation NDCG@100", 0.125),
            (2, "als/loss", 1.5),
            (2, "als/validation NDCG@100", 0.25),
            (1, "ncf/loss", 0.75),
        ];
        let found = read(&fs::read(events).unwrap());
        assert_eq!(found, expected.map(|(step, name, value)| (step, name.to_owned(), value)));
    }
}
