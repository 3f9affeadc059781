//! What a request's context adds to a user.

use crate::error::{Error, Result, show};
use crate::model::{Attribute, Attributes, Cell, Context, FieldKind, Model, attribute, features};

/// What a page may tell every model, whether it knows it or not: it tells them unasked.
const CLOCK: [&str; 2] = ["hour", "weekday"];

/// The features of a context, those of what is not given included; none for a model without a context.
///
/// # Errors
/// [`Error::Argument`] for a field that the model does not know, but `hour` and `weekday`, which are then passed over.
pub fn context_features(model: &Model, given: &Attributes) -> Result<Vec<(u32, f32)>> {
    let fields = model.context().map_or(&[][..], |context| &context.shape.fields);
    let known = |name: &str| CLOCK.contains(&name) || fields.iter().any(|field| field.column == name);
    if let Some((name, _)) = given.iter().find(|(name, _)| !known(name)) {
        let names: Vec<&str> = fields.iter().map(|field| field.column.as_str()).collect();
        let expected = match names.is_empty() {
            true => "nothing: the model was trained without a context".to_owned(),
            false => ["fields among ", &names.join(", ")].concat(),
        };
        return Err(Error::argument("context", expected, name));
    }
    for field in fields {
        let refused =
            |expected, found: &str| Err(Error::argument(&["context.", &field.column].concat(), expected, found));
        match (&field.kind, attribute(given, &field.column)) {
            (FieldKind::Number { .. }, Attribute::Text(text)) => return refused("a number", text),
            (FieldKind::Category { .. } | FieldKind::Text { .. }, Attribute::Number(x)) => {
                return refused("text", &show(x));
            }
            (_, Attribute::Vector(_)) => return refused("text or a number", "a list"),
            _ => {}
        }
    }
    Ok(features(fields, |field| attribute(given, field)))
}

/// `given`, and beside it those fields of `told` that the model knows and `given` says nothing of; the clock is the request's alone.
pub(crate) fn with_told(model: &Model, given: &Attributes, told: Attributes) -> Attributes {
    let fields = model.context().map_or(&[][..], |context| &context.shape.fields);
    let mut whole = given.clone();
    for (name, cell) in told {
        let field = fields.iter().find(|field| field.column == name && !CLOCK.contains(&name.as_str()));
        let fits = field.is_some_and(|field| match field.kind {
            FieldKind::Number { .. } => matches!(cell, Cell::Number(_)),
            FieldKind::Category { .. } | FieldKind::Text { .. } => matches!(cell, Cell::Text(_)),
            FieldKind::Vector { .. } => false,
        });
        if fits && given.iter().all(|(known, _)| *known != name) {
            whole.push((name, cell));
        }
    }
    whole
}

/// The sum of the rows of `features`, (w), added to `sums`.
pub(super) fn add_context(model: &Model, context: &Context, features: &[(u32, f32)], sums: &mut [f32]) {
    for &(feature, weight) in features {
        sums.iter_mut().zip(model.context_row(context, feature)).for_each(|(sum, x)| *sum += weight * x);
    }
}
