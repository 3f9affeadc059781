//! What a network is judged by.

use burn::tensor::{Int, Tensor};

/// Cross-entropy of targets under a softmax over all items, estimated from candidates drawn evenly (Jean et al. 2015, "On Using Very
/// Large Target Vocabulary"): `-s_t + ln(e^s_t + sum_{c != t} w_c e^s_c)`, a candidate standing for `w_c` items. Exact where all items
/// are candidates.
///
/// `queries` (Q, d), `candidates` (C, d), their `weights` (1, C), `asked` (P) are places in the queries, `targets` (P, d), `hit` (P, 1)
/// is the weight of a target that is among the candidates, else 0. The sum over targets.
pub fn softmax_loss(
    queries: Tensor<2>,
    candidates: Tensor<2>,
    weights: Tensor<2>,
    (asked, targets, hit): (Tensor<1, Int>, Tensor<2>, Tensor<2>),
) -> Tensor<1> {
    let scores = queries.clone().matmul(candidates.transpose()) + weights.log();
    let largest = scores.clone().detach().max_dim(1);
    let all = (scores - largest.clone()).exp().sum_dim(1).log() + largest;
    let all = all.select(0, asked.clone());
    let target = (queries.select(0, asked) * targets).sum_dim(1);
    let larger = all.clone().detach().max_pair(target.clone().detach());
    // A target among the candidates is already counted by its weight, and is to be counted once.
    let own = (hit.neg() + 1.0) * (target.clone() - larger.clone()).exp();
    let sum = ((all - larger.clone()).exp() + own).clamp_min(1e-12);
    (sum.log() + larger - target).sum()
}

/// Binary cross-entropy of scores x and labels y (P, 1) each, stable for large x: `max(x, 0) - x y + ln(1 + exp(-|x|))`, summed up.
pub fn binary_loss(x: Tensor<2>, y: Tensor<2>) -> Tensor<1> {
    let linear = x.clone().clamp_min(0.0) - x.clone() * y;
    (linear + x.abs().neg().exp().log1p()).sum()
}

/// How far codes (B, z) of these means and logarithms of variances lie from a standard normal (Kingma and Welling 2014, appendix B),
/// summed up.
pub fn divergence(mean: Tensor<2>, spread: Tensor<2>) -> Tensor<1> {
    (mean.clone() * mean + spread.clone().exp() - spread - 1.0).sum() * 0.5
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn matrix(values: &[f32], columns: usize) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [values.len() / columns, columns]), &Device::flex())
    }

    /// -ln of the target's share, in f64.
    fn by_hand(scores: &[f64], target: usize) -> f64 {
        scores.iter().map(|s| s.exp()).sum::<f64>().ln() - scores[target]
    }

    #[test]
    fn with_all_items_it_is_the_cross_entropy() {
        let items = [0.5f32, 1.0, -2.0, 0.25, 3.0, -1.0];
        let (queries, table) = (matrix(&[1.0, 2.0, -1.0, 0.5], 2), matrix(&items, 2));
        let asked = Tensor::<1, Int>::from_data([0, 1, 1], &Device::flex());
        let targets = matrix(&[items[4], items[5], items[0], items[1], items[4], items[5]], 2);
        let loss = softmax_loss(queries, table, matrix(&[1.0; 3], 3), (asked, targets, matrix(&[1.0; 3], 1)))
            .into_scalar::<f32>();
        let scores = |u: [f64; 2]| {
            items.chunks(2).map(|row| u[0] * f64::from(row[0]) + u[1] * f64::from(row[1])).collect::<Vec<_>>()
        };
        let (first, second) = (scores([1.0, 2.0]), scores([-1.0, 0.5]));
        let expected = by_hand(&first, 2) + by_hand(&second, 0) + by_hand(&second, 2);
        assert!((f64::from(loss) - expected).abs() < 1e-4, "{loss} {expected}");
    }

    #[test]
    fn candidates_stand_for_several_items_and_a_target_for_itself() {
        let scores = [1.5f32, -0.5, 0.25];
        let weights = [5.0f32, 2.0, 1.0];
        for (target, hit) in [(0.7f32, 0.0f32), (scores[1], weights[1])] {
            let asked = Tensor::<1, Int>::from_data([0], &Device::flex());
            let loss = softmax_loss(
                matrix(&[1.0], 1),
                matrix(&scores, 1),
                matrix(&weights, 3),
                (asked, matrix(&[target], 1), matrix(&[hit], 1)),
            );
            let others: f64 = scores
                .iter()
                .zip(weights)
                .filter(|(s, _)| hit == 0.0 || **s != target)
                .map(|(&s, w)| f64::from(w) * f64::from(s).exp())
                .sum();
            let expected = (others + f64::from(target).exp()).ln() - f64::from(target);
            assert!((f64::from(loss.into_scalar::<f32>()) - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn labels_are_told_by_the_sign_of_a_score() {
        let at = |x: f32, y: f32| binary_loss(matrix(&[x], 1), matrix(&[y], 1)).into_scalar::<f32>();
        for x in [-30.0f32, -1.5, 0.0, 2.0, 100.0] {
            let share = 1.0 / (1.0 + f64::from(-x).exp());
            assert!((f64::from(at(x, 1.0)) + share.ln()).abs() < 1e-5 * (1.0 + f64::from(x.abs())), "{x}");
            assert!((at(x, 0.0) - at(-x, 1.0)).abs() < 1e-6, "{x}");
        }
    }

    #[test]
    fn a_standard_normal_is_no_way_off() {
        let at = |mean: f32, spread: f32| divergence(matrix(&[mean], 1), matrix(&[spread], 1)).into_scalar::<f32>();
        assert_eq!(at(0.0, 0.0), 0.0);
        assert!((at(2.0, 1.0) - 0.5 * (4.0 + 1f32.exp() - 2.0)).abs() < 1e-5);
    }
}
