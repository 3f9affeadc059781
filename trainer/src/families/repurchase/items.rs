//! What the repurchase part knows of each item: how it sells, how often it is bought again, and its trend.

use proclivity::rank::Buyer;

/// Features of an item, in the order of [`of_items`].
pub const ITEM_FEATURES: usize = 7;
/// Those that speak of an own item: all but the last.
pub const REPEAT_ITEM_FEATURES: std::ops::Range<usize> = 0..6;
/// Those that speak of a new one.
pub const NEW_ITEM_FEATURES: std::ops::Range<usize> = 2..7;

/// Buyers and hazards that every item is given beforehand, at the mean of all items.
const PRIOR_BUYERS: f64 = 5.0;
const PRIOR_HAZARD: f64 = 10.0;

/// Sums over an item's buyers.
#[derive(Debug, Clone, Default)]
struct Sums {
    buyers: f64,
    /// Baskets with it.
    baskets: f64,
    /// Who bought it before the last window, and of those who bought it in it again.
    before: f64,
    again: f64,
    /// `exp(-age / decay)` of all purchases, decays of 15, 30 and 60 days.
    recent: [f64; 3],
}

/// Features of `items` items at the moment the `buyers` are seen at, (items, [`ITEM_FEATURES`]): how often an item is bought
/// again (`ln` of purchases after the first a buyer), its hazard (`ln` of the share of earlier buyers who bought it within the
/// last `window` days), `ln` of its buyers, of its recent purchases a buyer (decays of 15, 30 and 60 days), and of its
/// purchases a buyer.
pub fn of_items<'b>(buyers: impl Iterator<Item = &'b Buyer>, items: usize, window: f64) -> Vec<[f32; ITEM_FEATURES]> {
    let mut sums = vec![Sums::default(); items];
    for own in buyers.flat_map(Buyer::own) {
        let item = &mut sums[own.item as usize];
        item.buyers += 1.0;
        item.baskets += f64::from(own.times);
        if f64::from(own.first) > window {
            item.before += 1.0;
            item.again += f64::from(f64::from(own.last) <= window);
        }
        item.recent.iter_mut().zip(own.decayed).for_each(|(sum, x)| *sum += f64::from(x));
    }
    let total = |of: fn(&Sums) -> f64| sums.iter().map(of).sum::<f64>();
    // At least something, so that logarithms stay finite in a log where nobody bought anything twice.
    let share = |part: f64, of: f64| (part / of.max(1.0)).max(1e-6);
    let repeats = share(total(|item| item.baskets - item.buyers), total(|item| item.buyers));
    let hazard = share(total(|item| item.again), total(|item| item.before));
    let features = |item: &Sums| {
        let repeat = (item.baskets - item.buyers + PRIOR_BUYERS * repeats) / (item.buyers + PRIOR_BUYERS);
        let again = (item.again + PRIOR_HAZARD * hazard) / (item.before + PRIOR_HAZARD);
        let recent = item.recent.map(|sum| (sum + 1.0) / (item.buyers + 1.0));
        let buyers = item.buyers.max(1.0);
        let each = [repeat, again, buyers, recent[0], recent[1], recent[2], item.baskets.max(1.0) / buyers];
        each.map(|x| x.ln() as f32)
    };
    sums.iter().map(features).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_summed_up_over_their_buyers() {
        const DAY: f64 = 86_400_000.0;
        let now = 200.0 * DAY;
        let buyer = |ages: &[(u32, f64)]| {
            let purchases: Vec<(u32, f64)> = ages.iter().map(|&(item, age)| (item, now - age * DAY)).collect();
            Buyer::new(&purchases, now, 365.0).unwrap()
        };
        // Item 0: three times by the first, once long ago by the second. Item 1: by the second, lately. Item 2: nobody.
        let buyers = [buyer(&[(0, 60.0), (0, 40.0), (0, 20.0)]), buyer(&[(0, 50.0), (1, 5.0)])];
        let features = of_items(buyers.iter(), 3, 30.0);
        let near = |found: f32, expected: f64| {
            assert!((f64::from(found) - expected.ln()).abs() < 1e-5, "{found} {}", expected.ln())
        };
        let (repeats, hazard) = (2.0 / 3.0, 1.0 / 2.0);
        near(features[0][0], (2.0 + 5.0 * repeats) / (2.0 + 5.0));
        near(features[0][1], (1.0 + 10.0 * hazard) / (2.0 + 10.0));
        near(features[0][2], 2.0);
        for (i, h) in [15.0, 30.0, 60.0].into_iter().enumerate() {
            let sum: f64 = [60.0, 40.0, 20.0, 50.0f64].map(|age| (-age / h).exp()).iter().sum();
            near(features[0][3 + i], (sum + 1.0) / 3.0);
            near(features[1][3 + i], ((-5.0f64 / h).exp() + 1.0) / 2.0);
        }
        near(features[0][6], 2.0);
        near(features[1][0], 5.0 * repeats / 6.0);
        near(features[1][1], hazard);
        near(features[2][0], repeats);
        assert_eq!(features[2][2..], [0.0; 5], "nobody's: logarithms of 1");
    }
}
