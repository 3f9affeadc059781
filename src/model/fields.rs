//! Attributes as features: which rows of a table stand for the department, the price and the title of an item.
//!
//! Every field has features of its own, one after the other: a category one for each value it knows, a number one for each range,
//! text one for each hash bucket of its words, and a vector one for each of its numbers. What is missing, or was never seen, has a feature too, the last one of its field, so that
//! a tower can learn what to think of it.

use serde_json::{Value as JsonValue, json};

use crate::error::{Error, Result};
use crate::json::{Field as JsonField, parse};

/// Most fields, and most features of all of them.
const MAX_FIELDS: usize = 64;
const MAX_FEATURES: usize = 1 << 20;

/// One attribute, by the name of its catalogue column.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldShape {
    pub column: String,
    pub kind: FieldKind,
}

/// How an attribute becomes features.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// One of these values.
    Category { values: Vec<String> },
    /// In one of the ranges between these, which ascend.
    Number { edges: Vec<f32> },
    /// Words, each in one of so many buckets by its hash.
    Text { buckets: usize },
    /// So many numbers that another network made of a picture or a text.
    Vector { width: usize },
}

/// What an item says of itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Attribute<'a> {
    Missing,
    Text(&'a str),
    Number(f32),
    Vector(&'a [f32]),
}

/// What is told of an item or a request: text, a number or a vector.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Number(f32),
    Vector(Vec<f32>),
}

/// What is told, by the name of a column or field; what is left out is missing.
pub type Attributes = Vec<(String, Cell)>;

/// What `attributes` tell of this name.
pub fn attribute<'a>(attributes: &'a Attributes, name: &str) -> Attribute<'a> {
    match attributes.iter().find(|(own, _)| own == name) {
        Some((_, Cell::Text(text))) => Attribute::Text(text),
        Some((_, Cell::Number(x))) => Attribute::Number(*x),
        Some((_, Cell::Vector(values))) => Attribute::Vector(values),
        None => Attribute::Missing,
    }
}

/// The JSON form, `{ name: text, number or list of numbers }`.
pub(crate) fn attributes_from_json(field: &JsonField) -> Result<Attributes> {
    let mut attributes = Vec::new();
    for (name, cell) in field.members()? {
        let cell = match (cell.is_text(), cell.is_list()) {
            (true, _) => Cell::Text(cell.text()?.to_owned()),
            (_, true) => Cell::Vector(cell.floats()?),
            _ => Cell::Number(cell.float()?),
        };
        attributes.push((name.to_owned(), cell));
    }
    Ok(attributes)
}

/// The fields of a part of the manifest.
#[inline(never)]
pub(crate) fn list_from_json(list: &JsonField) -> Result<Vec<FieldShape>> {
    let mut fields = Vec::new();
    for field in list.list()? {
        fields.push(FieldShape::from_json(&field)?);
    }
    Ok(fields)
}

/// The fields of a JSON text, as [`fields_to_json`] gives them.
///
/// # Errors
/// [`Error::Argument`] for what is no list of fields, or for fields that have no features or more than fit.
pub fn fields_from_json(text: &[u8]) -> Result<Vec<FieldShape>> {
    let json = parse(text).map_err(|wrong| Error::argument("fields", "a JSON list", wrong))?;
    let fields = list_from_json(&JsonField::root(&json, "fields"))?;
    check(&fields).map(|_| fields)
}

/// Fields as a list of objects: `column`, `kind` and what belongs to it.
pub fn fields_to_json(fields: &[FieldShape]) -> JsonValue {
    fields.iter().map(FieldShape::to_json).collect()
}

impl FieldKind {
    /// As the JSON form and the types of columns call it.
    pub fn name(&self) -> &'static str {
        match self {
            FieldKind::Category { .. } => "category",
            FieldKind::Number { .. } => "number",
            FieldKind::Text { .. } => "text",
            FieldKind::Vector { .. } => "vector",
        }
    }
}

impl FieldShape {
    pub(crate) fn from_json(field: &JsonField) -> Result<FieldShape> {
        let kind = field.required("kind")?;
        let kind = match kind.text()? {
            "category" => FieldKind::Category { values: field.required("values")?.texts()? },
            "number" => FieldKind::Number { edges: field.required("edges")?.floats()? },
            "text" => FieldKind::Text { buckets: field.required("buckets")?.whole()? },
            "vector" => FieldKind::Vector { width: field.required("width")?.whole()? },
            other => {
                return Err(Error::argument("model.content.fields.kind", "category, number, text or vector", other));
            }
        };
        Ok(FieldShape { column: field.required("column")?.text()?.to_owned(), kind })
    }

    pub(crate) fn to_json(&self) -> JsonValue {
        let kind = self.kind.name();
        match &self.kind {
            FieldKind::Category { values } => json!({ "column": self.column, "kind": kind, "values": values }),
            FieldKind::Number { edges } => json!({ "column": self.column, "kind": kind, "edges": edges }),
            FieldKind::Text { buckets } => json!({ "column": self.column, "kind": kind, "buckets": buckets }),
            FieldKind::Vector { width } => json!({ "column": self.column, "kind": kind, "width": width }),
        }
    }

