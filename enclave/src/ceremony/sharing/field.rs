//! Place: SAM. GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1, without tables and branches on what is secret.
//! Addition and subtraction are both exclusive or.

/// The polynomial without its highest term.
const REDUCTION: u8 = 0x1b;

/// Product. Takes the same steps for all values.
pub(super) const fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    let mut step = 0;
    while step < 8 {
        product ^= a & 0u8.wrapping_sub(b & 1);
        let carry = 0u8.wrapping_sub(a >> 7);
        a = (a << 1) ^ (REDUCTION & carry);
        b >>= 1;
        step += 1;
    }
    product
}

/// Inverse: the 254th power. Zero has none and gives zero.
pub(super) const fn invert(a: u8) -> u8 {
    // 254 = 2 + 4 + 8 + 16 + 32 + 64 + 128.
    let mut square = multiply(a, a);
    let mut product = square;
    let mut step = 0;
    while step < 6 {
        square = multiply(square, square);
        product = multiply(product, square);
        step += 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_of_fips_197_comes_out() {
        // FIPS 197, section 4.2.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
    }

    #[test]
    fn it_is_a_field() {
        for a in 0..=255 {
            assert_eq!(multiply(a, 1), a);
            assert_eq!(multiply(a, 0), 0);
            assert_eq!(multiply(a, invert(a)), u8::from(a != 0), "{a}");
            for b in 0..=255 {
                assert_eq!(multiply(a, b), multiply(b, a));
                for c in [0x03, 0x80, 0xff] {
                    assert_eq!(multiply(a, b ^ c), multiply(a, b) ^ multiply(a, c));
                    assert_eq!(multiply(multiply(a, b), c), multiply(a, multiply(b, c)));
                }
            }
        }
    }
}
