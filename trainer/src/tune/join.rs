//! Recipes made of two trials: the vectors of one and the neighbour lists of another. Parts are searched apart, where a trial is
//! cheap and has few flags, and tried together at the last rung: their sum is above either on most logs, and the weight of one
//! beside the other is found by training itself.

use super::halving::RUNGS;
use super::trials::{Trial, Trials};
use crate::families::Family;

/// The rung whose trials are joined, the last but one.
pub const JOINED: usize = RUNGS.len() - 2;
/// Trials of either family of the best pair that are then joined with each other.
const TRIALS: usize = 3;
/// Bytes of one neighbour in a file, its index and its weight, and of one list besides: of few items and of many.
const NEIGHBOUR_BYTES: [usize; 2] = [3, 5];
const LIST_BYTES: usize = 8;

/// What a joined model may weigh.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub items: usize,
    /// Bytes without a catalogue, if bounded.
    pub most: Option<usize>,
}

/// The flags of each pair, in the order they are tried: the best trial of each family of vectors with the best lists; once these
/// are measured, the best of them with the other families of lists; once those are, other trials of the best pair's families.
pub fn joined(trials: &Trials, room: Room) -> Vec<Vec<String>> {
    let measured = trials.ranked().into_iter().filter(|trial| trial.rung == JOINED && trial.ndcg.is_some());
    let parts = measured.filter_map(|trial| Some((trial, trial.family().parse().ok()?)));
    let parts = parts
        .filter(|(_, family): &(&Trial, Family)| family.vectors.is_some() != family.lists.is_some() && !family.ranker);
    let (vectors, lists): (Vec<_>, Vec<_>) = parts.partition(|(_, family)| family.vectors.is_some());
    let (vectors, lists) = (by_family(vectors), by_family(lists));
    if vectors.is_empty() || lists.is_empty() {
        return Vec::new();
    }
    let pair = |(vectors, lists): (&Trial, &Trial)| flags(vectors, lists, room);
    // The place of the best of these, once all are measured.
    let best = |pairs: &[Vec<String>]| -> Option<usize> {
        let ndcg = pairs.iter().map(|flags| Some(trials.of(flags, JOINED + 1)?.ndcg.unwrap_or(0.0)));
        let ndcg: Vec<f64> = ndcg.collect::<Option<_>>()?;
        (0..ndcg.len()).max_by(|&a, &b| ndcg[a].total_cmp(&ndcg[b]).then(b.cmp(&a)))
    };
    let mut all: Vec<Vec<String>> = vectors.iter().map(|vectors| pair((vectors[0], lists[0][0]))).collect();
    let Some(v) = best(&all) else { return all };
    let with_lists: Vec<Vec<String>> = lists.iter().map(|lists| pair((vectors[v][0], lists[0]))).collect();
    all.extend_from_slice(&with_lists[1..]);
    let Some(l) = best(&with_lists) else { return all };
    let (vectors, lists) = (&vectors[v], &lists[l]);
    let mut places: Vec<(usize, usize)> =
        (0..vectors.len().min(TRIALS)).flat_map(|v| (0..lists.len().min(TRIALS)).map(move |l| (v, l))).collect();
    // Of equal places, other vectors before other lists.
    places.sort_by_key(|&(v, l)| (v + l, l));
    all.extend(places.into_iter().skip(1).map(|(v, l)| pair((vectors[v], lists[l]))));
    all
}

/// The trials of each family, families by their best and trials best first.
fn by_family(trials: Vec<(&Trial, Family)>) -> Vec<Vec<&Trial>> {
    let mut families: Vec<Vec<&Trial>> = Vec::new();
    for (trial, _) in trials {
        match families.iter_mut().find(|family| family[0].family() == trial.family()) {
            Some(family) => family.push(trial),
            None => families.push(vec![trial]),
        }
    }
    families
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
        let one = room.items * NEIGHBOUR_BYTES[usize::from(room.items > usize::from(u16::MAX))];
        let fits = most.saturating_sub(vectors.bytes + room.items * LIST_BYTES) / one.max(1);
        let drawn = flags.get(at + 1).and_then(|count| count.parse().ok()).unwrap_or(0);
        flags[at + 1] = fits.min(drawn).max(1).to_string();
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trials(list: &[(usize, &str, f64)]) -> Trials {
        let mut trials = Trials::default();
        for (number, &(rung, flags, ndcg)) in list.iter().enumerate() {
            let trial = Trial::of(number, rung, flags.split(' ').map(str::to_owned).collect(), Some(ndcg));
            trials.add(Trial { bytes: 1000, ..trial }).expect("no file");
        }
        trials
    }

    fn texts(trials: &Trials, most: Option<usize>) -> Vec<String> {
        joined(trials, Room { items: 10, most }).iter().map(|flags| flags.join(" ")).collect()
    }

    #[test]
    fn vectors_meet_the_best_lists_then_the_best_vectors_meet_other_lists() {
        let mut list = vec![
            (1, "--family als --als-alpha 1", 0.2),
            (1, "--family als --als-alpha 2", 0.1),
            (1, "--family elsa --elsa-batch 64", 0.3),
            (1, "--family ease --ease-lambda 1", 0.3),
            (1, "--family slim --slim-l1 1", 0.2),
            (1, "--family slim --slim-l1 2", 0.1),
            (0, "--family item-knn", 0.9),
            (1, "--family als+ease", 0.9),
        ];
        let first =
            ["--family elsa+ease --elsa-batch 64 --ease-lambda 1", "--family als+ease --als-alpha 1 --ease-lambda 1"];
        assert_eq!(texts(&trials(&list), None), first);
        list.push((2, first[0], 0.3));
        assert_eq!(texts(&trials(&list), None), first, "before all are measured");
        list.push((2, first[1], 0.4));
        let second = "--family als+slim --als-alpha 1 --slim-l1 1";
        assert_eq!(texts(&trials(&list), None), [&first[..], &[second]].concat());
        list.push((2, second, 0.5));
        let third = [
            "--family als+slim --als-alpha 2 --slim-l1 1",
            "--family als+slim --als-alpha 1 --slim-l1 2",
            "--family als+slim --als-alpha 2 --slim-l1 2",
        ];
        assert_eq!(texts(&trials(&list), None), [&first[..], &[second], &third].concat());
        assert!(texts(&trials(&list[2..4]), None).len() == 1 && texts(&trials(&list[..2]), None).is_empty());
    }

    #[test]
    fn flags_of_vectors_stand_and_lists_are_cut_to_the_room() {
        let all = trials(&[
            (1, "--family als --als-alpha 3 --confidence binary --dim 8", 0.2),
            (1, "--family slim --slim-negative --confidence log-count --dim 8 --neighbours 40", 0.1),
        ]);
        let text = "--family als+slim --als-alpha 3 --confidence binary --dim 8 --slim-negative --neighbours";
        assert_eq!(texts(&all, None), [format!("{text} 40")]);
        for (most, count) in [(2280, 40), (2279, 39), (1110, 1), (0, 1)] {
            assert_eq!(texts(&all, Some(most)), [format!("{text} {count}")]);
        }
    }
}