    /// How many features it has, that of what is missing included.
    pub fn count(&self) -> usize {
        let told = match &self.kind {
            FieldKind::Category { values } => values.len(),
            FieldKind::Number { edges } => edges.len() + 1,
            FieldKind::Text { buckets } => *buckets,
            FieldKind::Vector { width } => *width,
        };
        told.saturating_add(1)
    }

    /// The features of `attribute` with their weights, counted from `first`: their squares add up to 1.
    fn features(&self, attribute: Attribute<'_>, first: usize, features: &mut Vec<(u32, f32)>) {
        let start = features.len();
        match (&self.kind, attribute) {
            (FieldKind::Vector { width }, Attribute::Vector(values)) if values.len() == *width => {
                let length = values.iter().map(|x| x * x).sum::<f32>().sqrt();
                if length > 0.0 && length.is_finite() {
                    features.extend((first as u32..).zip(values.iter().map(|x| x / length)));
                    return;
                }
            }
            (FieldKind::Category { values }, Attribute::Text(text)) => {
                features.extend(values.iter().position(|value| value == text).map(|at| ((first + at) as u32, 1.0)));
            }
            (FieldKind::Number { edges }, Attribute::Number(x)) if x.is_finite() => {
                features.push(((first + edges.partition_point(|edge| *edge <= x)) as u32, 1.0));
            }
            (FieldKind::Text { buckets }, Attribute::Text(text)) => {
                words(text, &mut |word| features.push(((first + hash(word) as usize % buckets) as u32, 1.0)));
            }
            _ => {}
        }
        match features.len() - start {
            0 => features.push(((first + self.count() - 1) as u32, 1.0)),
            count => {
                let weight = 1.0 / (count as f32).sqrt();
                features[start..].iter_mut().for_each(|feature| feature.1 = weight);
            }
        }
    }
}

/// The features of an item whose attributes these are, by column.
pub fn features<'a>(fields: &[FieldShape], attribute: impl Fn(&str) -> Attribute<'a>) -> Vec<(u32, f32)> {
    let (mut all, mut first) = (Vec::new(), 0);
    for field in fields {
        field.features(attribute(&field.column), first, &mut all);
        first += field.count();
    }
    all
}

/// Refuses what has no features, or more than fit.
pub(crate) fn check(fields: &[FieldShape]) -> Result<usize> {
    let sound = |field: &FieldShape| match &field.kind {
        FieldKind::Category { .. } => true,
        FieldKind::Number { edges } => edges.is_sorted() && edges.iter().all(|edge| edge.is_finite()),
        FieldKind::Text { buckets } => *buckets > 0,
        FieldKind::Vector { width } => *width > 0,
    };
    let count = fields.iter().map(FieldShape::count).fold(0, usize::saturating_add);
    match (1..=MAX_FIELDS).contains(&fields.len()) && count <= MAX_FEATURES && fields.iter().all(sound) {
        true => Ok(count),
        false => Err(Error::tensor(
            "content",
            "expected 1 to 64 fields of at most 1,048,576 features, with ascending edges and at least one bucket, found others",
        )),
    }
}

/// What a text is made of, in lower case: runs of letters and digits; of scripts that part no words, pairs of neighbouring characters
/// and single ones. The alphabets that have capitals are told apart by ranges, and all of what is no mark there counts as a letter:
/// Unicode's own tables would be a tenth of what a visitor downloads.
fn words(text: &str, see: &mut dyn FnMut(&str)) {
    let (mut word, mut before) = (String::new(), None);
    for c in text.chars().chain([' ']) {
        let c = lower(c);
        if is_letter(c) && c < PARTED {
            word.push(c);
            before = None;
            continue;
        }
        if !word.is_empty() {
            see(&word);
            word.clear();
        }
        if !is_letter(c) {
            before = None;
            continue;
        }
        let mut pair = String::from(c);
        see(&pair);
        if let Some(before) = before.replace(c) {
            pair.insert(0, before);
            see(&pair);
        }
    }
}

/// From here on characters are words or syllables: Chinese, Japanese, Korean.
const PARTED: char = '\u{2e80}';

fn is_letter(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => c.is_ascii_alphanumeric(),
        '\u{80}'..='\u{bf}' => matches!(c, 'ª' | 'µ' | 'º'),
        '×' | '÷' | '\u{2000}'..='\u{206f}' | '\u{20a0}'..='\u{20cf}' | '\u{2190}'..='\u{2bff}' => false,
        '\u{3000}'..='\u{303f}'
        | '・'
        | '\u{ff00}'..='\u{ff0f}'
        | '\u{ff1a}'..='\u{ff20}'
        | '\u{fe30}'..='\u{fe4f}' => false,
        _ => true,
    }
}

