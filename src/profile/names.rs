//! Texts that many events name, each kept once: ids of items, contexts.

/// Bytes of a text in JSON.
fn written(text: &str) -> usize {
    let byte = |byte: u8| match byte {
        0..32 => 6,
        b'"' | b'\\' => 2,
        _ => 1,
    };
    text.bytes().map(byte).sum()
}

/// Texts, and how many events name each.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(Vec<(String, u32)>);

impl Names {
    /// The place of a text that one more event names, and the bytes of it unless another one does.
    #[inline(never)]
    pub fn enter(&mut self, text: String) -> (u32, usize) {
        let same = self.0.iter().position(|(known, _)| *known == text);
        // Otherwise the room of one that no event names any more.
        let place = same.or_else(|| self.0.iter().position(|&(_, events)| events == 0)).unwrap_or(self.0.len());
        if place == self.0.len() {
            self.0.push((String::new(), 0));
        }
        let (known, events) = &mut self.0[place];
        let bytes = if *events == 0 { written(&text) } else { 0 };
        (*known, *events) = (text, *events + 1);
        (place as u32, bytes)
    }

    /// Takes away an event that names the text at `place`; the bytes that are free for it.
    pub fn leave(&mut self, place: u32) -> usize {
        let (text, events) = &mut self.0[place as usize];
        *events -= 1;
        if *events == 0 { written(text) } else { 0 }
    }

    /// The text at `place`.
    pub fn get(&self, place: u32) -> &str {
        &self.0[place as usize].0
    }

    /// All of them by their places.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(text, _)| text.as_str())
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
