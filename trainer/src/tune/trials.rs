//! What was measured, one JSON line a trial: a search that was stopped goes on from its file.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{CliError, Result};

/// One training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Counts the recipes drawn.
    pub number: usize,
    /// 0 on a ninth of the training users, 1 on a third, 2 on all.
    pub rung: usize,
    /// Flags of `proclivity train`.
    pub flags: Vec<String>,
    /// NDCG@100 of the held-out users; none for a training that failed or whose model is too large.
    pub ndcg: Option<f64>,
    /// Size of the model without its catalogue.
    pub bytes: usize,
    pub seconds: f64,
    pub error: Option<String>,
}

impl Trial {
    /// One that took no time, without a size.
    #[cfg(test)]
    pub fn of(number: usize, rung: usize, flags: Vec<String>, ndcg: Option<f64>) -> Trial {
        Trial { number, rung, flags, ndcg, bytes: 0, seconds: 0.0, error: None }
    }

    /// The family, as `--family` has it: the flag that every recipe begins with.
    pub fn family(&self) -> &str {
        self.flags.get(1).map_or("", String::as_str)
    }
}

/// All of them, in the order they were measured.
#[derive(Debug, Default)]
pub struct Trials {
    list: Vec<Trial>,
    file: Option<(PathBuf, File)>,
}

impl Trials {
    /// The trials of the file at `path`, where later ones go too. Its first line says what is searched: `search`.
    ///
    /// # Errors
    /// [`CliError::Trials`] for a file of another search, [`CliError::Open`], [`CliError::Write`].
    pub fn open(path: &Path, search: &str) -> Result<Trials> {
        let failed = |source| CliError::Write { path: path.into(), source };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(CliError::Open { path: path.into(), source }),
        };
        // A line without its end was being written when the search was stopped.
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let mut lines = (1..).zip(whole.lines());
        let mut list = Vec::new();
        let refused = |line, found: &str| {
            let found = found.chars().take(80).collect();
            CliError::Trials { path: path.into(), line, found }
        };
        if let Some((line, first)) = lines.next().filter(|first| first.1 != search) {
            return Err(refused(line, first));
        }
        for (number, line) in lines {
            list.push(serde_json::from_str(line).map_err(|_| refused(number, line))?);
        }
        let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        if whole.len() < text.len() {
            file.set_len(whole.len() as u64).map_err(failed)?;
        }
        if whole.is_empty() {
            writeln!(file, "{search}").map_err(failed)?;
        }
        Ok(Trials { list, file: Some((path.into(), file)) })
    }

    /// Takes in a trial.
    ///
    /// # Errors
    /// [`CliError::Write`].
    pub fn add(&mut self, trial: Trial) -> Result<()> {
        if let Some((path, file)) = &mut self.file {
            let line = serde_json::to_string(&trial).expect("plain values");
            writeln!(file, "{line}").map_err(|source| CliError::Write { path: path.clone(), source })?;
        }
        self.list.push(trial);
        Ok(())
    }

    /// The trial of this number at this rung.
    pub fn at(&self, number: usize, rung: usize) -> Option<&Trial> {
        self.list.iter().find(|trial| (trial.number, trial.rung) == (number, rung))
    }

    /// The trial of these flags at this rung.
    pub fn of(&self, flags: &[String], rung: usize) -> Option<&Trial> {
        self.list.iter().find(|trial| trial.rung == rung && trial.flags == flags)
    }

    /// The best at the highest rung that has a measured one.
    pub fn best(&self) -> Option<&Trial> {
        let measured = self.list.iter().filter_map(|trial| Some((trial.rung, trial.ndcg?, trial)));
        measured
            .max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(b.2.number.cmp(&a.2.number)))
            .map(|best| best.2)
    }

    /// All trials, the best of the highest rung first.
    pub fn ranked(&self) -> Vec<&Trial> {
        let mut list: Vec<&Trial> = self.list.iter().collect();
        list.sort_by(|a, b| b.rung.cmp(&a.rung).then(b.ndcg.unwrap_or(-1.0).total_cmp(&a.ndcg.unwrap_or(-1.0))));
        list
    }

    /// Time they took together.
    pub fn seconds(&self) -> f64 {
        self.list.iter().map(|trial| trial.seconds).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(number: usize, rung: usize, ndcg: f64) -> Trial {
        Trial { number, rung, flags: vec!["--dim".into()], ndcg: Some(ndcg), bytes: 7, seconds: 0.5, error: None }
    }

    #[test]
    fn a_search_goes_on_from_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trials.jsonl");
        let mut trials = Trials::open(&path, "{\"a\":1}").expect("new");
        trials.add(trial(0, 0, 0.5)).expect("written");
        trials.add(trial(1, 0, 0.7)).expect("written");
        drop(trials);
        let mut text = fs::read_to_string(&path).expect("there");
        text.push_str("{\"number\":2,\"ru");
        fs::write(&path, text).expect("half a line more");
        let mut trials = Trials::open(&path, "{\"a\":1}").expect("the same search");
        assert_eq!((trials.seconds(), trials.at(1, 0).map(|trial| trial.ndcg)), (1.0, Some(Some(0.7))));
        trials.add(trial(0, 2, 0.1)).expect("written");
        assert_eq!(trials.best().map(|trial| trial.number), Some(0), "the highest rung counts");
        let trials = Trials::open(&path, "{\"a\":1}").expect("again");
        assert_eq!(trials.ranked().len(), 3);
        let message = Trials::open(&path, "{\"a\":2}").expect_err("another search").to_string();
        assert!(message.contains("trials.jsonl:1"), "{message}");
    }
}
