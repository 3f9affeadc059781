//! What a training takes at its peak, known before it begins.

use super::ease::by_users;
use super::family::{Family, ListFamily};
use crate::dataset::Interactions;

/// Dense matrices that stand beside each other while EASE inverts one: the Gram matrix, its factor, the inverse, and what the
/// inversion itself writes to.
const EASE_MATRICES: usize = 4;
/// Users' and items' vectors that are held at a time: those in training, the best so far, and those being measured.
const VECTOR_COPIES: usize = 4;

/// Bytes that training `family` on `data` takes besides the data, about.
pub fn training_bytes(family: Family, dim: usize, data: &Interactions) -> usize {
    let (users, items) = (data.users.len(), data.items.len());
    let lists = match family.lists {
        Some(ListFamily::Ease) if by_users(data) => 2 * users * items + EASE_MATRICES * users * users,
        Some(ListFamily::Ease) => EASE_MATRICES * items * items,
        Some(ListFamily::Slim) => items * items,
        Some(ListFamily::ItemKnn) | None => 0,
    };
    let vectors = if family.vectors.is_some() { VECTOR_COPIES * (users + items) * dim } else { 0 };
    (lists + vectors) * size_of::<f32>()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::tastes;
    use super::*;

    #[test]
    fn lists_of_pairs_of_items_take_the_square_of_them() {
        let (mut data, _) = tastes();
        data.items = (0..40_000).map(|item| item.to_string()).collect();
        let bytes = |name: &str, data: &Interactions| training_bytes(name.parse().expect(name), 64, data);
        assert_eq!(bytes("slim", &data), 4 * 40_000 * 40_000);
        assert!(bytes("ease", &data) < bytes("slim", &data), "few users: a matrix of users");
        assert!(bytes("als", &data) < 50 << 20 && bytes("item-knn", &data) == 0);
        data.users = (0..40_000).map(|user| user.to_string()).collect();
        assert_eq!(bytes("als+ease", &data), bytes("ease", &data) + bytes("als", &data));
        assert_eq!(bytes("ease", &data), 4 * bytes("slim", &data));
    }
}
