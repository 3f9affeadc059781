//! Families by name: which parts a model is made of.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::{Serialize, Serializer};

/// Which parts a model has; without vectors and lists it is the most popular alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    pub vectors: Option<VectorFamily>,
    pub lists: Option<ListFamily>,
    pub ranker: bool,
}

/// Families of item vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VectorFamily {
    Als,
    Bpr,
    LogisticMf,
    #[value(name = "svd++", alias = "svdpp")]
    Svdpp,
    Item2vec,
    Elsa,
    TwoTower,
    MultVae,
    Gmf,
    Mlp,
    #[value(name = "neumf")]
    NeuMf,
    Fm,
    #[value(name = "deepfm")]
    DeepFm,
    Gru4rec,
    Sasrec,
}

/// Families of neighbour lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFamily {
    Ease,
    Slim,
    ItemKnn,
}

impl VectorFamily {
    /// Whether its scores are more than dots.
    fn ranks(self) -> bool {
        matches!(self, VectorFamily::Mlp | VectorFamily::NeuMf | VectorFamily::DeepFm)
    }
}

impl ListFamily {
    /// As `--family` has it.
    pub fn name(self) -> String {
        name(&self)
    }
}

/// The name of a family without parts.
const POPULAR: &str = "popular";
/// The ranker's name in a family.
pub const RANKER: &str = "ncf";

impl FromStr for Family {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Family, String> {
        let mut family = Family { vectors: None, lists: None, ranker: false };
        if text == POPULAR {
            return Ok(family);
        }
        for part in text.replace("svd++", "svdpp").split('+') {
            let vectors = VectorFamily::from_str(part, false).ok();
            let lists = ListFamily::from_str(part, false).ok();
            let twice = (vectors.is_some() && family.vectors.is_some())
                || (lists.is_some() && family.lists.is_some())
                || (part == RANKER && family.ranker);
            if twice || (vectors.is_none() && lists.is_none() && part != RANKER) {
                return Err(format!(
                    "expected {}, found `{part}`{}",
                    names(),
                    if twice { " besides another" } else { "" }
                ));
            }
            family.vectors = family.vectors.or(vectors);
            family.lists = family.lists.or(lists);
            family.ranker |= part == RANKER;
        }
        if family.ranker && family.vectors.is_none() {
            return Err(format!("expected vectors for {RANKER} to rank with, such as als+{RANKER}, found `{text}`"));
        }
        match family.vectors.filter(|vectors| vectors.ranks() && (family.ranker || family.lists.is_some())) {
            Some(vectors) => Err(format!(
                "expected {} alone, which has layers of its own over every item, found `{text}`",
                name(&vectors)
            )),
            None => Ok(family),
        }
    }
}

/// What a family may be made of.
fn names() -> String {
    let vectors: Vec<String> = VectorFamily::value_variants().iter().map(name).collect();
    let lists: Vec<String> = ListFamily::value_variants().iter().map(name).collect();
    format!(
        "one of {} and/or one of {}, joined by +, and +{RANKER}; or {POPULAR}",
        vectors.join(", "),
        lists.join(", ")
    )
}

fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().expect("no variant is hidden").get_name().to_owned()
}

impl Family {
    /// Whether it has neither vectors nor lists.
    pub fn is_popular(self) -> bool {
        self.vectors.is_none() && self.lists.is_none()
    }

    /// Whether it learns from what a request tells.
    pub fn takes_fields(self) -> bool {
        matches!(self.vectors, Some(VectorFamily::Fm | VectorFamily::DeepFm))
    }

    /// Whether it foresees ratings, and learns from low ones too.
    pub fn rates(self) -> bool {
        self.vectors == Some(VectorFamily::Svdpp)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts =
            [self.vectors.as_ref().map(name), self.lists.as_ref().map(name), self.ranker.then(|| RANKER.into())];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(&if parts.is_empty() { POPULAR.to_owned() } else { parts.join("+") })
    }
}

impl Serialize for Family {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_read_and_written() {
        for text in [
            "als",
            "ease",
            "als+ease",
            "als+ncf",
            "als+ease+ncf",
            "svd++",
            "svd+++ease+ncf",
            "logistic-mf",
            "elsa+ease",
            "slim",
            "als+item-knn",
            "popular",
            "gmf+ease",
            "sasrec+ease+ncf",
            "neumf",
        ] {
            assert_eq!(text.parse::<Family>().expect(text).to_string(), text);
        }
        assert_eq!("ease+als".parse::<Family>().expect("in any order").to_string(), "als+ease");
        for text in [
            "",
            "als+",
            "als+als",
            "ncf",
            "ease+ncf",
            "svd",
            "ALS",
            "als+popular",
            "popular+ease",
            "mlp+ease",
            "neumf+ncf",
        ] {
            let message = text.parse::<Family>().expect_err(text);
            assert!(message.starts_with("expected"), "{message}");
        }
    }
}
