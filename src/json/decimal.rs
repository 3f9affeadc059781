//! Decimal numbers to f64 and back, small rather than fast: a manifest has some hundred numbers, a list's reasons as many.

/// The f64 nearest to `mantissa * 10^exponent`, ties to even, infinite past the largest; `cut` says that the number is a
/// little more than that.
///
/// The value is carried as 128 bits and a power of two, and multiplied or divided by ten `exponent` times. A step rounds
/// at the last bit and notes there that something was lost: 345 steps stay below 2^-115, far from the 53 bits that are
/// kept, and a number that lies on a tie has lost nothing.
pub(super) fn float(mantissa: u64, cut: bool, exponent: i32) -> f64 {
    if mantissa == 0 || exponent < -345 {
        return 0.0;
    }
    if exponent > 310 {
        return f64::INFINITY;
    }
    // value = (high + low / 2^64) * 2^(power - 63), the top bit of `high` set
    let shift = mantissa.leading_zeros();
    let (mut high, mut low) = (mantissa << shift, u64::from(cut));
    let mut power = 63 - shift as i32;
    for _ in 0..exponent.unsigned_abs() {
        if exponent > 0 {
            // Ten sixteenths, which fit.
            let lost = u64::from(low & 15 != 0);
            let sixteenth = (u128::from(high) << 64 | u128::from(low)) >> 4;
            let ten = (sixteenth << 3) + (sixteenth << 1);
            (high, low) = ((ten >> 64) as u64, ten as u64 | lost);
            power += 4;
        } else {
            // Long division by ten, 32 bits at a time.
            let middle = ((high % 10) << 32) + (low >> 32);
            let last = ((middle % 10) << 32) + (low & 0xffff_ffff);
            let lost = u64::from(last % 10 != 0);
            (high, low) = (high / 10, (((middle / 10) << 32) + last / 10) | lost);
        }
        let shift = high.leading_zeros();
        if shift > 0 {
            high = high << shift | low >> (64 - shift);
            low <<= shift;
            power -= shift as i32;
        }
    }
    // Of the 64 bits in `high`, 53 are kept; fewer below the normal numbers.
    let below = (-1022 - power).max(0) as u32;
    if power > 1023 || below > 53 {
        return if below == 0 { f64::INFINITY } else { 0.0 };
    }
    let kept = high.checked_shr(11 + below).unwrap_or(0);
    let rest = high << (53 - below);
    let half = 1 << 63;
    let up = rest > half || rest == half && (low != 0 || kept & 1 == 1);
    let biased = if below == 0 { (power + 1022) as u64 } else { 0 };
    // A carry out of the fraction counts the exponent up, as it should.
    f64::from_bits((biased << 52) + kept + u64::from(up))
}

/// A number for messages and for lists' reasons: whole numbers in full, others as the shortest that gives the same f32, laid out as JavaScript
/// does. Core's formatter would add 7 KB to what every visitor downloads.
pub(crate) fn show(x: impl Into<f64>) -> String {
    shown(x.into())
}

