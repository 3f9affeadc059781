//! The reader (RFC 8259): bytes in, a [`Json`] or the first thing wrong with them out.

use std::fmt::{Display, Formatter};

use super::decimal::float;
use super::value::Json;

/// Deepest nesting that is read, so that no text can exhaust the stack.
const MAX_DEPTH: u32 = 127;

/// What the text should hold, and where it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unexpected {
    expected: &'static str,
    at: usize,
}

impl Display for Unexpected {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected {} at byte {} of the JSON, found otherwise", self.expected, self.at)
    }
}

/// Reads one JSON value and nothing after it. Never panics; takes memory in proportion to the text.
pub(crate) fn parse(text: &[u8]) -> Result<Json, Unexpected> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    if reader.at == text.len() { Ok(value) } else { Err(reader.expected("the end")) }
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn expected(&self, expected: &'static str) -> Unexpected {
        Unexpected { expected, at: self.at }
    }

    /// The next byte; 0, which no JSON token holds, at the end.
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// Whether the next byte is `byte`, which is then passed.
    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == byte;
        self.at += usize::from(taken);
        taken
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: u32) -> Result<Json, Unexpected> {
        self.space();
        match self.peek() {
            b'"' => self.string().map(Json::Text),
            b'[' | b'{' if depth == MAX_DEPTH => Err(self.expected("at most 127 levels")),
            b'[' => self.list(depth + 1),
            b'{' => self.object(depth + 1),
            b'-' | b'0'..=b'9' => self.number().map(Json::Number),
            _ => {
                for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
                    if self.text[self.at..].starts_with(word.as_bytes()) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                Err(self.expected("a value"))
            }
        }
    }

    fn list(&mut self, depth: u32) -> Result<Json, Unexpected> {
        let mut elements = Vec::new();
        self.at += 1;
        self.space();
        if !self.take(b']') {
            loop {
                elements.push(self.value(depth)?);
                if self.end(b']')? {
                    break;
                }
            }
        }
        Ok(Json::List(elements))
    }

    fn object(&mut self, depth: u32) -> Result<Json, Unexpected> {
        let mut members = Vec::new();
        self.at += 1;
        self.space();
        if !self.take(b'}') {
            loop {
                self.space();
                let key = self.string()?;
                self.space();
                if !self.take(b':') {
                    return Err(self.expected("`:`"));
                }
                members.push((key, self.value(depth)?));
                if self.end(b'}')? {
                    break;
                }
            }
        }
        Ok(Json::Object(members))
    }

    /// After an element: whether `close` ends the list, or a comma says that it goes on.
    fn end(&mut self, close: u8) -> Result<bool, Unexpected> {
        self.space();
        let ended = self.take(close);
        if ended || self.take(b',') { Ok(ended) } else { Err(self.expected("`,` or the end of a list or object")) }
    }

    fn string(&mut self) -> Result<String, Unexpected> {
        if !self.take(b'"') {
            return Err(self.expected("a text"));
        }
        let mut bytes = Vec::new();
        loop {
            match self.peek() {
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    let character = self.escaped()?;
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                0..=0x1f => return Err(self.expected("`\"` at the end of a text without control characters")),
                byte => {
                    bytes.push(byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        String::from_utf8(bytes).map_err(|_| self.expected("UTF-8 up to here"))
    }

    /// What stands behind a backslash.
    fn escaped(&mut self) -> Result<char, Unexpected> {
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut code = self.hex()?;
                // The first half of a surrogate pair needs its second.
                if code & 0xfc00 == 0xd800 && self.take(b'\\') && self.take(b'u') {
                    let low = self.hex()?.wrapping_sub(0xdc00);
                    code = if low < 0x400 { 0x1_0000 + ((code & 0x3ff) << 10 | low) } else { code };
                }
                char::from_u32(code).ok_or_else(|| self.expected("a character"))?
            }
            _ => return Err(self.expected("an escape")),
        })
    }

    fn hex(&mut self) -> Result<u32, Unexpected> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = char::from(self.peek()).to_digit(16).ok_or_else(|| self.expected("four hex digits"))?;
            code = code << 4 | digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<f64, Unexpected> {
        let negative = self.take(b'-');
        let (mut mantissa, mut exponent, mut cut) = (0u64, 0i32, false);
        let mut digits = |reader: &mut Self, fraction: bool| -> Result<(), Unexpected> {
            let start = reader.at;
            while let digit @ 0..=9 = reader.peek().wrapping_sub(b'0') {
                reader.at += 1;
                if mantissa < 1_000_000_000_000_000_000 {
                    mantissa = mantissa * 10 + u64::from(digit);
                    exponent -= i32::from(fraction);
                } else {
                    // Nineteen digits are kept; of the others, whether any was not zero.
                    cut |= digit != 0;
                    exponent += i32::from(!fraction);
                }
            }
            if reader.at == start { Err(reader.expected("a digit")) } else { Ok(()) }
        };
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            digits(self, false)?;
        }
        if self.take(b'.') {
            digits(self, true)?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            let below = self.take(b'-');
            if !below {
                self.take(b'+');
            }
            let start = self.at;
            let mut power = 0i32;
            while let digit @ 0..=9 = self.peek().wrapping_sub(b'0') {
                self.at += 1;
                power = power.saturating_mul(10).saturating_add(i32::from(digit));
            }
            if self.at == start {
                return Err(self.expected("a digit"));
            }
            exponent = exponent.saturating_add(if below { -power } else { power });
        }
        let x = float(mantissa, cut, exponent);
        if x.is_finite() { Ok(if negative { -x } else { x }) } else { Err(self.expected("a number that f64 holds")) }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is native only
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Both readers on the same bytes: the same verdict, and the same value.
    fn agree(text: &[u8]) -> Result<(), TestCaseError> {
        match (parse(text), serde_json::from_slice::<Value>(text)) {
            (Ok(ours), Ok(theirs)) => prop_assert!(alike(&ours, &theirs), "{:?} {:?}", ours, theirs),
            (ours, theirs) => prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}", String::from_utf8_lossy(text)),
        }
        Ok(())
    }

    /// Numbers may differ in the last bits: `serde_json` reads them exactly only by request. `decimal.rs` tests ours.
    fn alike(ours: &Json, theirs: &Value) -> bool {
        match (ours, theirs) {
            (Json::Null, Value::Null) => true,
            (Json::Bool(a), Value::Bool(b)) => a == b,
            (Json::Number(a), Value::Number(b)) => {
                b.as_f64().is_some_and(|b| (a - b).abs() <= 1e-15 * b.abs() + 1e-320)
            }
            (Json::Text(a), Value::String(b)) => a == b,
            (Json::List(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
            (Json::Object(a), Value::Object(b)) => {
                a.iter().all(|(key, _)| b.contains_key(key))
                    && b.iter().all(|(key, b)| ours.get(key).is_some_and(|a| alike(a, b)))
            }
            _ => false,
        }
    }

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_document_is_read_as_serde_json_reads_it(document in document(), pretty in any::<bool>()) {
            let text = if pretty { format!("{document:#}") } else { document.to_string() };
            prop_assert!(parse(text.as_bytes()).is_ok());
            agree(text.as_bytes())?;
        }

        #[test]
        fn a_damaged_document_is_refused_where_serde_json_refuses_it(
            document in document(),
            edits in prop::collection::vec((any::<usize>(), "[\\[\\]{}:,\"\\\\ 0-9eE.+\\-tfnu\\x00-\\x20]"), 1..4),
            cut in any::<usize>(),
        ) {
            let mut text = document.to_string().into_bytes();
            for (at, byte) in edits {
                let at = at % text.len();
                text[at] = byte.as_bytes()[0];
            }
            agree(&text)?;
            agree(&text[..cut % text.len()])?;
        }

        #[test]
        fn no_bytes_panic(noise in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}:,\"\\\\ 0-9eEu.+\\-]{0,40}") {
            agree(&noise)?;
            agree(text.as_bytes())?;
        }

        #[test]
        fn what_is_shown_is_json(document in document()) {
            let value = Json::from(document);
            let shown = value.to_string();
            prop_assert!(serde_json::from_str::<Value>(&shown).is_ok(), "{}", shown);
        }

        #[test]
        fn what_is_serialised_is_the_same_value(document in document()) {
            let value = Json::from(document);
            let text = serde_json::to_string(&value).expect("serialises");
            prop_assert_eq!(parse(text.as_bytes()), Ok(value));
        }
    }

    #[test]
    fn escapes_and_edges_are_read_as_serde_json_reads_them() {
        let texts = [
            r#""\ud83d\ude00""#,
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ud83d\n""#,
            r#""\ude00""#,
            r#""\ud83d\ud83d""#,
            r#""\u00e9\/\b\f\n\r\t\"\\""#,
            r#""\x""#,
            r#""\u12g4""#,
            "01",
            "-",
            "-01",
            "1.",
            ".5",
            "1e",
            "1e+",
            "+1",
            "1E-2",
            "-0.0",
            "[1,]",
            "[,1]",
            "{\"a\":1,}",
            "{\"a\" : 1 , \"a\" : 2}",
            "{a:1}",
            "nul",
            "nulll",
            "\u{feff}1",
            "\"\u{7f}\"",
            "\"\u{0}\"",
            "",
            " ",
            "1 2",
        ];
        for text in texts {
            agree(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"));
        }
        agree(b"\"\xff\"").expect("not UTF-8");
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        for depth in [1, 126, 127, 128, 129] {
            agree(&nested(depth)).expect("the same bound");
        }
        assert!(parse(&vec![b'['; 1 << 20]).is_err());
        assert!(parse(&b"{\"a\":".repeat(1 << 18)).is_err());
    }

    #[test]
    fn a_refusal_says_what_and_where() {
        let refusal = parse(b"{\"a\": tru}").expect_err("not JSON").to_string();
        assert_eq!(refusal, "expected a value at byte 6 of the JSON, found otherwise");
    }
}
