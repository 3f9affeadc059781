//! What is trained on what, as a hash: a checkpoint of anything else is not gone on from.

use proclivity::model::{Column, ColumnData};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::recipe::Recipe;
use crate::card::{hex, hex_sha256};
use crate::dataset::{Event, HeldOut, Interactions};

/// Of the users trained on, those held out, and what is told of items and users.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fingerprint(String);

impl Fingerprint {
    pub fn of(data: &Interactions, held: &[HeldOut], columns: [&[Column]; 2]) -> Fingerprint {
        let mut hash = Sha256::new();
        add_count(&mut hash, data.items.len());
        data.items.iter().for_each(|item| add_name(&mut hash, item));
        add_count(&mut hash, data.users.len());
        for (user, events) in data.users.iter().zip(&data.events) {
            add_name(&mut hash, user);
            add_events(&mut hash, events);
        }
        for user in held {
            add_name(&mut hash, &user.user);
            add_events(&mut hash, &user.events);
            for items in [&user.fold_in, &user.targets] {
                add_count(&mut hash, items.len());
                items.iter().for_each(|item| hash.update(item.to_le_bytes()));
            }
        }
        for column in columns.into_iter().chain([&data.situations[..]]).flatten() {
            add_name(&mut hash, &column.name);
            match &column.data {
                ColumnData::Text(values) | ColumnData::Category(values) => {
                    values.iter().for_each(|value| add_name(&mut hash, value));
                }
                ColumnData::Number(values) | ColumnData::Vector { values, .. } => {
                    values.iter().for_each(|value| hash.update(value.to_le_bytes()));
                }
            }
        }
        Fingerprint(hex(&hash.finalize()))
    }

    /// The key of a training of `recipe` on them.
    pub fn key(&self, recipe: &Recipe) -> String {
        hex_sha256(format!("{} {}", self.0, recipe.card()).as_bytes())
    }
}

fn add_count(hash: &mut Sha256, count: usize) {
    hash.update((count as u64).to_le_bytes());
}

fn add_name(hash: &mut Sha256, name: &str) {
    add_count(hash, name.len());
    hash.update(name);
}

fn add_events(hash: &mut Sha256, events: &[Event]) {
    add_count(hash, events.len());
    for event in events {
        hash.update(event.item.to_le_bytes());
        hash.update(event.time.to_le_bytes());
        hash.update(event.strength.to_le_bytes());
        hash.update(event.value.to_le_bytes());
        hash.update(event.situation.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::{events, interactions};

    #[test]
    fn everything_that_is_learnt_or_measured_counts() {
        let data = interactions(4, vec![vec![0, 1], vec![2, 3]]);
        let user = HeldOut { user: "h".into(), fold_in: vec![0, 1], targets: vec![2], events: events(&[0, 1]) };
        let of = |held: &[HeldOut]| Fingerprint::of(&data, held, [&[], &[]]);
        let whole = of(std::slice::from_ref(&user));
        assert_eq!(whole, of(std::slice::from_ref(&user)));
        assert_ne!(whole, of(&[]), "nobody held out");
        assert_ne!(whole, of(&[HeldOut { targets: vec![3], ..user.clone() }]), "other targets");
        assert_ne!(whole, of(&[HeldOut { fold_in: vec![0, 3], ..user.clone() }]), "another history");
        assert_ne!(whole, of(&[HeldOut { fold_in: vec![0], targets: vec![1, 2], ..user.clone() }]), "another split");
        let moved = interactions(4, vec![vec![0, 1, 2], vec![3]]);
        let clubs = |club: &str| {
            let column = Column { name: "club".into(), data: ColumnData::Category(vec!["a".into(), club.into()]) };
            Fingerprint::of(&data, std::slice::from_ref(&user), [&[], &[column]])
        };
        assert_ne!(whole, clubs("a"), "a column");
        assert_ne!(clubs("a"), clubs("b"), "another value");
        assert_ne!(whole, Fingerprint::of(&moved, &[user], [&[], &[]]), "an event of another user");
    }
}
