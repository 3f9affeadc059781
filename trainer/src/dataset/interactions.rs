//! Training data: who interacted with what, each pair once.

/// Users and items by index, with each user's items in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Interactions {
    /// External ids, in the order of the rows of the model file: most popular first, so that ties favour it.
    pub items: Vec<String>,
    /// External ids.
    pub users: Vec<String>,
    /// Item indices of each user, earliest first, no item twice.
    pub histories: Vec<Vec<u32>>,
}

impl Interactions {
    /// Number of distinct pairs.
    pub fn pairs(&self) -> usize {
        self.histories.iter().map(Vec::len).sum()
    }

    /// Distinct users of each item, (n).
    pub fn popularity(&self) -> Vec<f32> {
        let mut counts = vec![0.0; self.items.len()];
        for &item in self.histories.iter().flatten() {
            counts[item as usize] += 1.0;
        }
        counts
    }

    /// The users of each item, ascending.
    pub fn users_by_item(&self) -> Vec<Vec<u32>> {
        let mut users = vec![Vec::new(); self.items.len()];
        for (user, history) in self.histories.iter().enumerate() {
            for &item in history {
                users[item as usize].push(user as u32);
            }
        }
        users
    }
}
