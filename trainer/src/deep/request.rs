//! What a request tells beside the history: the moment, and what is known of the user.

use proclivity::model::{Column, ColumnData, FieldShape, features};

use super::attributes::{attribute, fields};
use super::clock;

/// The fields of a request, hour and weekday first; each has one feature at a time.
pub struct RequestFields {
    pub fields: Vec<FieldShape>,
    /// The first feature of each field, counted through all of them.
    starts: Vec<u32>,
    /// Columns of users, one value a user; those of free text tell nothing.
    columns: Vec<Column>,
}

impl RequestFields {
    pub fn new(columns: &[Column]) -> RequestFields {
        let told =
            columns.iter().filter(|column| matches!(column.data, ColumnData::Category(_) | ColumnData::Number(_)));
        let columns: Vec<Column> = told.cloned().collect();
        let fields: Vec<FieldShape> = clock::fields().into_iter().chain(fields(&columns)).collect();
        RequestFields { starts: starts(&fields), fields, columns }
    }

    /// How many features there are.
    pub fn count(&self) -> u32 {
        self.fields.iter().map(|field| field.count() as u32).sum()
    }

    /// The features of a user at a time in milliseconds since 1970, one a field; what is not known is missing.
    pub fn features(&self, user: usize, time: Option<i64>) -> Vec<u32> {
        let moment = match time {
            Some(time) => clock::features(time),
            None => [clock::missing(0), clock::missing(1)],
        };
        let own = features(&self.fields[moment.len()..], |column| attribute(&self.columns, column, user as u32));
        moment.into_iter().chain(own.into_iter().map(|(feature, _)| clock::count() + feature)).collect()
    }

    /// What stands for a field of which nothing is told.
    pub fn missing(&self, field: usize) -> u32 {
        self.starts[field] + self.fields[field].count() as u32 - 1
    }
}

/// The first feature of each field, counted through all of them.
pub fn starts(fields: &[FieldShape]) -> Vec<u32> {
    let mut first = 0;
    let start = |field: &FieldShape| {
        let start = first;
        first += field.count() as u32;
        start
    };
    fields.iter().map(start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_told_by_one_feature_a_field() {
        let column = |name: &str, data| Column { name: name.into(), data };
        let locales = ["de", "fr", "", "de"].map(str::to_owned).to_vec();
        let words = ["a b", "c", "d", "e"].map(str::to_owned).to_vec();
        let request = RequestFields::new(&[
            column("locale", ColumnData::Category(locales)),
            column("about", ColumnData::Text(words)),
            column("age", ColumnData::Number(vec![20.0, 30.0, f32::NAN, 40.0])),
        ]);
        assert_eq!(request.fields.len(), 4, "hour, weekday, locale and age");
        let first = clock::count();
        assert_eq!(request.missing(2), first + 2);
        assert_eq!(request.features(0, None)[..3], [clock::missing(0), clock::missing(1), first]);
        assert_eq!(request.features(1, Some(0))[..3], [0, clock::first(1) + 4, first + 1]);
        assert_eq!(request.features(2, None)[2..], [request.missing(2), request.missing(3)]);
        assert_eq!(request.count(), request.missing(3) + 1);
    }
}
