//! Symmetric quantisation, one scale a row.

/// A table of int8 rows: `value = scale[row] * values[row][column]`.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantisedRows {
    /// (n, dim), row-major, each in -127..=127.
    pub values: Vec<i8>,
    /// (n).
    pub scale: Vec<f32>,
    /// Row width.
    pub dim: usize,
}

impl QuantisedRows {
    /// The rows as floats, (n, dim), the very numbers every backend scores with.
    pub fn dequantise(&self) -> Vec<f32> {
        self.values
            .chunks_exact(self.dim.max(1))
            .zip(&self.scale)
            .flat_map(|(row, &scale)| row.iter().map(move |&value| f32::from(value) * scale))
            .collect()
    }
}

/// The numbers that quantised rows are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grid {
    /// -127..=127.
    Int8,
    /// -90..=90, see [`super::Ranker::LARGEST`].
    Hidden,
    /// -7..=7.
    Int4,
}

impl Grid {
    fn largest(self) -> i8 {
        match self {
            Grid::Int8 => 127,
            Grid::Hidden => super::Ranker::LARGEST,
            Grid::Int4 => 7,
        }
    }

    /// Cuts a scale to 16 significant bits, for int4 to the 8 of BF16: its product with a value is then exact in f32, and rows that
    /// were read back become the same integers and scales again.
    fn cut(self, scale: f32) -> f32 {
        f32::from_bits(scale.to_bits() & if self == Grid::Int4 { !0xffff } else { !0xff })
    }
}

/// Quantises a vector, or `rows` (n, dim) row by row: `scale = max |x| / 127`, values rounded half away from zero.
///
/// # Panics
/// When `rows.len()` is no multiple of `dim`: the caller's table is not a table.
pub fn quantise_rows(rows: &[f32], dim: usize) -> QuantisedRows {
    quantise(rows, dim, 127, |scale| scale)
}

/// As [`quantise_rows`], for a table in a file.
pub(crate) fn quantise_table(rows: &[f32], dim: usize, grid: Grid) -> QuantisedRows {
    quantise(rows, dim, grid.largest(), |scale| grid.cut(scale))
}

fn quantise(rows: &[f32], dim: usize, largest: i8, cut: impl Fn(f32) -> f32) -> QuantisedRows {
    assert!(dim > 0 && rows.len().is_multiple_of(dim), "rows must be (n, dim)");
    let mut values = Vec::with_capacity(rows.len());
    let mut scale = Vec::with_capacity(rows.len() / dim);
    for row in rows.chunks_exact(dim) {
        let widest = row.iter().fold(0.0f32, |a, x| a.max(x.abs())) / f32::from(largest);
        scale.push(quantise_into(row, cut(widest), largest, &mut values));
    }
    QuantisedRows { values, scale, dim }
}

/// Quantises one row, appends its values and returns its scale; rows too small to matter become zero.
fn quantise_into(row: &[f32], scale: f32, largest: i8, values: &mut Vec<i8>) -> f32 {
    let steps = f32::from(largest);
    if scale < super::limits::MIN_SCALE {
        values.extend(row.iter().map(|_| 0i8));
        return 0.0;
    }
    // Not f32::clamp: its panic message would bring core's float formatter into the download, 10 KB.
    values.extend(row.iter().map(|x| (x / scale).round().max(-steps).min(steps) as i8));
    scale
}

/// `1 / |row|`, 0 for a row too small to have a direction; summed in f64 in row order, so every platform rounds alike.
pub(crate) fn inverse_norm<T: Copy + Into<f64>>(row: &[T]) -> f32 {
    let squared: f64 = row.iter().map(|&x| x.into() * x.into()).sum();
    if squared < 1e-30 { 0.0 } else { (1.0 / squared.sqrt()) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_is_at_most_half_a_step() {
        let rows = [0.5f32, -1.0, 0.25, 3.0, 0.0, -2.9];
        let table = quantise_rows(&rows, 3);
        for (i, (a, b)) in rows.iter().zip(table.dequantise()).enumerate() {
            assert!((a - b).abs() <= table.scale[i / 3] * 0.5001, "{a} {b}");
        }
    }

    #[test]
    fn rows_read_back_are_the_same_integers_again() {
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 3.0e6 - 2.7
        };
        let rows: Vec<f32> = (0..16 * 500).map(|_| random()).collect();
        for (grid, error) in [(Grid::Int8, 0.502), (Grid::Hidden, 0.502), (Grid::Int4, 0.53)] {
            let table = quantise_table(&rows, 16, grid);
            let read = table.dequantise();
            assert_eq!(quantise_table(&read, 16, grid), table);
            for (place, (given, stored)) in rows.iter().zip(&read).enumerate() {
                assert!((given - stored).abs() <= error * table.scale[place / 16], "{grid:?}: {given} {stored}");
            }
        }
    }

    #[test]
    fn a_zero_row_has_scale_zero() {
        let table = quantise_rows(&[0.0; 4], 4);
        assert_eq!((table.scale[0], table.values), (0.0, vec![0; 4]));
    }
}
