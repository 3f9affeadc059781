//! The moment of an event as context: the hour of the day and the day of the week, as the log's clock has them.

use proclivity::model::{FieldKind, FieldShape};

const HOUR: i64 = 3_600_000;
/// What a page tells unasked, and how many of each there are.
pub const MOMENTS: [(&str, usize); 2] = [("hour", 24), ("weekday", 7)];

/// The fields of a moment: hour 0 to 23, weekday 0 (Sunday) to 6.
pub fn fields() -> Vec<FieldShape> {
    let field = |(name, count): (&str, usize)| FieldShape {
        column: name.to_owned(),
        kind: FieldKind::Number { edges: (1..count).map(|edge| edge as f32).collect() },
    };
    MOMENTS.into_iter().map(field).collect()
}

/// What a page tells of a moment in milliseconds since 1970, by the log's clock.
pub fn of_time(time: i64) -> [(&'static str, f32); 2] {
    let hours = time.div_euclid(HOUR);
    // 1970 began on a Thursday.
    let values = [hours.rem_euclid(24), (hours.div_euclid(24) + 4).rem_euclid(7)];
    [(MOMENTS[0].0, values[0] as f32), (MOMENTS[1].0, values[1] as f32)]
}

/// The features of a moment in milliseconds since 1970, one a field, counted through all of them.
pub fn features(time: i64) -> [u32; 2] {
    let [(_, hour), (_, day)] = of_time(time);
    [hour as u32, first(1) + day as u32]
}

/// The first feature of a field; each has one more for what is missing.
pub fn first(field: usize) -> u32 {
    MOMENTS[..field].iter().map(|(_, count)| *count as u32 + 1).sum()
}

#[cfg(test)]
mod tests {
    use proclivity::model::{Cell, attribute, features as found};

    use super::*;

    #[test]
    fn moments_have_the_features_that_the_device_finds() {
        // 2017-11-01 was a Wednesday.
        let time = 1_509_494_400_000 + 13 * HOUR;
        for (told, expected) in [
            (vec![("hour".to_owned(), Cell::Number(13.0)), ("weekday".to_owned(), Cell::Number(3.0))], features(time)),
            (Vec::new(), [first(1) - 1, first(2) - 1]),
        ] {
            let device = found(&fields(), |field| attribute(&told, field));
            assert_eq!(device, [(expected[0], 1.0), (expected[1], 1.0)]);
        }
        assert_eq!(features(1_509_494_400_000), [0, first(1) + 3]);
        assert_eq!(features(-1), [23, first(1) + 3]);
    }
}
