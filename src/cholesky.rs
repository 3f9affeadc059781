//! Solving small symmetric positive definite systems in f64. A device solves one of width d a query; a linear algebra
//! library would be most of the download for it.

/// `A = L L^T`, L lower triangular.
#[derive(Debug, Clone)]
pub(crate) struct Cholesky {
    /// (dim, dim) row-major; the strict upper triangle is not used.
    lower: Vec<f64>,
    dim: usize,
}

impl Cholesky {
    /// Factors `matrix` (dim, dim), reading its lower triangle; `None` when it is not positive definite.
    pub fn factor(mut matrix: Vec<f64>, dim: usize) -> Option<Cholesky> {
        for row in 0..dim {
            for column in 0..=row {
                let (head, tail) = matrix.split_at(row * dim);
                let row_values = &tail[..dim];
                let other = if column == row { row_values } else { &head[column * dim..][..dim] };
                let dot: f64 = row_values[..column].iter().zip(&other[..column]).map(|(a, b)| a * b).sum();
                let rest = row_values[column] - dot;
                let value = if column < row {
                    rest / other[column]
                } else if rest > 0.0 && rest.is_finite() {
                    rest.sqrt()
                } else {
                    return None;
                };
                matrix[row * dim + column] = value;
            }
        }
        Some(Cholesky { lower: matrix, dim })
    }

    /// x with `A x = b`; `b` has length dim.
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        let (lower, dim) = (&self.lower, self.dim);
        let mut x = b.to_vec();
        for row in 0..dim {
            let dot: f64 = lower[row * dim..][..row].iter().zip(&x).map(|(l, x)| l * x).sum();
            x[row] = (x[row] - dot) / lower[row * dim + row];
        }
        for row in (0..dim).rev() {
            let dot: f64 = (row + 1..dim).map(|below| lower[below * dim + row] * x[below]).sum();
            x[row] = (x[row] - dot) / lower[row * dim + row];
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_a_hand_worked_system() {
        let solved = Cholesky::factor(vec![4.0, 99.0, 2.0, 3.0], 2).expect("positive definite").solve(&[2.0, 5.0]);
        assert!((solved[0] + 0.5).abs() < 1e-12 && (solved[1] - 2.0).abs() < 1e-12, "{solved:?}");
    }

    #[test]
    fn refuses_what_is_not_positive_definite() {
        assert!(Cholesky::factor(vec![1.0, 0.0, 2.0, 1.0], 2).is_none());
        assert!(Cholesky::factor(vec![f64::NAN], 1).is_none());
    }
}
