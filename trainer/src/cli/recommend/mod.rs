//! `proclivity recommend MODEL --history id,id,id`, `--similar id`, or `--fold-in FILE -o lists.csv`

mod batch;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use proclivity::model::{Cell, ColumnView, FieldKind, Model};
use proclivity::profile::{Event, EventKind};
use proclivity::rank::Reason;
use proclivity::score::BackendChoice;
use proclivity::{Recommendation, Recommender, Request};
use serde_json::{Value, json};

use super::open_model;
use crate::dataset::TableOptions;
use crate::error::{CliError, Result};
use crate::output::{Output, table};

#[derive(Debug, Args)]
pub struct RecommendArgs {
    /// Model file
    model: PathBuf,
    /// Item ids the user bought, separated by commas; none for the popular items
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    history: Vec<String>,
    /// The items most like this one instead
    #[arg(long, value_name = "ID", conflicts_with_all = ["history", "explain"])]
    similar: Option<String>,
    /// What a user with this history should be asked about instead: known items, each telling what the others do not
    #[arg(long, conflicts_with_all = ["similar", "explain", "fold_in", "context"])]
    onboarding: bool,
    /// Lists for every user of this file instead, by what it knows of each: columns user and item; time, type of event and value
    /// where it has them
    #[arg(long, value_name = "FILE", requires = "output", conflicts_with_all = ["history", "similar", "explain"])]
    fold_in: Option<PathBuf>,
    /// Where these lists go, as CSV: user, item, rank, score
    #[arg(short, long, value_name = "FILE", requires = "fold_in")]
    output: Option<PathBuf>,
    /// With --fold-in: the moment lists are asked for, such as 2017-11-01; later events are not known yet [default: the time of
    /// its last event]
    #[arg(long, value_name = "TIME", requires = "fold_in")]
    now: Option<String>,
    /// What a page would tell of the moment, for models that learnt it: hour=13, weekday=2 (0 is Sunday), referrer=newsletter; repeat it
    /// for each field
    #[arg(long, value_name = "FIELD=VALUE", conflicts_with_all = ["similar", "fold_in"])]
    context: Vec<String>,
    /// How many items
    #[arg(short = 'k', long, default_value_t = 10)]
    count: usize,
    /// Say which items of the history speak for each recommendation
    #[arg(long)]
    explain: bool,
}

pub fn run(args: &RecommendArgs, tables: &TableOptions, output: Output) -> Result<()> {
    let model = open_model(&args.model)?;
    if let (Some(fold_in), Some(path)) = (&args.fold_in, &args.output) {
        return batch::write_lists(args, &model, [fold_in, path], tables, output);
    }
    let list = list(args, &model)?;
    let mut rows = vec![["", "score", "item", "title"].map(str::to_owned).to_vec()];
    for (rank, item) in (1..).zip(&list.items) {
        let reasons: Vec<String> = item.reasons.iter().map(|reason| reason_text(&model, reason)).collect();
        let because = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
        let title = format!("{}{because}", title(&model, &item.id));
        rows.push(vec![rank.to_string(), format!("{:.4}", item.score), item.id.clone(), title]);
    }
    output.result(&left_aligned_last(&rows), || {
        let items: Vec<_> = list
            .items
            .iter()
            .map(|item| json!({ "id": item.id, "title": title(&model, &item.id), "score": item.score, "reasons": item.reasons.iter().map(reason_json).collect::<Vec<_>>() }))
            .collect();
        json!({ "items": items })
    });
    Ok(())
}

/// The list for the history, or of what is similar.
fn list(args: &RecommendArgs, model: &Arc<Model>) -> Result<Recommendation> {
    let recommender = pollster::block_on(Recommender::new(Arc::clone(model), BackendChoice::Cpu))?;
    let history: Vec<&str> = args.history.iter().map(|id| id.trim()).collect();
    if let Some(id) = history.iter().copied().chain(args.similar.as_deref()).find(|id| model.item_index(id).is_none()) {
        return Err(CliError::UnknownItem {
            path: args.model.clone(),
            id: id.into(),
            items: model.item_count(),
            example: model.item_id(0).into(),
        });
    }
    for id in history {
        recommender.observe(Event::new(EventKind::Purchase, id))?;
    }
    let context = args.context.iter().map(|told| cell(model, told)).collect::<Result<_>>()?;
    let request = Request { count: args.count, explain: args.explain, context, ..Request::default() };
    Ok(match &args.similar {
        Some(id) => pollster::block_on(recommender.similar(id, &request))?,
        None if args.onboarding => pollster::block_on(recommender.onboarding(&request))?,
        None => pollster::block_on(recommender.recommend(&request))?,
    })
}

/// `FIELD=VALUE`, a number where the model's field is one.
fn cell(model: &Model, told: &str) -> Result<(String, Cell)> {
    let Some((name, value)) = told.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty()) else {
        return Err(CliError::Flag { flag: "--context", expected: "FIELD=VALUE".into(), found: told.into() });
    };
    let fields = model.context().map_or(&[][..], |context| &context.shape.fields);
    let field = fields.iter().find(|field| field.column == name);
    let text = field.is_some_and(|field| matches!(field.kind, FieldKind::Category { .. } | FieldKind::Text { .. }));
    let number = value.parse().ok().filter(|x: &f32| x.is_finite() && !text);
    Ok((name.to_owned(), number.map_or_else(|| Cell::Text(value.to_owned()), Cell::Number)))
}

/// The aligned table of all but the last column, and the last as it is.
fn left_aligned_last(rows: &[Vec<String>]) -> String {
    let numbers: Vec<Vec<String>> = rows.iter().map(|row| row[..row.len() - 1].to_vec()).collect();
    let aligned = table(&numbers);
    let lines = aligned.lines().zip(rows).map(|(line, row)| format!("{line}  {}", row[row.len() - 1]));
    lines.collect::<Vec<_>>().join("\n")
}

fn reason_text(model: &Model, reason: &Reason) -> String {
    match reason {
        Reason::BecauseOf { item_id, weight, .. } => format!("{:.0} % {}", weight * 100.0, title(model, item_id)),
        Reason::Popular => "popular".into(),
        Reason::Taste { column, value, weight } => format!("{:.0} % {column} {value}", weight * 100.0),
        Reason::Promoted { .. } => "a rule".into(),
        Reason::BuyAgain { times, .. } => format!("bought {times} times"),
    }
}

fn reason_json(reason: &Reason) -> Value {
    match reason {
        Reason::BecauseOf { item_id, event, weight } => {
            json!({ "type": "because_of", "item": item_id, "event": event.name(), "weight": weight })
        }
        Reason::Popular => json!({ "type": "popular" }),
        Reason::Taste { column, value, weight } => {
            json!({ "type": "taste", "column": column, "value": value, "weight": weight })
        }
        Reason::Promoted { rule } => json!({ "type": "promoted", "rule": rule }),
        Reason::BuyAgain { times, days_since, rhythm_days } => {
            json!({ "type": "buy_again", "times": times, "days_since": days_since, "rhythm_days": rhythm_days })
        }
    }
}

/// The item's title, or its id where the catalogue has none.
fn title(model: &Model, id: &str) -> String {
    let column = model.column_names().find(|name| ["title", "name"].contains(&name.to_lowercase().as_str()));
    match (column.and_then(|name| model.column(name)), model.item_index(id)) {
        (Some(column @ ColumnView::Text(_)), Some(item)) => Some(column.display(item)).filter(|text| !text.is_empty()),
        _ => None,
    }
    .unwrap_or_else(|| id.to_owned())
}
