//! The frame of a plot: axes, ticks, title, legend, and the way from values to places.

use super::html::escape;

pub const WIDTH: f64 = 560.0;
const TOP: f64 = 34.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 30.0;
const PLOT_HEIGHT: f64 = 230.0;
const BOTTOM: f64 = 46.0;
const LEGEND_ROW: f64 = 20.0;
/// About as wide as a letter of the legend.
const LETTER: f64 = 6.6;

/// How many colours the style knows; then they repeat with another dash.
const COLOURS: usize = 8;

/// A range of values and how they are written.
pub struct Axis {
    pub label: String,
    pub low: f64,
    pub high: f64,
    /// Equal ratios take equal room.
    pub log: bool,
    /// Values with a tick.
    pub ticks: Vec<f64>,
    pub write: fn(f64) -> String,
}

impl Axis {
    /// From 0 to at least `high`, ticks at round numbers.
    pub fn from_zero(label: &str, high: f64, write: fn(f64) -> String) -> Axis {
        let ticks = round_ticks(high);
        let last = ticks.last().copied().unwrap_or(1.0);
        Axis { label: label.into(), low: 0.0, high: last, log: false, ticks, write }
    }

    /// Over these values alone, which are above 0, equal ratios equally far apart.
    pub fn over(label: &str, values: &[f64], write: fn(f64) -> String) -> Axis {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        let high = if high > low { high } else { low * 2.0 };
        Axis { label: label.into(), low, high, log: true, ticks: values.to_vec(), write }
    }

    /// Where `value` lies, 0 to 1.
    fn share(&self, value: f64) -> f64 {
        match self.log {
            true => (value / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        }
    }
}

/// Ticks from 0 in steps of 1, 2 or 5 times a power of ten, up to the first at or above `high`; about five.
fn round_ticks(high: f64) -> Vec<f64> {
    let high = if high.is_finite() && high > 0.0 { high } else { 1.0 };
    let power = 10f64.powf((high / 5.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| high / step <= 5.0);
    let step = step.unwrap_or(10.0 * power);
    (0..=(high / step - 1e-9).ceil() as usize).map(|n| n as f64 * step).collect()
}

/// A plot in the making.
pub struct Frame {
    x: Axis,
    y: Axis,
    title: String,
    description: String,
    marks: String,
    legend: Vec<(String, usize)>,
}

impl Frame {
    /// An empty plot; `description` says in words what it shows.
    pub fn new(title: &str, description: &str, x: Axis, y: Axis) -> Frame {
        let (title, description) = (title.to_owned(), description.to_owned());
        Frame { x, y, title, description, marks: String::new(), legend: Vec::new() }
    }

    pub fn x(&self, value: f64) -> f64 {
        LEFT + self.x.share(value) * (WIDTH - LEFT - RIGHT)
    }

    pub fn y(&self, value: f64) -> f64 {
        TOP + (1.0 - self.y.share(value)) * PLOT_HEIGHT
    }

    /// Adds SVG.
    pub fn mark(&mut self, svg: &str) {
        self.marks += svg;
    }

    /// Names series `n` in the legend.
    pub fn name(&mut self, n: usize, name: &str) {
        self.legend.push((name.to_owned(), n));
    }

    /// Text under the x axis, in the middle of `x`.
    pub fn label_x(&mut self, x: f64, text: &str) {
        let y = TOP + PLOT_HEIGHT + 18.0;
        self.marks += &format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>", escape(text));
    }

    /// The whole `<svg>`.
    pub fn finish(self) -> String {
        let (legend, rows) = self.legend();
        let height = TOP + PLOT_HEIGHT + BOTTOM + rows as f64 * LEGEND_ROW;
        format!(
            "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 {WIDTH} {height}\" xmlns=\"http://www.w3.org/2000/svg\" \
             aria-label=\"{0}. {1}\"><title>{0}</title><desc>{1}</desc><text class=\"title\" x=\"0\" y=\"16\">{0}</text>\
             {2}{3}{legend}</svg>",
            escape(&self.title),
            escape(&self.description),
            self.axes(),
            self.marks
        )
    }

    fn axes(&self) -> String {
        let (right, bottom) = (WIDTH - RIGHT, TOP + PLOT_HEIGHT);
        let mut svg = String::new();
        for &tick in &self.y.ticks {
            let (y, text) = (self.y(tick), (self.y.write)(tick));
            svg += &format!("<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
            svg += &format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>", LEFT - 8.0, y + 4.0);
        }
        for &tick in &self.x.ticks {
            let (x, text) = (self.x(tick), (self.x.write)(tick));
            svg +=
                &format!("<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{bottom}\" y2=\"{}\"/>", bottom + 5.0);
            svg += &format!("<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>", bottom + 18.0);
        }
        svg += &format!("<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\"/>");
        let middle = (LEFT + right) / 2.0;
        svg += &format!(
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            bottom + 36.0,
            escape(&self.x.label)
        );
        svg
    }

    /// The legend and its number of rows.
    fn legend(&self) -> (String, usize) {
        let (mut svg, mut x, mut row) = (String::new(), LEFT, 0);
        for (name, n) in &self.legend {
            let width = 34.0 + LETTER * name.chars().count() as f64;
            if x > LEFT && x + width > WIDTH {
                (x, row) = (LEFT, row + 1);
            }
            let y = TOP + PLOT_HEIGHT + BOTTOM + row as f64 * LEGEND_ROW + 10.0;
            let style = style(*n);
            svg += &format!("<line class=\"line {style}\" x1=\"{x}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/>", x + 18.0);
            svg += &format!("<text x=\"{}\" y=\"{}\">{}</text>", x + 24.0, y + 4.0, escape(name));
            x += width;
        }
        (svg, if self.legend.is_empty() { 0 } else { row + 1 })
    }
}

/// Classes of series `n`: its colour, and a dash so that colour is not all there is.
pub fn style(n: usize) -> String {
    format!("c{} d{}", n % COLOURS, n % 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        assert_eq!(round_ticks(0.21), [0.0, 0.05, 0.1, 0.15000000000000002, 0.2, 0.25]);
        assert_eq!(round_ticks(5.0), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        for high in [1e-9, 0.3, 0.99, 1.0, 7.3, 1234.5, 9.9e8] {
            let ticks = round_ticks(high);
            assert!(
                *ticks.last().unwrap() >= high * (1.0 - 1e-9) && (3..=7).contains(&ticks.len()),
                "{high}: {ticks:?}"
            );
        }
        assert_eq!(round_ticks(0.0), round_ticks(1.0));
    }

    #[test]
    fn values_go_to_their_places() {
        let axis = Axis::over("k", &[10.0, 100.0, 1000.0], |value| value.to_string());
        assert_eq!([10.0, 100.0, 1000.0].map(|value| (axis.share(value) * 100.0).round()), [0.0, 50.0, 100.0]);
        let frame = Frame::new("t", "d", axis, Axis::from_zero("y", 1.0, |value| value.to_string()));
        assert_eq!((frame.x(10.0), frame.y(0.0), frame.y(1.0)), (LEFT, TOP + PLOT_HEIGHT, TOP));
        let alone = Axis::over("k", &[10.0], |value| value.to_string());
        assert!(alone.share(10.0).is_finite());
    }
}
