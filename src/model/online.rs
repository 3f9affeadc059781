//! Online learning: how fast the adapter of a user ([`Adapter`](crate::profile::Adapter)) learns from each event, and how much its
//! parts count beside the score of the frozen model. Fitted by the trainer on the next events of held-out users.

use serde_json::{Value, json};

use super::limits::MAX_COLUMNS;
use super::read::Model;
use super::view::ColumnView;
use crate::error::{Error, Result};
use crate::json::Field;

/// Most knots, and most buckets of a column of numbers.
const MAX_KNOTS: usize = 16;
const MAX_EDGES: usize = 63;
/// Most items that an event is compared with.
const MAX_SAMPLES: u32 = 64;

/// The settings of an adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct Online {
    /// Step size eta of an event of full strength, above 0 and at most 1.
    pub rate: f32,
    /// Items that each event's item is compared with.
    pub samples: usize,
    /// Days after which what was learnt counts half; 0 for never.
    pub days: f32,
    /// Events after which what was learnt counts half; 0 for never.
    pub events: f32,
    /// What rows are divided by, so that a usual one is 1 long.
    pub norm: f32,
    /// Columns whose values have a bias each.
    pub columns: Vec<OnlineColumn>,
    /// Ascending sums of a history's strengths, at least one.
    pub strengths: Vec<f32>,
    /// What each part counts at each of them: the vector, the item itself, then each column, (strengths, 2 + columns). Between them
    /// they lie on lines, beyond them they stay.
    pub weights: Vec<Vec<f32>>,
}

/// A column whose values have a bias each: categories as they are, numbers by bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct OnlineColumn {
    pub column: String,
    /// Of a column of numbers, ascending: a bucket below the first, one from each on, and one for the unknown.
    pub edges: Vec<f32>,
}

impl OnlineColumn {
    /// The bucket of a number.
    pub fn bucket(&self, value: f32) -> usize {
        match value.is_nan() {
            true => self.edges.len() + 1,
            false => self.edges.partition_point(|&edge| value >= edge),
        }
    }
}

impl Online {
    pub(crate) fn from_json(field: &Field) -> Result<Online> {
        let number = |key, least, most, expected| -> Result<f32> {
            Ok(field.required(key)?.within(least, most, expected)? as f32)
        };
        let mut columns = Vec::new();
        for column in field.required("columns")?.list()? {
            let edges = column.required("edges")?.floats()?;
            if edges.len() > MAX_EDGES
                || edges.windows(2).any(|pair| pair[0] >= pair[1])
                || columns.len() == MAX_COLUMNS
            {
                return Err(column.refuse("up to 64 columns of at most 63 ascending edges each"));
            }
            columns.push(OnlineColumn { column: column.required("column")?.text()?.to_owned(), edges });
        }
        let strengths = field.required("strengths")?.floats()?;
        let mut weights = Vec::new();
        for row in field.required("weights")?.list()? {
            weights.push(row.floats()?);
        }
        let fits = (1..=MAX_KNOTS).contains(&strengths.len())
            && weights.len() == strengths.len()
            && strengths.windows(2).all(|pair| pair[0] < pair[1])
            && weights.iter().all(|row| row.len() == columns.len() + 2)
            && weights.iter().flatten().all(|weight| weight.abs() <= 1e6);
        if !fits {
            return Err(field.refuse("1 to 16 ascending strengths, each with 2 weights and one a column, up to 1e6"));
        }
        Ok(Online {
            rate: number("rate", 1e-6, 1.0, "a rate above 0 and up to 1")?,
            samples: number("samples", 1.0, f64::from(MAX_SAMPLES), "1 to 64 samples")? as usize,
            days: number("days", 0.0, 1e6, "0 to 1e6 days")?,
            events: number("events", 0.0, 1e6, "0 to 1e6 events")?,
            norm: number("norm", 1e-6, 1e6, "a length above 0")?,
            columns,
            strengths,
            weights,
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        let columns = self.columns.iter().map(|column| json!({ "column": column.column, "edges": column.edges }));
        json!({
            "rate": self.rate, "samples": self.samples, "days": self.days, "events": self.events, "norm": self.norm,
            "columns": columns.collect::<Vec<_>>(), "strengths": self.strengths, "weights": self.weights,
        })
    }

    /// Refuses columns that the model does not have, or not of that type.
    pub(super) fn check(&self, model: &Model) -> Result<()> {
        for (n, column) in self.columns.iter().enumerate() {
            if self.columns[..n].iter().any(|earlier| earlier.column == column.column) {
                return Err(Error::argument("model.online.columns", "columns named once", column.column.as_str()));
            }
            let fits = match model.column(&column.column) {
                Some(ColumnView::Category { .. }) => column.edges.is_empty(),
                Some(ColumnView::Number(_)) => true,
                _ => false,
            };
            if !fits {
                let expected = "columns of categories without edges, or of numbers";
                return Err(Error::argument("model.online.columns", expected, column.column.as_str()));
            }
        }
        Ok(())
    }

    /// What each part counts beside a history whose strengths sum up to `total`, (2 + columns).
    pub fn weights_at(&self, total: f32) -> Vec<f32> {
        let after = self.strengths.iter().filter(|&&strength| strength < total).count();
        let (low, high) = (after.saturating_sub(1), after.min(self.strengths.len() - 1));
        let width = self.strengths[high] - self.strengths[low];
        let share = if width > 0.0 { (total - self.strengths[low]) / width } else { 0.0 };
        self.weights[low].iter().zip(&self.weights[high]).map(|(a, b)| a + share * (b - a)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn online() -> Online {
        Online {
            rate: 0.125,
            samples: 4,
            days: 60.0,
            events: 0.0,
            norm: 0.5,
            columns: vec![OnlineColumn { column: "year".into(), edges: vec![1990.0, 2010.0] }],
            strengths: vec![1.0, 3.0],
            weights: vec![vec![0.0, 1.0, 2.0], vec![1.0, 1.0, 0.0]],
        }
    }

    #[test]
    fn settings_are_read_as_written_and_refused_otherwise() {
        let read = |value: &Value| {
            Online::from_json(&Field::root(&parse(value.to_string().as_bytes()).unwrap(), "model.online"))
        };
        let written = online().to_json();
        assert_eq!(read(&written).unwrap(), online());
        for (key, value) in [
            ("rate", json!(0)),
            ("rate", json!(2)),
            ("samples", json!(1000)),
            ("days", json!(-1)),
            ("norm", json!(0)),
            ("strengths", json!([])),
            ("strengths", json!([3, 1])),
            ("weights", json!([[0, 0], [0, 0]])),
            ("weights", json!([[1e9, 0, 0], [0, 0, 0]])),
            ("columns", json!([{ "column": "year", "edges": [2, 1] }])),
        ] {
            let mut wrong = written.clone();
            wrong[key] = value;
            assert!(read(&wrong).is_err(), "{key} {}", wrong[key]);
        }
    }

    #[test]
    fn weights_lie_on_lines_between_strengths() {
        for (total, expected) in [(0.0, 0.0), (1.0, 0.0), (2.0, 0.5), (3.0, 1.0), (9.0, 1.0)] {
            assert_eq!(online().weights_at(total), [expected, 1.0, 2.0 * (1.0 - expected)], "{total}");
        }
    }

    #[test]
    fn numbers_fall_into_buckets() {
        let buckets = [1980.0, 1990.0, 2009.0, 2010.0, f32::NAN].map(|year| online().columns[0].bucket(year));
        assert_eq!(buckets, [0, 1, 1, 2, 3]);
    }
}
