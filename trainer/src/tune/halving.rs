//! Which trial comes next.

use std::collections::HashMap;

use super::join::{JOINED, Room, joined};
use super::trials::{Trial, Trials};

/// Share of the training users at each rung: many trials on few users, few on all.
pub const RUNGS: [f64; 3] = [1.0 / 9.0, 1.0 / 3.0, 1.0];

/// One in this many goes on to the next rung.
const ETA: usize = 3;

/// When a search ends.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Recipes drawn.
    pub trials: usize,
    /// Seconds of all trials together, if bounded.
    pub seconds: Option<f64>,
}

/// Successive halving over the trials measured so far.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    pub budget: Budget,
    /// Where parts are joined before the last rung, how large the whole may be. Joined recipes have the numbers after those
    /// drawn.
    pub join: Option<Room>,
}

impl Schedule {
    /// The next trial: its number and its rung; none when the search is over.
    ///
    /// Each rung may take its part of the time: a third up to the end of the first, two thirds up to the end of the second. The
    /// best of a rung go on; the last rung measures joined recipes first, and always at least one.
    pub fn next(&self, trials: &Trials) -> Option<(usize, usize)> {
        let drawn = self.budget.trials;
        let mut candidates: Vec<usize> = (0..drawn).collect();
        for rung in 0..RUNGS.len() {
            let part = (rung + 1) as f64 / RUNGS.len() as f64;
            let over = self.budget.seconds.is_some_and(|seconds| trials.seconds() >= seconds * part);
            let measured = candidates.iter().filter(|&&number| trials.at(number, rung).is_some()).count();
            let next = candidates.iter().copied().find(|&number| trials.at(number, rung).is_none());
            if let Some(next) = next.filter(|_| !over || measured == 0) {
                return Some((next, rung));
            }
            candidates = promoted(&candidates, trials, rung);
            if let Some(room) = self.join.filter(|_| rung == JOINED) {
                candidates.splice(0..0, (0..joined(trials, room).len()).map(|at| drawn + at));
            }
        }
        None
    }
}

/// The best third of those measured at a rung, at least one, best first. From the first rung the best third of each family goes
/// on, its best before the others': families differ in how many users they need.
fn promoted(candidates: &[usize], trials: &Trials, rung: usize) -> Vec<usize> {
    let measured = candidates.iter().filter_map(|&number| trials.at(number, rung).filter(|trial| trial.ndcg.is_some()));
    let mut measured: Vec<&Trial> = measured.collect();
    measured.sort_by(|a, b| b.ndcg.unwrap_or(0.0).total_cmp(&a.ndcg.unwrap_or(0.0)).then(a.number.cmp(&b.number)));
    if rung > 0 {
        measured.truncate(measured.len().div_ceil(ETA));
        return measured.into_iter().map(|trial| trial.number).collect();
    }
    // (place in its family, number), in the order of the list.
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut places = Vec::new();
    for trial in &measured {
        let count = counts.entry(trial.family()).or_default();
        places.push((*count, trial));
        *count += 1;
    }
    places.retain(|(place, trial)| *place < counts[trial.family()].div_ceil(ETA));
    places.sort_by_key(|(place, _)| *place);
    places.into_iter().map(|(_, trial)| trial.number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a search whose trial of this number is this good and takes a second a user share.
    fn search(budget: Budget, good: impl Fn(usize) -> Option<f64>) -> Vec<(usize, usize)> {
        let mut trials = Trials::default();
        let mut order = Vec::new();
        while let Some((number, rung)) = (Schedule { budget, join: None }).next(&trials) {
            order.push((number, rung));
            let (ndcg, seconds) = (good(number), RUNGS[rung]);
            let trial = Trial { seconds, ..Trial::of(number, rung, Vec::new(), ndcg) };
            trials.add(trial).expect("no file");
        }
        order
    }

    #[test]
    fn a_third_goes_on_at_each_rung() {
        let order = search(Budget { trials: 9, seconds: None }, |number| Some(number as f64));
        let at = |rung| order.iter().filter(|trial| trial.1 == rung).map(|trial| trial.0).collect::<Vec<_>>();
        assert_eq!(at(0), (0..9).collect::<Vec<_>>());
        assert_eq!(at(1), [8, 7, 6]);
        assert_eq!(at(2), [8]);
    }

    #[test]
    fn the_best_of_each_family_sees_the_second_rung() {
        let mut trials = Trials::default();
        for number in 0..6 {
            let family = ["als", "ease"][usize::from(number == 1)];
            let flags = vec!["--family".to_owned(), family.to_owned()];
            trials.add(Trial::of(number, 0, flags, Some(number as f64))).expect("no file");
        }
        let candidates: Vec<usize> = (0..6).collect();
        assert_eq!(promoted(&candidates, &trials, 0), [5, 1, 4], "two of five, one of one");
        assert_eq!(promoted(&candidates, &trials, 1), Vec::<usize>::new());
    }

    #[test]
    fn joined_recipes_come_first_at_the_last_rung() {
        let mut trials = Trials::default();
        for (number, family) in ["als", "ease"].into_iter().enumerate() {
            for rung in [0, 1] {
                let flags = vec!["--family".to_owned(), family.to_owned()];
                trials.add(Trial::of(number, rung, flags, Some(0.1))).expect("no file");
            }
        }
        let budget = Budget { trials: 2, seconds: None };
        let schedule = Schedule { budget, join: Some(Room { items: 9, most: None }) };
        assert_eq!(schedule.next(&trials), Some((2, 2)));
        trials.add(Trial::of(2, 2, vec!["--family".into(), "als+ease".into()], Some(0.2))).expect("no file");
        assert_eq!(schedule.next(&trials), Some((0, 2)));
    }

    #[test]
    fn a_trial_that_failed_does_not_go_on() {
        let order = search(Budget { trials: 3, seconds: None }, |number| (number != 2).then_some(number as f64));
        assert_eq!(order[3..], [(1, 1), (1, 2)]);
        assert_eq!(search(Budget { trials: 2, seconds: None }, |_| None), [(0, 0), (1, 0)]);
    }

    #[test]
    fn time_ends_a_rung_but_the_last_one_is_reached() {
        let order = search(Budget { trials: 900, seconds: Some(3.0) }, |number| Some(number as f64));
        let count = |rung| order.iter().filter(|trial| trial.1 == rung).count();
        assert!(count(0) < 12 && count(1) > 0 && count(2) > 0, "{order:?}");
        assert_eq!(search(Budget { trials: 5, seconds: Some(0.0) }, |_| Some(1.0)), [(0, 0), (0, 1), (0, 2)]);
    }
}
