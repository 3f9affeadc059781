//! The evaluation as one HTML page that needs nothing else: inline style and SVG, no scripts, light and dark, for screen and
//! paper; behind every plot stands its table.

mod charts;
mod frame;
mod html;
mod sections;
mod tables;
mod training;

use super::evaluation::Evaluation;
use html::{document, escape, list};
pub use training::{Curve, training_page};

/// The page. `notes` are remarks on the data.
pub fn page(evaluation: &Evaluation, notes: &[String]) -> String {
    let names: Vec<&str> = evaluation.subjects.iter().map(|subject| subject.name.as_str()).collect();
    let title = format!("Evaluation of {}", names.join(", "));
    let mut body = format!("<header><h1>{}</h1>", escape(&title));
    body += &list(&[evaluation.conditions(), notes.to_vec()].concat());
    body += "</header><main>";
    for section in [
        sections::origin(evaluation),
        sections::models(evaluation),
        sections::headline(evaluation),
        sections::size(evaluation),
        sections::trade_off(evaluation),
        sections::curves(evaluation),
        sections::beginnings(evaluation),
        sections::groups(evaluation),
        sections::exposure(evaluation),
        sections::beyond(evaluation),
        sections::ratings(evaluation),
        sections::definitions(),
    ] {
        body += &section;
    }
    body += "</main>";
    document(&title, &body)
}

#[cfg(test)]
mod tests;
