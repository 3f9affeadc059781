//! `proclivity update MODEL ITEMS -o MODEL`: today's catalogue in a model that was trained on an earlier one.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;
use proclivity::model::{Cell, Column, ColumnData, FieldKind, Model, ModelSpec};
use proclivity::{NewItem, export_calibrated, item_vector, with_items};
use serde_json::{Value, json};

use super::open_model;
use crate::card::write_beside;
use crate::dataset::{Table, TableOptions, find_id, vector};
use crate::error::{CliError, Result};
use crate::export::load;
use crate::output::{Output, check_writable, grouped, write_atomically};

#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Model file; for new items one trained with --content
    model: PathBuf,
    /// The catalogue: a table with item ids and columns of the model's catalogue; others are passed over
    items: PathBuf,
    /// Column with the item id [default: guessed from the header]
    #[arg(long, value_name = "NAME")]
    item_id_column: Option<String>,
    /// No longer recommend items that the table does not have; what users did with them still tells of these users
    #[arg(long)]
    remove_missing: bool,
    /// Model file to write
    #[arg(short, long, value_name = "FILE", default_value = "model.safetensors")]
    output: PathBuf,
}

pub fn run(args: &UpdateArgs, tables: &TableOptions, output: Output) -> Result<()> {
    check_writable(&args.output)?;
    let model = open_model(&args.model)?;
    let items = read(args, &model, tables)?;
    if items.is_empty() {
        return Err(CliError::NoRows { path: args.items.clone(), found: "no item" });
    }
    let (known, new): (Vec<NewItem>, Vec<NewItem>) =
        items.into_iter().partition(|item| model.item_index(&item.id).is_some());
    let (mut spec, steps, golden) = match new.is_empty() {
        true => parts(&model),
        false => parts(&with_items(&model, &new)?),
    };
    let changed = change(&mut spec, &model, &known)?;
    let removed = if args.remove_missing { remove(&mut spec, known.iter().chain(&new)) } else { 0 };
    let bytes = export_calibrated(&spec, &steps, &golden)?;
    write_atomically(&args.output, &bytes)?;
    let updated = load(&bytes)?;
    write_beside(&args.output, &updated, &bytes, &Value::Null)?;
    let said = format!(
        "wrote {}: {} items added, {} changed, {} removed, {} as they were, {} bytes",
        args.output.display(),
        grouped(new.len()),
        grouped(changed),
        grouped(removed),
        grouped(model.item_count() - changed - removed),
        grouped(bytes.len())
    );
    output.result(&said, || {
        json!({ "model": args.output, "added": new.len(), "changed": changed, "removed": removed, "bytes": bytes.len() })
    });
    Ok(())
}

/// What a model is written from: its spec, the steps of its ranker, the histories of its golden queries.
fn parts(model: &Model) -> (ModelSpec, Vec<f32>, Vec<Vec<u32>>) {
    let steps = model.ranker().map_or_else(Vec::new, |ranker| ranker.steps.clone());
    (ModelSpec::of(model), steps, model.golden().iter().map(|query| query.history.clone()).collect())
}

/// Gives items what the table says of them; those that nobody has taken get another vector by it. How many are not as they were.
fn change(spec: &mut ModelSpec, model: &Model, items: &[NewItem]) -> Result<usize> {
    let mut changed = 0;
    for item in items {
        let index = model.require_item(&item.id)? as usize;
        let offered = std::mem::replace(spec.removed.get_mut(index).unwrap_or(&mut false), false);
        let mut other = offered;
        for (name, cell) in &item.attributes {
            let column = spec.columns.iter_mut().find(|column| column.name == *name);
            other |= column.is_some_and(|column| set(column, index, cell));
        }
        if other && spec.popularity[index] == 0.0 && model.content().is_some() {
            let attributes = spec.columns.iter().filter_map(|column| Some((column.name.clone(), cell(column, index)?)));
            // Vectors are not in the file: an item has those that the table tells.
            let told = item.attributes.iter().filter(|(_, cell)| matches!(cell, Cell::Vector(_))).cloned();
            let whole = NewItem { id: item.id.clone(), attributes: attributes.chain(told).collect() };
            let dim = spec.embedding.dim;
            spec.embedding.rows[index * dim..][..dim].copy_from_slice(&item_vector(model, &whole)?[..dim]);
        }
        changed += usize::from(other);
    }
    Ok(changed)
}

