//! `proclivity replay MODEL LOG [--from TIME]`

use std::path::PathBuf;

use clap::Args;
use proclivity::model::Model;
use proclivity::profile::EventKind;
use serde_json::json;

use super::evaluate::moment;
use super::open_model;
use crate::dataset::{Event, HeldOut, LogSource, Reading, TableOptions};
use crate::error::{CliError, Result};
use crate::evaluate::{CUTOFF, Judged, Listing, Removal, Replay, Shown, kind_of, moments, remove_reasons, summarise};
use crate::families::{Foreseen, WINDOW, foresee, visits_of};
use crate::output::{Output, grouped, table};

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Model file, trained on other users or on what was before
    model: PathBuf,
    #[command(flatten)]
    source: LogSource,
    /// What came from this time on is foreseen, such as 2017-10-01 [default: all but each user's first visit]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Moments of each user at which the model is asked, at most
    #[arg(long, value_name = "COUNT", default_value_t = 25)]
    moments: usize,
    /// Rank what a user had before too
    #[arg(long)]
    include_seen: bool,
    /// Also take out of histories what is said to carry a score: does it fall further than without something else?
    #[arg(long)]
    reasons: bool,
    /// Also follow users who are shown a list at each moment, with these options as a page gives them, such as {"rotationRate":0.5},
    /// beside users whose lists are by score. Once for each
    #[arg(long, value_name = "JSON")]
    list: Vec<String>,
}

pub fn run(args: &ReplayArgs, tables: &TableOptions, output: Output) -> Result<()> {
    let model = open_model(&args.model)?;
    let from = args.from.as_deref().map(|from| moment("--from", from)).transpose()?;
    if args.moments == 0 {
        return Err(CliError::Flag { flag: "--moments", expected: "at least 1".into(), found: "0".into() });
    }
    // Whoever visits is judged, also with what few others took; what a user does later does not decide whether.
    let reading = Reading { whole: true, count_before: from, ..Reading::default() };
    let (data, cleaning) = args.source.read(tables, reading)?;
    output.note(cleaning.text(&args.source.log));
    if from.is_some() && !data.has_time {
        return Err(CliError::Flag {
            flag: "--from",
            expected: "a log with times".into(),
            found: args.source.log.display().to_string(),
        });
    }
    let known: Vec<Option<u32>> = data.items.iter().map(|id| model.item_index(id)).collect();
    let of_model = |event: &Event| Some(Event { item: known[event.item as usize]?, ..*event });
    let followed = |(user, events): (&String, &Vec<Event>)| HeldOut {
        user: user.clone(),
        fold_in: Vec::new(),
        targets: Vec::new(),
        events: events.iter().filter_map(of_model).collect(),
    };
    let users: Vec<HeldOut> = data.users.iter().zip(&data.events).map(followed).collect();
    let moments = moments(&users, data.has_time, args.moments, args.include_seen, from.unwrap_or(i64::MIN));
    let timing = model.manifest().timing.as_ref().filter(|_| data.has_time);
    let cut = from.map_or(f64::MIN, |from| from as f64);
    let foreseen = timing.map(|timing| foresee(&visits_of(&data), cut, usize::MAX, timing));
    let foreseen = foreseen.filter(|foreseen| foreseen.visits > 0);
    if moments.is_empty() && foreseen.is_none() {
        return Err(CliError::Flag {
            flag: if from.is_some() { "--from" } else { "LOG" },
            expected: "visits to be foreseen, of users who came before, of items that the model knows".into(),
            found: "none".into(),
        });
    }
    let replay = Replay { model: &model, users: &users, timed: data.has_time, again: args.include_seen };
    let (all, groups) = summarise(&moments, &replay.run(&moments)?);
    let removal = match args.reasons {
        true => Some(remove_reasons(&model, &users, &moments, data.has_time)?),
        false => None,
    };
    if let Some((strength, kind)) = unlike(&model, &users) {
        output.note(format!(
            "events that count {strength} in the log are replayed as `{}`, the kind that counts most nearly as much",
            kind.name()
        ));
    }
    let listings: Vec<Listing> = args.list.iter().map(|text| Listing::read(text, CUTOFF)).collect::<Result<_>>()?;
    let mut shown = Vec::new();
    if !listings.is_empty() {
        shown.push(replay.show(&moments, None)?);
        for listing in &listings {
            shown.push(replay.show(&moments, Some(listing))?);
        }
    }
    let mut text = format!(
        "{} moments of {} users; NDCG@{CUTOFF} of what came next\n\n{}",
        grouped(all.moments),
        grouped(all.users),
        ranking(&all, &groups)
    );
    if model.manifest().online.is_none() {
        text.push_str("\n\nThe model learns nothing online.");
    }
    if let Some(foreseen) = &foreseen {
        let visits = grouped(foreseen.visits);
        text.push_str(&format!("\n\n{visits} visits, windows of {WINDOW} hours\n\n{}", windows(foreseen)));
    }
    if let Some(Removal { items, lowered }) = removal {
        let share = 100.0 * lowered;
        text.push_str(&format!(
            "\n\nWithout its first reason an item falls further than without another: {share:.1} % of {}",
            grouped(items)
        ));
    }
    if !shown.is_empty() {
        text.push_str(&format!("\n\nLists that are shown one after the other\n\n{}", lists(&shown)));
    }
    output.result(&text, || {
        json!({
            "cutoff": CUTOFF, "ranking": all, "groups": groups, "timing": foreseen, "reasons": removal, "lists": shown,
        })
    });
    Ok(())
}

