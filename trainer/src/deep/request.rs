//! What a request tells beside the history: the moment, the situation, and what is known of the user.

use proclivity::model::{Column, ColumnData, FieldShape, features};

use super::attributes::{attribute, counted_fields};
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
    /// Of a log, and columns with one value a user; of a log without times no request tells its moment.
    pub fn new(data: &Interactions, user_columns: &[Column]) -> RequestFields {
        let clock = if data.has_time { clock::fields() } else { Vec::new() };
        let mut events = vec![0; data.situations.first().map_or(0, rows)];
        if !events.is_empty() {
            data.events.iter().flatten().for_each(|event| events[event.situation as usize] += 1);
        }
        let (of_situations, situations) = Told::of(&data.situations, count(&clock), |row| events[row]);
        let (of_users, users) = Told::of(user_columns, count(&clock) + count(&of_situations), |_| 1);
        let fields: Vec<FieldShape> = clock.into_iter().chain(of_situations).chain(of_users).collect();
        RequestFields { starts: starts(&fields), fields, has_time: data.has_time, situations, users }
    }

    /// How many features there are.
    pub fn count(&self) -> u32 {
        count(&self.fields)
    }

    /// The features of a user at a time in milliseconds since 1970 in a situation, one a field; what is not known is missing.
    pub fn features(&self, user: usize, time: i64, situation: u32) -> Vec<u32> {
        let moment = if self.has_time { &clock::features(time)[..] } else { &[] };
        [moment, self.situations.row(situation as usize), self.users.row(user)].concat()
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
    /// The fields of categories and numbers, of rows that count so often each, and their features from `first` on; free text tells
    /// nothing.
    fn of(columns: &[Column], first: u32, times: impl Fn(usize) -> usize) -> (Vec<FieldShape>, Told) {
        let tells = |column: &&Column| matches!(column.data, ColumnData::Category(_) | ColumnData::Number(_));
        let told: Vec<Column> = columns.iter().filter(tells).cloned().collect();
        let (fields, rows) = (counted_fields(&told, times), told.first().map_or(0, rows));
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

/// How many rows a column of categories or numbers has.
fn rows(column: &Column) -> usize {
    match &column.data {
        ColumnData::Category(values) => values.len(),
        ColumnData::Number(values) => values.len(),
        ColumnData::Text(_) | ColumnData::Vector { .. } => 0,
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
        let request = RequestFields::new(&data, &users);
        assert_eq!(names(&request), ["locale", "age"], "no moments without times");
        assert_eq!(request.missing(0), 2);
        assert_eq!(request.features(0, 0, 0)[0], 0);
        assert_eq!(request.features(2, 0, 0), [request.missing(0), request.missing(1)]);
        assert_eq!(request.count(), request.missing(1) + 1);

        data.has_time = true;
        data.situations = vec![
            column("referrer", cells(&["mail", "search", "mail", "nobody"])),
            column("always", cells(&["a", "a", "a", "a"])),
        ];
        data.events.iter_mut().flatten().for_each(|event| event.situation = u32::from(event.item == 0));
        data.events[0][0].situation = 2;
        let request = RequestFields::new(&data, &users);
        assert_eq!(names(&request), ["hour", "weekday", "referrer", "locale", "age"]);
        let first = clock::first(2);
        assert_eq!(request.features(1, 0, 1)[..4], [0, clock::first(1) + 4, first + 1, first + 3 + 1]);
        assert_eq!(request.features(1, 0, 2)[2], first, "mail is told more often than search");
        assert_eq!(request.features(1, 0, 3)[2], request.missing(2), "no event has it");
    }
}
