//! A small log with two tastes, and what every learner promises.

use super::learner::Learner;
use crate::dataset::Interactions;
use crate::dataset::fixture::interactions;

/// Even users of 40 take from items 0..12, odd ones from 12..24, each leaving some out. With strengths of 1.
pub fn tastes() -> (Interactions, Vec<Vec<f32>>) {
    let history = |user: u32| {
        let items = (0..12).filter(|item| !(user * 7 + item * 5).is_multiple_of(4));
        items.map(|item| item + 12 * (user % 2)).collect::<Vec<u32>>()
    };
    let data = interactions(24, (0..40).map(history).collect());
    let strengths = data.histories.iter().map(|history| vec![1.0; history.len()]).collect();
    (data, strengths)
}

/// Training stopped after two epochs and resumed from its state goes on as if never stopped.
pub fn resumes<L: Learner>(new: impl Fn() -> L) {
    let train = |learner: &mut L, epochs: std::ops::RangeInclusive<usize>| -> Vec<f64> {
        epochs.map(|epoch| learner.epoch(epoch).unwrap()).collect()
    };
    let (mut whole, mut stopped, mut resumed) = (new(), new(), new());
    let losses = [train(&mut whole, 1..=2), train(&mut whole, 3..=4)];
    assert_eq!(train(&mut stopped, 1..=2), losses[0]);
    for (to, from) in resumed.state().into_iter().zip(stopped.state()) {
        assert_eq!(to.0, from.0);
        to.1.clone_from(from.1);
    }
    assert_eq!(train(&mut resumed, 3..=4), losses[1]);
    assert_eq!(resumed.vectors().rows, whole.vectors().rows);
    assert_ne!(resumed.vectors().rows, stopped.vectors().rows);
}

/// How much nearer rows of one taste are to each other than to those of the other: differences of mean cosines.
pub fn separation(rows: &[f32], dim: usize) -> f64 {
    let rows: Vec<&[f32]> = rows.chunks_exact(dim).collect();
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let (mut sums, mut counts) = ([0.0; 2], [0.0; 2]);
    for (a, b) in (0..rows.len()).flat_map(|a| (0..a).map(move |b| (a, b))) {
        let side = usize::from((a < rows.len() / 2) == (b < rows.len() / 2));
        sums[side] += dot(rows[a], rows[b]) / (dot(rows[a], rows[a]) * dot(rows[b], rows[b])).sqrt();
        counts[side] += 1.0;
    }
    sums[1] / counts[1] - sums[0] / counts[0]
}