/// A strength of the log that no kind of event has, and the kind that stands for it.
fn unlike(model: &Model, users: &[HeldOut]) -> Option<(f32, EventKind)> {
    let strengths = users.iter().flat_map(|user| &user.events).map(|event| event.strength);
    strengths
        .map(|strength| (strength, kind_of(model, strength)))
        .find(|&(strength, kind)| (kind.strength(model) - strength).abs() > 1e-3)
}

fn lists(shown: &[Shown]) -> String {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let row = |shown: &Shown| {
        let list = shown.list.clone().unwrap_or_else(|| "by score".into());
        let [renewed, coverage] = [shown.renewed, shown.coverage].map(percent);
        vec![list, format!("{:.4}", shown.ndcg), renewed, format!("{:.2}", shown.shown_before), coverage]
    };
    let head = ["list", "NDCG", "new since the last", "times shown before", "of the catalogue"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(shown.iter().map(row));
    table(&rows)
}

fn ranking(all: &Judged, groups: &[Judged]) -> String {
    let row = |name: String, judged: &Judged| {
        let gain = judged.gain.map_or_else(|| "-".to_owned(), |gain| format!("{:+.1} %", 100.0 * gain));
        let error = judged.error.map(|error| format!(" (+- {:.1})", 100.0 * error)).unwrap_or_default();
        let gain = gain + &error;
        vec![name, grouped(judged.moments), format!("{:.4}", judged.alone), format!("{:.4}", judged.learning), gain]
    };
    let mut rows = vec![["events known", "moments", "folded in", "learning", "gain"].map(str::to_owned).to_vec()];
    rows.extend(groups.iter().map(|group| row(format!("{} to {}", group.events.0, group.events.1), group)));
    rows.push(row("all".into(), all));
    table(&rows)
}

fn windows(foreseen: &Foreseen) -> String {
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let row = |what: &str, share: f64| {
        vec![what.to_owned(), percent(share), format!("{:.2}", share / foreseen.population.max(f64::MIN_POSITIVE))]
    };
    table(&[
        vec!["best window".into(), "holds the next visit".into(), "times the population's".into()],
        row("the user's rhythm", foreseen.rhythm),
        row("the population's", foreseen.population),
        row("around the user's most frequent hour", foreseen.own),
    ])
}