/// Capitals of ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic in lower case.
fn lower(c: char) -> char {
    let moved = |by: u32| char::from_u32(c as u32 + by).unwrap_or(c);
    match c {
        'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' | 'Α'..='Ρ' | 'Σ'..='Ϋ' | 'А'..='Я' => moved(32),
        'Ѐ'..='Џ' => moved(80),
        'Ā'..='ķ' | 'Ŋ'..='ŷ' => moved(1 - c as u32 % 2),
        'Ĺ'..='ň' | 'Ź'..='ž' => moved(c as u32 % 2),
        'Ÿ' => 'ÿ',
        _ => c,
    }
}

/// FNV-1a in 32 bits (Fowler, Noll and Vo): the same for the same bytes everywhere.
fn hash(word: &str) -> u32 {
    word.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Vec<FieldShape> {
        let field = |column: &str, kind| FieldShape { column: column.into(), kind };
        vec![
            field("kind", FieldKind::Category { values: vec!["a".into(), "b".into()] }),
            field("price", FieldKind::Number { edges: vec![1.0, 2.0] }),
            field("title", FieldKind::Text { buckets: 100 }),
        ]
    }

    #[test]
    fn every_field_has_features_of_its_own() {
        let of = |kind, price, title: &'static str| {
            features(&fields(), |column| match column {
                "kind" => Attribute::Text(kind),
                "price" => Attribute::Number(price),
                _ => Attribute::Text(title),
            })
        };
        assert_eq!(check(&fields()).expect("sound"), 3 + 4 + 101);
        assert_eq!(of("b", 1.5, "")[..], [(1, 1.0), (4, 1.0), (107, 1.0)]);
        assert_eq!(of("c", 0.5, "")[..2], [(2, 1.0), (3, 1.0)], "a value never seen is as if missing");
        assert_eq!(of("a", f32::NAN, "")[1], (6, 1.0));
        assert_eq!(of("a", 2.0, "")[1], (5, 1.0), "an edge begins a range");
        let (one, two) = (of("a", 1.0, "Red  SHOES"), of("a", 1.0, "shoes, red"));
        assert_eq!((one[2], one[3]), (two[3], two[2]), "neither case nor order tells");
        assert!((one[2].1 * one[2].1 + one[3].1 * one[3].1 - 1.0).abs() < 1e-6);
        assert_eq!(features(&fields(), |_| Attribute::Missing), [(2, 1.0), (6, 1.0), (107, 1.0)]);
    }

    #[test]
    fn a_vector_is_one_feature_a_number_at_length_1() {
        let fields = [FieldShape { column: "picture".into(), kind: FieldKind::Vector { width: 2 } }];
        let of = |values: &[f32]| features(&fields, |_| Attribute::Vector(values));
        assert_eq!(of(&[3.0, -4.0]), [(0, 0.6), (1, -0.8)]);
        for unknown in [&[0.0, 0.0][..], &[1.0, 2.0, 3.0], &[f32::NAN, 1.0]] {
            assert_eq!(of(unknown), [(2, 1.0)], "missing");
        }
    }

    #[test]
    fn texts_are_parted_into_words_or_pairs() {
        let of = |text: &str| {
            let mut all = Vec::new();
            words(text, &mut |word| all.push(word.to_owned()));
            all
        };
        assert_eq!(of("Rye-bread, 500g!"), ["rye", "bread", "500g"]);
        assert_eq!(of("ÄPFEL «Łódź» ΣΟΦΙΑ Ёлка ŻUR Ÿ"), ["äpfel", "łódź", "σοφια", "ёлка", "żur", "ÿ"]);
        assert_eq!(of("牛奶 – 2L。茶"), ["牛", "奶", "牛奶", "2l", "茶"]);
        assert_eq!(of("x牛y"), ["x", "牛", "y"]);
        assert!(of(" …×÷ ").is_empty());
        // Whatever has a lower case of one character in these alphabets gets it.
        for c in ('\0'..'\u{530}')
            .filter(|c| c.is_uppercase() && *c < 'ƀ' || ('Α'..='Ϋ').contains(c) || ('Ѐ'..='Я').contains(c))
        {
            let expected: Vec<char> = c.to_lowercase().collect();
            assert!(expected.len() > 1 || expected == [lower(c)], "{c}");
        }
    }

    #[test]
    fn hashes_are_those_of_the_reference() {
        assert_eq!([hash(""), hash("a"), hash("foobar")], [0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968]);
    }

    #[test]
    fn shapes_without_features_are_refused() {
        let number = |edges| vec![FieldShape { column: "x".into(), kind: FieldKind::Number { edges } }];
        assert!(check(&number(vec![1.0, 2.0])).is_ok());
        let text = vec![FieldShape { column: "x".into(), kind: FieldKind::Text { buckets: 0 } }];
        for fields in [Vec::new(), number(vec![2.0, 1.0]), number(vec![f32::INFINITY]), text] {
            assert!(check(&fields).is_err());
        }
    }
}
