//! How numbers stand in a segment's body: small ones take one byte, seven bits in each, the lowest first.

use crate::fault::Fault;

pub(crate) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Small both ways from zero.
pub(crate) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, ((number << 1) ^ (number >> 63)) as u64);
}

pub(crate) fn put_wide(out: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Bytes, a length of one byte before them. What does not fit is cut.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    out.push(length);
    out.extend_from_slice(bytes.get(..length.into()).unwrap_or(bytes));
}

/// What is left to be read of a body. Every method takes something off its beginning.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        let (first, rest) = self.0.split_first().ok_or(Fault::Short)?;
        self.0 = rest;
        Ok(*first)
    }

    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, Fault> {
        // Most are short.
        match self.0 {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.0 = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_number(),
        }
    }

    fn long_number(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Fault::Damaged("a number has no end"))
    }

    #[inline]
    pub(crate) fn signed(&mut self) -> Result<i64, Fault> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub(crate) fn wide(&mut self) -> Result<u128, Fault> {
        let mut number = 0;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            number |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Fault::Damaged("a number has no end"))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (first, rest) = self.0.split_first_chunk().ok_or(Fault::Short)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        let length = self.byte()?;
        let (first, rest) = self.0.split_at_checked(length.into()).ok_or(Fault::Short)?;
        self.0 = rest;
        std::str::from_utf8(first).map_err(|_| Fault::Damaged("a text is not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_small_ones_are_short() {
        for number in [0, 1, -1, 63, -64, 64, 300, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            put_signed(&mut out, number);
            put(&mut out, number as u64);
            put_wide(&mut out, u128::from(number as u64) << 64);
            assert!(!(-64..64).contains(&number) || out[0] < 0x80);
            let mut bytes = Bytes(&out);
            assert_eq!(bytes.signed().unwrap(), number);
            assert_eq!(bytes.number().unwrap(), number as u64);
            assert_eq!(bytes.wide().unwrap(), u128::from(number as u64) << 64);
            assert!(bytes.is_empty() && bytes.byte() == Err(Fault::Short));
        }
        assert!(Bytes(&[0xff; 40]).number().is_err() && Bytes(&[0xff; 40]).wide().is_err());
    }
}
