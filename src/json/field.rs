//! Reading JSON values by hand: every field checked, every refusal with its name. One code path for the manifest, the
//! profile and the page's options keeps the download small; derived deserialisers were a quarter of it.

use super::value::Json;
use crate::error::{Error, Result};

/// A value and the name it was found under.
#[derive(Clone, Copy)]
pub(crate) struct Field<'v> {
    value: &'v Json,
    name: &'v str,
}

impl<'v> Field<'v> {
    /// The root of a document, named `name` in messages.
    pub fn root(value: &'v Json, name: &'v str) -> Field<'v> {
        Field { value, name }
    }

    /// The member `key`; `None` when missing or null.
    pub fn optional(&self, key: &'v str) -> Option<Field<'v>> {
        let value = self.value.get(key).filter(|value| **value != Json::Null)?;
        Some(Field { value, name: key })
    }

    /// The member `key`, which must be there.
    pub fn required(&self, key: &'v str) -> Result<Field<'v>> {
        self.optional(key).ok_or_else(|| Error::argument(key, "a value", "none"))
    }

    /// Refuses members other than `keys`; a misspelt option must not become a silent default.
    pub fn only(&self, keys: &[&str]) -> Result<()> {
        let Json::Object(members) = self.value else {
            return Err(self.refuse("an object"));
        };
        match members.iter().map(|(key, _)| key).find(|key| !keys.contains(&key.as_str())) {
            Some(key) => Err(Error::argument(key, format_args!("one of {}", keys.join(", ")), "an unknown option")),
            None => Ok(()),
        }
    }

    pub fn text(&self) -> Result<&'v str> {
        match self.value {
            Json::Text(text) => Ok(text),
            _ => Err(self.refuse("a text")),
        }
    }

    pub fn boolean(&self) -> Result<bool> {
        match self.value {
            Json::Bool(value) => Ok(*value),
            _ => Err(self.refuse("true or false")),
        }
    }

    /// A finite number.
    pub fn number(&self) -> Result<f64> {
        match self.value {
            Json::Number(x) if x.is_finite() => Ok(*x),
            _ => Err(self.refuse("a finite number")),
        }
    }

    /// A finite number that f32 holds.
    pub fn float(&self) -> Result<f32> {
        let x = self.number()? as f32;
        if x.is_finite() { Ok(x) } else { Err(self.refuse("a finite number")) }
    }

    /// A number from `least` to `most`, which `expected` puts into words.
    pub fn within(&self, least: f64, most: f64, expected: &str) -> Result<f64> {
        let x = self.number()?;
        if (least..=most).contains(&x) { Ok(x) } else { Err(self.refuse(expected)) }
    }

    /// A whole number from 0 to 2^53.
    pub fn whole(&self) -> Result<usize> {
        let x = self.number()?;
        if (0.0..=9_007_199_254_740_992.0).contains(&x) && x.fract() == 0.0 {
            Ok(x as usize)
        } else {
            Err(self.refuse("a whole number"))
        }
    }

    /// The elements of a list.
    pub fn list(&self) -> Result<Vec<Field<'v>>> {
        let Json::List(elements) = self.value else {
            return Err(self.refuse("a list"));
        };
        Ok(elements.iter().map(|value| Field { value, name: self.name }).collect())
    }

    /// The members of an object.
    pub fn members(&self) -> Result<Vec<(&'v str, Field<'v>)>> {
        let Json::Object(members) = self.value else {
            return Err(self.refuse("an object"));
        };
        Ok(members.iter().map(|(key, value)| (key.as_str(), Field { value, name: key })).collect())
    }

    /// The elements of a list of texts.
    pub fn texts(&self) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for element in self.list()? {
            texts.push(element.text()?.to_owned());
        }
        Ok(texts)
    }

    /// The elements of a list of finite numbers that f32 holds.
    pub fn floats(&self) -> Result<Vec<f32>> {
        let mut floats = Vec::new();
        for element in self.list()? {
            floats.push(element.float()?);
        }
        Ok(floats)
    }

    /// Whether it is a text, a number, or a list.
    pub fn is_text(&self) -> bool {
        matches!(self.value, Json::Text(_))
    }

    pub fn is_number(&self) -> bool {
        matches!(self.value, Json::Number(_))
    }

    pub fn is_list(&self) -> bool {
        matches!(self.value, Json::List(_))
    }

    /// The error for a value that is not what was expected.
    pub fn refuse(&self, expected: &str) -> Box<Error> {
        Error::argument(self.name, expected, self.value)
    }
}
