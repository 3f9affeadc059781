//! What a compression came to, for people and for machines.

use serde_json::{Value, json};

use super::CompressArgs;
use crate::card::hex_sha256;
use crate::compress::{Measured, Try};
use crate::output::{grouped, table};

/// One model on the way.
pub struct Line {
    pub name: String,
    pub measured: Measured,
    /// Whether the step is part of the result, where that was a choice.
    pub taken: Option<bool>,
}

impl From<&Try> for Line {
    fn from(tried: &Try) -> Line {
        let name = format!("{}. {}", tried.round, tried.step);
        Line { name, measured: tried.measured, taken: Some(tried.taken) }
    }
}

/// A trial, in words.
pub fn said(tried: &Try) -> String {
    let verdict = if tried.taken { "taken" } else { "not taken" };
    let bytes = grouped(tried.measured.bytes);
    format!("round {}  {}: {bytes} bytes, {} lost, {verdict}", tried.round, tried.step, percent(tried.loss))
}

/// Everything to be said in the end.
pub struct Outcome<'a> {
    pub args: &'a CompressArgs,
    /// The original first.
    pub lines: Vec<Line>,
    /// What the file went through.
    pub steps: Vec<String>,
    /// Whether the original was kept as it is.
    pub kept: bool,
    pub source: &'a [u8],
    pub bytes: &'a [u8],
}

impl Outcome<'_> {
    /// Quality against bytes, one step a line.
    pub fn text(&self) -> String {
        let original = self.lines[0].measured;
        let mut cells = vec![["step", "NDCG@100", "lost", "bytes", "of it", "gzip", ""].map(str::to_owned).to_vec()];
        for Line { name, measured, taken } in &self.lines {
            cells.push(vec![
                format!("  {name}"),
                measured.ndcg.map_or("-".into(), |ndcg| format!("{ndcg:.4}")),
                measured.loss(&original).map_or("-".into(), percent),
                grouped(measured.bytes),
                format!("{:.0} %", 100.0 * measured.bytes as f64 / original.bytes as f64),
                grouped(measured.gzip),
                taken.map_or("", |taken| if taken { "taken" } else { "left" }).into(),
            ]);
        }
        let wrote = format!("wrote {}: {} bytes", self.args.output.display(), grouped(self.bytes.len()));
        let share = 100.0 * self.bytes.len() as f64 / self.source.len() as f64;
        match (self.kept, self.args.max_loss) {
            (true, most) => {
                let most = most.map_or(String::new(), |most| format!(" within a loss of {}", percent(most)));
                format!("{}\nno step saves bytes{most}: the model is kept as it is\n{wrote}", table(&cells))
            }
            (false, _) => {
                format!("{}\n{wrote}, {share:.0} % of the original: {}", table(&cells), self.steps.join(", "))
            }
        }
    }

    /// The same as JSON.
    pub fn object(&self) -> Value {
        let original = self.lines[0].measured;
        let steps = self.lines.iter().map(|Line { name, measured, taken }| {
            json!({
                "step": name, "bytes": measured.bytes, "gzip": measured.gzip, "ndcg@100": measured.ndcg,
                "loss": measured.loss(&original), "taken": taken,
            })
        });
        json!({
            "model": self.args.output,
            "bytes": self.bytes.len(),
            "sha256": hex_sha256(self.bytes),
            "source": { "path": self.args.model, "bytes": self.source.len(), "sha256": hex_sha256(self.source) },
            "max_loss": self.args.max_loss,
            "kept_original": self.kept,
            "plan": if self.kept { &[] } else { self.steps.as_slice() },
            "steps": steps.collect::<Vec<_>>(),
        })
    }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}