/// Whether the cell was another before.
fn set(column: &mut Column, index: usize, cell: &Cell) -> bool {
    match (&mut column.data, cell) {
        (ColumnData::Text(values) | ColumnData::Category(values), Cell::Text(text)) => {
            let other = values[index] != *text;
            values[index].clone_from(text);
            other
        }
        (ColumnData::Number(values), Cell::Number(x)) => {
            let other = values[index].to_bits() != x.to_bits() && !(values[index].is_nan() && x.is_nan());
            values[index] = *x;
            other
        }
        _ => false,
    }
}

fn cell(column: &Column, index: usize) -> Option<Cell> {
    match &column.data {
        ColumnData::Text(values) | ColumnData::Category(values) => Some(Cell::Text(values[index].clone())),
        ColumnData::Number(values) => values[index].is_finite().then_some(Cell::Number(values[index])),
        ColumnData::Vector { .. } => None,
    }
}

/// Marks everything but `kept` as removed; how many were offered until now.
fn remove<'a>(spec: &mut ModelSpec, kept: impl Iterator<Item = &'a NewItem>) -> usize {
    let kept: HashSet<&str> = kept.map(|item| item.id.as_str()).collect();
    let mut removed = 0;
    spec.removed.resize(spec.item_ids.len(), false);
    for (id, flag) in spec.item_ids.iter().zip(&mut spec.removed) {
        if !kept.contains(id.as_str()) && !*flag {
            *flag = true;
            removed += 1;
        }
    }
    removed
}

/// The items of the table, each once, with the columns that the model has; an empty cell is nothing known.
fn read(args: &UpdateArgs, model: &Model, tables: &TableOptions) -> Result<Vec<NewItem>> {
    let mut table = Table::open(&args.items, tables)?;
    let id = find_id(&table, "item id", "--item-id-column", &args.item_id_column)?;
    let kind =
        |name: &String| model.manifest().columns.iter().find(|column| column.0 == *name).map(|column| column.1.clone());
    let kinds: Vec<Option<String>> = table.header.iter().map(kind).collect();
    let fields = model.content().map_or(&[][..], |content| &content.shape.fields);
    let width = |name: &String| match fields.iter().find(|field| field.column == *name).map(|field| &field.kind) {
        Some(FieldKind::Vector { width }) => Some(*width),
        _ => None,
    };
    let widths: Vec<Option<usize>> = table.header.iter().map(width).collect();
    let (mut items, mut seen, mut cells) = (Vec::new(), HashSet::new(), Vec::new());
    while let Some(line) = table.next_row(&mut cells)? {
        let name = cells[id].trim();
        if !seen.insert(name.to_owned()) {
            return Err(table.bad_value(line, id, "each item once", name));
        }
        let mut item = NewItem { id: name.to_owned(), attributes: Vec::new() };
        for (at, kind) in kinds.iter().enumerate().filter(|(at, _)| *at != id) {
            let text = cells[at].trim();
            if let Some(width) = widths[at].filter(|_| !text.is_empty()) {
                let expected = format!("{width} numbers with blanks between them, or nothing where unknown");
                let numbers = vector(text, width).ok_or_else(|| table.bad_value(line, at, &expected, text))?;
                item.attributes.push((table.header[at].clone(), Cell::Vector(numbers)));
            }
            let Some(kind) = kind else { continue };
            let cell = match (kind.as_str(), text.parse()) {
                ("number", _) if text.is_empty() => Cell::Number(f32::NAN),
                ("number", Ok(x)) => Cell::Number(x),
                ("number", Err(_)) => {
                    return Err(table.bad_value(line, at, "a number, or nothing where unknown", text));
                }
                _ => Cell::Text(text.to_owned()),
            };
            item.attributes.push((table.header[at].clone(), cell));
        }
        items.push(item);
    }
    Ok(items)
}