fn shown(x: f64) -> String {
    let size = x.abs();
    let mut text = if x < 0.0 { "-".to_owned() } else { String::new() };
    if !size.is_finite() {
        return if size.is_nan() { "NaN".to_owned() } else { text + "Infinity" };
    }
    if size < 1e15 && size.fract() == 0.0 {
        return text + &(size as u64).to_string();
    }
    // size = scaled * 10^exponent, nine digits before the point
    let (mut scaled, mut exponent) = (size, 0i32);
    while scaled >= 1e9 {
        (scaled, exponent) = (scaled / 10.0, exponent + 1);
    }
    while scaled < 1e8 {
        (scaled, exponent) = (scaled * 10.0, exponent - 1);
    }
    let rounded = |unit: f64| (scaled / unit).round() as u64 * unit as u64;
    let same = |digits: &u64| float(*digits, false, exponent) as f32 == size as f32;
    let digits = [1e3, 1e2, 1e1].map(rounded).into_iter().find(same).unwrap_or(rounded(1.0)).to_string();
    // size = 0.digits * 10^point
    let point = exponent + digits.len() as i32;
    let digits = digits.trim_end_matches('0');
    match point {
        1..=21 => {
            let point = point as usize;
            for n in 0..digits.len().max(point) {
                if n == point {
                    text.push('.');
                }
                text.push(digits.as_bytes().get(n).copied().unwrap_or(b'0').into());
            }
        }
        -5..=0 => {
            text.push_str("0.");
            (point..0).for_each(|_| text.push('0'));
            text.push_str(digits);
        }
        _ => {
            text.push_str(&digits[..1]);
            if digits.len() > 1 {
                text.push('.');
                text.push_str(&digits[1..]);
            }
            text.push_str(if point < 1 { "e-" } else { "e" });
            text.push_str(&(point - 1).unsigned_abs().to_string());
        }
    }
    text
}

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is native only
mod tests {
    use proptest::prelude::*;

    use super::super::parse::parse;
    use super::*;
    use crate::json::Json;

    fn read(text: &str) -> f64 {
        match parse(text.as_bytes()) {
            Ok(Json::Number(x)) => x,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn the_hard_numbers_are_read_as_the_standard_library_reads_them() {
        let hard = [
            "9007199254740993",
            "9007199254740995",
            "4503599627370497.5",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "4.9406564584124654e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "1.7976931348623157e308",
            "1e22",
            "1e23",
            "8.5e-320",
            "6.929001713869936e236",
            "1e-400",
            "0.000000000000000000000000000000000000001e39",
        ];
        for text in hard {
            assert_eq!(read(text).to_bits(), text.parse::<f64>().expect("a number").to_bits(), "{text}");
        }
        assert!(parse(b"1.8e308").is_err() && parse(b"1e999999999999").is_err());
        assert_eq!(read("-0").to_bits(), (-0.0f64).to_bits());
    }

    #[test]
    fn messages_show_numbers_as_people_write_them() {
        assert_eq!(show(0.1f32), "0.1");
        assert_eq!(show(-2.5f32), "-2.5");
        assert_eq!(show(6.0f32), "6");
        assert_eq!(show(-1_700_000_000_000.0), "-1700000000000");
        assert_eq!(show(1e30f32), "1e30");
        assert_eq!(show(2e-19f32), "2e-19");
        assert_eq!(show(1e15), "1000000000000000");
        assert_eq!(show(0.000_123_4f32), "0.0001234");
        assert_eq!(show(10_000.0f32 / 127.0), "78.74016");
        assert_eq!(show(f32::NAN), "NaN");
        assert_eq!(show(f32::NEG_INFINITY), "-Infinity");
        assert_eq!(show(0.0), "0");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn every_f64_that_is_written_is_read_back(bits in any::<u64>()) {
            let x = f64::from_bits(bits);
            prop_assume!(x.is_finite());
            prop_assert_eq!(read(&format!("{x:e}")).to_bits(), bits);
            prop_assert_eq!(read(&serde_json::to_string(&x).expect("finite")).to_bits(), bits);
        }

        #[test]
        fn every_f32_that_is_shown_is_told_from_its_neighbours(bits in any::<u32>()) {
            let x = f32::from_bits(bits);
            prop_assume!(x.is_finite());
            prop_assert_eq!(show(x).parse::<f32>().expect("a number"), x);
        }

        #[test]
        fn any_decimal_is_read_as_the_standard_library_reads_it(mantissa in any::<u64>(), exponent in -350i32..320) {
            let text = format!("{}e{exponent}", mantissa / 10);
            let expected: f64 = text.parse().expect("a number");
            match parse(text.as_bytes()) {
                Ok(Json::Number(x)) => prop_assert_eq!(x.to_bits(), expected.to_bits()),
                _ => prop_assert!(expected.is_infinite()),
            }
        }
    }
}
