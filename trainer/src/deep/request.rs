//! What a request tells beside the history: the moment, the situation, and what is known of the user.

use proclivity::model::{Column, ColumnData, FieldShape, features};

use super::attributes::{attribute, fields};
use super::clock;
use crate::dataset::Interactions;

/// The fields of a request: hour and weekday, the log's columns of context, columns of users. Each has one feature at a time.
pub struct RequestFields {
    pub fields: Vec<FieldShape>,
    /// The first feature of each field, counted through all of them.
    starts: Vec<u32>,
    has_time: bool,
    situations: Told,
    users: Told,
}

impl RequestFields {
    /// Of a log, and columns with one value a user.
    pub fn new(data: &Interactions, user_columns: &[Column]) -> RequestFields {
        let (of_situations, situations) = Told::of(&data.situations, clock::count());
        let (of_users, users) = Told::of(user_columns, clock::count() + count(&of_situations));
        let fields: Vec<FieldShape> = clock::fields().into_iter().chain(of_situations).chain(of_users).collect();
        RequestFields { starts: starts(&fields), fields, has_time: data.has_time, situations, users }
    }

    /// How many features there are.
    pub fn count(&self) -> u32 {
        count(&self.fields)
    }

    /// The features of a user at a time in milliseconds since 1970 in a situation, one a field; what is not known is missing.
    pub fn features(&self, user: usize, time: i64, situation: u32) -> Vec<u32> {
        let moment = match self.has_time {
            true => clock::features(time),
            false => [clock::missing(0), clock::missing(1)],
        };
        [&moment, self.situations.row(situation as usize), self.users.row(user)].concat()
    }

    /// What stands for a field of which nothing is told.
    pub fn missing(&self, field: usize) -> u32 {
        self.starts[field] + self.fields[field].count() as u32 - 1
    }
}

/// The features of each row of some columns.
struct Told {
    /// Fields, each with one feature a row.
    fields: usize,
    features: Vec<u32>,
}

impl Told {
    /// The fields of categories and numbers, and their features from `first` on; free text tells nothing.
    fn of(columns: &[Column], first: u32) -> (Vec<FieldShape>, Told) {
        let rows = |column: &Column| match &column.data {
            ColumnData::Category(values) => Some(values.len()),
            ColumnData::Number(values) => Some(values.len()),
            ColumnData::Text(_) | ColumnData::Vector { .. } => None,
        };
        let told: Vec<Column> = columns.iter().filter(|column| rows(column).is_some()).cloned().collect();
        let (fields, rows) = (fields(&told), told.first().and_then(rows).unwrap_or(0));
        let row = |row: u32| features(&fields, |name| attribute(&told, name, row));
        let features = (0..rows as u32).flat_map(row).map(|(feature, _)| first + feature).collect();
        let told = Told { fields: fields.len(), features };
        (fields, told)
    }

    fn row(&self, row: usize) -> &[u32] {
        match self.fields {
            0 => &[],
            fields => &self.features[row * fields..][..fields],
        }
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

fn count(fields: &[FieldShape]) -> u32 {
    fields.iter().map(|field| field.count() as u32).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::interactions;

    fn names(request: &RequestFields) -> Vec<&str> {
        request.fields.iter().map(|field| field.column.as_str()).collect()
    }

    #[test]
    fn a_request_has_one_feature_a_field() {
        let column = |name: &str, data| Column { name: name.into(), data };
        let cells = |cells: &[&str]| ColumnData::Category(cells.iter().map(|cell| cell.to_string()).collect());
        let users = [
            column("locale", cells(&["de", "fr", "", "de"])),
            column("about", ColumnData::Text(vec![String::from("a b"); 4])),
            column("age", ColumnData::Number(vec![20.0, 30.0, f32::NAN, 40.0])),
        ];
        let mut data = interactions(2, vec![vec![0, 1]; 4]);
        let untold = [clock::missing(0), clock::missing(1)];
        let request = RequestFields::new(&data, &users);
        assert_eq!(names(&request), ["hour", "weekday", "locale", "age"]);
        let first = clock::count();
        assert_eq!(request.missing(2), first + 2);
        assert_eq!(request.features(0, 0, 0)[..3], [untold[0], untold[1], first]);
        assert_eq!(request.features(2, 0, 0)[2..], [request.missing(2), request.missing(3)]);
        assert_eq!(request.count(), request.missing(3) + 1);

        data.has_time = true;
        data.situations =
            vec![column("referrer", cells(&["mail", "search", "mail"])), column("always", cells(&["a", "a", "a"]))];
        let request = RequestFields::new(&data, &users);
        assert_eq!(names(&request), ["hour", "weekday", "referrer", "locale", "age"]);
        assert_eq!(request.features(1, 0, 1)[..4], [0, clock::first(1) + 4, first + 1, first + 3 + 1]);
        assert_eq!(request.features(1, 0, 2)[2], first);
    }
}
