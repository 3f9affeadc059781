//! Recipes made of two trials: the vectors of one and the neighbour lists of another. Parts are searched apart, where a trial is
//! cheap and has few flags, and tried together at the last rung: their sum is above either on most logs, and the weight of one
//! beside the other is found by training itself.

use std::collections::HashSet;

use super::halving::RUNGS;
use super::trials::{Trial, Trials};
use crate::families::Family;

/// The rung whose trials are joined, the last but one.
pub const JOINED: usize = RUNGS.len() - 2;
/// Trials of each kind that are joined with each other.
const PARTS: usize = 2;
/// Bytes of one neighbour in a file: its index and its weight.
const NEIGHBOUR_BYTES: usize = 5;
/// How many neighbours are left where all that a trial has would be too many.
const FEWER: [usize; 2] = [20, 10];

/// What a joined model may weigh.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub items: usize,
    /// Bytes without a catalogue, if bounded.
    pub most: Option<usize>,
}

/// The flags of each pair, the most promising first: the best trials of vectors, with the best one of each family of lists.
pub fn joined(trials: &Trials, room: Room) -> Vec<Vec<String>> {
    let measured = trials.ranked().into_iter().filter(|trial| trial.rung == JOINED && trial.ndcg.is_some());
    let parts = measured.filter_map(|trial| Some((trial, trial.family().parse().ok()?)));
    let parts = parts
        .filter(|(_, family): &(&Trial, Family)| family.vectors.is_some() != family.lists.is_some() && !family.ranker);
    let (vectors, lists): (Vec<_>, Vec<_>) = parts.partition(|(_, family)| family.vectors.is_some());
    let mut families = HashSet::new();
    let lists = lists.into_iter().filter(|(trial, _)| families.insert(trial.family()));
    let lists: Vec<&Trial> = lists.map(|(trial, _)| trial).take(PARTS).collect();
    let mut pairs: Vec<(usize, usize)> =
        (0..vectors.len().min(PARTS)).flat_map(|v| (0..lists.len()).map(move |l| (v, l))).collect();
    // Of equal places, other vectors before other lists.
    pairs.sort_by_key(|&(v, l)| (v + l, l));
    pairs.into_iter().map(|(v, l)| flags(vectors[v].0, lists[l], room)).collect()
}

/// The flags of both; where both have one, that of the vectors stands.
fn flags(vectors: &Trial, lists: &Trial, room: Room) -> Vec<String> {
    let mut flags = vec!["--family".to_owned(), format!("{}+{}", vectors.family(), lists.family())];
    flags.extend_from_slice(&vectors.flags[2..]);
    let mut rest = lists.flags[2..].iter().peekable();
    while let Some(flag) = rest.next() {
        let value = rest.next_if(|value| !value.starts_with("--"));
        if !vectors.flags.contains(flag) {
            flags.push(flag.clone());
            flags.extend(value.cloned());
        }
    }
    if let (Some(most), Some(at)) = (room.most, flags.iter().position(|flag| flag == "--neighbours")) {
        let fits = |count: usize| vectors.bytes + room.items * count * NEIGHBOUR_BYTES <= most;
        let drawn = flags.get(at + 1).and_then(|count| count.parse().ok()).unwrap_or(0);
        if !fits(drawn) {
            let fewer = FEWER.into_iter().find(|&count| fits(count)).unwrap_or(FEWER[1]);
            flags[at + 1] = fewer.min(drawn).to_string();
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(number: usize, rung: usize, flags: &str, ndcg: f64) -> Trial {
        Trial { bytes: 1000, ..Trial::of(number, rung, flags.split(' ').map(str::to_owned).collect(), Some(ndcg)) }
    }

    #[test]
    fn the_best_vectors_meet_the_best_lists() {
        let mut trials = Trials::default();
        for trial in [
            trial(0, 1, "--family als --als-alpha 3 --confidence binary --dim 8", 0.2),
            trial(1, 1, "--family ease --ease-lambda 50 --confidence log-count --neighbours 40 --dim 8", 0.4),
            trial(2, 1, "--family ease --ease-lambda 60 --neighbours 40", 0.3),
            trial(3, 1, "--family slim --slim-negative --slim-l1 2 --neighbours 20", 0.1),
            trial(4, 0, "--family elsa", 0.9),
            trial(5, 1, "--family als+ease", 0.9),
        ] {
            trials.add(trial).expect("no file");
        }
        let all = joined(&trials, Room { items: 10, most: None });
        let text: Vec<String> = all.iter().map(|flags| flags.join(" ")).collect();
        assert_eq!(
            text,
            [
                "--family als+ease --als-alpha 3 --confidence binary --dim 8 --ease-lambda 50 --neighbours 40",
                "--family als+slim --als-alpha 3 --confidence binary --dim 8 --slim-negative --slim-l1 2 --neighbours 20",
            ]
        );
        let neighbours =
            |most| joined(&trials, Room { items: 10, most: Some(most) })[0].last().cloned().expect("a flag");
        assert_eq!([3000, 2999, 1999, 0].map(neighbours), ["40", "20", "10", "10"]);
        assert!(joined(&Trials::default(), Room { items: 10, most: None }).is_empty());
    }
}
