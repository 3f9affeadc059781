//! The kinds of plots: curves, bars with intervals, points with intervals.

use super::frame::{Axis, Frame, style};
use crate::evaluate::bootstrap::Estimate;

/// A named row of points (x, y).
pub struct Series {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// For each label an estimate.
pub struct Bars {
    /// Which colour.
    pub style: usize,
    pub name: String,
    pub estimates: Vec<Estimate>,
}

/// A named estimate at x.
pub struct Point {
    /// Which colour.
    pub style: usize,
    pub name: String,
    pub x: f64,
    pub estimate: Estimate,
}

/// One curve a series.
pub fn curves(title: &str, description: &str, x: Axis, y: Axis, series: &[Series], marked: bool) -> String {
    let mut frame = Frame::new(title, description, x, y);
    for (n, series) in series.iter().enumerate() {
        let places: Vec<(f64, f64)> = series.points.iter().map(|&(x, y)| (frame.x(x), frame.y(y))).collect();
        let line: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        frame.mark(&format!("<polyline class=\"line {}\" points=\"{}\"/>", style(n), line.join(" ")));
        for (x, y) in places.iter().filter(|_| marked) {
            frame.mark(&format!("<circle class=\"dot {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>", colour(n)));
        }
        frame.name(n, &series.name);
    }
    frame.finish()
}

/// For each label one bar a series, with its interval.
pub fn bars(title: &str, description: &str, x_label: &str, labels: &[String], series: &[Bars]) -> String {
    let highest = series.iter().flat_map(|series| &series.estimates).map(|estimate| estimate.high).fold(0.0, f64::max);
    let count = labels.len() as f64;
    let x =
        Axis { label: x_label.into(), low: 0.0, high: count, log: false, ticks: Vec::new(), write: |_| String::new() };
    let mut frame = Frame::new(title, description, x, Axis::from_zero("", highest, decimal));
    let slot = frame.x(1.0) - frame.x(0.0);
    let width = (0.8 * slot / series.len().max(1) as f64).min(48.0);
    for (group, label) in labels.iter().enumerate() {
        let middle = frame.x(group as f64 + 0.5);
        let start = middle - width * series.len() as f64 / 2.0;
        for (n, one) in series.iter().enumerate() {
            let estimate = one.estimates[group];
            let (left, top, bottom) = (start + width * n as f64, frame.y(estimate.mean), frame.y(0.0));
            frame.mark(&format!(
                "<rect class=\"bar {}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
                colour(one.style),
                (bottom - top).max(0.0)
            ));
            whisker(&mut frame, left + width / 2.0, &estimate);
        }
        let room = (slot / 6.8).max(4.0) as usize;
        frame.label_x(middle, &shortened(label, room));
    }
    series.iter().filter(|_| series.len() > 1).for_each(|one| frame.name(one.style, &one.name));
    frame.finish()
}

/// Points with their intervals upright.
pub fn points(title: &str, description: &str, x: Axis, points: &[Point]) -> String {
    let highest = points.iter().map(|point| point.estimate.high).fold(0.0, f64::max);
    let mut frame = Frame::new(title, description, x, Axis::from_zero("", highest, decimal));
    for Point { style, name, x, estimate } in points {
        let place = frame.x(*x);
        whisker(&mut frame, place, estimate);
        frame.mark(&format!(
            "<circle class=\"dot {}\" cx=\"{place:.1}\" cy=\"{:.1}\" r=\"6\"/>",
            colour(*style),
            frame.y(estimate.mean)
        ));
        frame.name(*style, name);
    }
    frame.finish()
}

fn whisker(frame: &mut Frame, x: f64, estimate: &Estimate) {
    let (low, high) = (frame.y(estimate.low), frame.y(estimate.high));
    frame.mark(&format!(
        "<path class=\"whisker\" d=\"M{x:.1} {low:.1}V{high:.1}M{0:.1} {low:.1}h8m-8 {1:.1}h8\"/>",
        x - 4.0,
        high - low
    ));
}

fn colour(n: usize) -> String {
    style(n).split(' ').next().unwrap_or_default().to_owned()
}

fn shortened(text: &str, room: usize) -> String {
    match text.chars().count() > room {
        true => text.chars().take(room.saturating_sub(1)).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// Up to four decimals.
pub fn decimal(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
