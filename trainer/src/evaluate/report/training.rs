//! How a training went, as a page like that of an evaluation.

use super::charts::{Series, curves, decimal};
use super::frame::Axis;
use super::html::{document, figure, section, table};
use crate::output::grouped;

/// A curve of a stage of the training over its epochs.
pub struct Curve {
    pub stage: String,
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// The page: a plot with its table for each curve.
pub fn training_page(all: &[Curve]) -> String {
    let one = |Curve { stage, name, points }: &Curve| {
        let title = format!("{stage}: {name}");
        let (highest, last) = points.iter().fold((0.0f64, 1.0f64), |(y, x), point| (y.max(point.1), x.max(point.0)));
        let (x, y) = (Axis::from_zero("epoch", last, decimal), Axis::from_zero("", highest, decimal));
        let text = format!("The {name} of {stage} after each of {} epochs.", grouped(points.len()));
        let series = [Series { name: name.clone(), points: points.clone() }];
        let rows: Vec<Vec<String>> = points.iter().map(|(x, y)| vec![decimal(*x), format!("{y:.6}")]).collect();
        let table = table(&title, &["epoch".to_owned(), name.clone()], &rows);
        figure(&curves(&title, &text, x, y, &series, points.len() < 40), &table)
    };
    let plots: String = all.iter().map(one).collect();
    let body = section("By epoch", &format!("<div class=\"plots\">{plots}</div>"));
    document("Training", &format!("<header><h1>Training</h1></header><main>{body}</main>"))
}
