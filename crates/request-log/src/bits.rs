//! Identifiers as 128 bits, and the hashes that find things.

use std::hash::{BuildHasherDefault, Hasher};

use ids::{ConnectionId, ProjectId, RequestId};

/// The bits of an identifier that is a prefix and a ULID.
pub(crate) fn of_ulid(text: &str) -> u128 {
    let Some((_, [a, b, rest @ ..])) = text.as_bytes().split_last_chunk::<26>() else {
        return 0;
    };
    let digits = |bytes: &[u8]| {
        let digits = bytes.iter().map(|byte| DIGITS[usize::from(*byte)]);
        digits.fold(0_u64, |bits, digit| (bits << 5) | u64::from(digit))
    };
    let (middle, end) = rest.split_at(12);
    u128::from(digits(&[*a, *b])) << 120
        | u128::from(digits(middle)) << 60
        | u128::from(digits(end))
}

pub(crate) fn connection(bits: u128) -> ConnectionId {
    let (unix_ms, random) = parts(bits);
    ConnectionId::from_parts(unix_ms, random)
}

pub(crate) fn request(bits: u128) -> RequestId {
    let (unix_ms, random) = parts(bits);
    RequestId::from_parts(unix_ms, random)
}

/// What a segment's list of owners has of a project. Written down: never to be changed.
pub(crate) fn owner_key(project: &ProjectId) -> u32 {
    // FNV-1a; both halves, so that every byte reaches every bit.
    let hash = project
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    (mixed(hash) >> 32) as u32
}

/// What the table of strays has of an update: those of a connection lie side by side. Written down: never to be changed.
pub(crate) fn update_key(connection: u128, update_id: i64) -> u64 {
    let hash = mixed(connection as u64 ^ mixed((connection >> 64) as u64));
    hash & !0xffff_ffff | u64::from(update_id as u32)
}

/// What the table of followups has of an update's key. Written down: never to be changed.
pub(crate) fn short_key(update_key: u64) -> [u8; 4] {
    ((mixed(update_key) >> 32) as u32).to_be_bytes()
}

/// The last step of SplitMix64: each bit depends on each.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// For maps in memory whose keys no stranger can choose in number.
pub(crate) type Quick = BuildHasherDefault<QuickHasher>;

#[derive(Default)]
pub(crate) struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, number: u64) {
        let product =
            u128::from(self.0 ^ number ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93_u128;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
        self.write_u64((number >> 64) as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

fn parts(bits: u128) -> (u64, [u8; 10]) {
    let mut random = [0; 10];
    random.copy_from_slice(&bits.to_be_bytes()[6..]);
    ((bits >> 80) as u64, random)
}

/// The value of each of Crockford's digits; what is none never comes here.
const DIGITS: [u8; 256] = {
    let mut digits = [0; 256];
    let alphabet = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut value = 0;
    while value < alphabet.len() {
        digits[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    digits
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_comes_back_from_its_bits() {
        for id in [
            ConnectionId::from_parts(0, [0; 10]),
            ConnectionId::from_parts(1_764_000_000_123, *b"0123456789"),
            ConnectionId::from_parts((1 << 48) - 1, [0xff; 10]),
        ] {
            assert_eq!(connection(of_ulid(id.as_str())), id);
        }
    }

    #[test]
    fn hashes_that_are_written_down_stay_what_they_are() {
        assert_eq!(owner_key(&"prj_1".parse().unwrap()), OWNER);
        let key = update_key(1 << 100 | 7, 42);
        assert_eq!((key, short_key(key)), UPDATE);
    }

    const OWNER: u32 = 3_998_317_055;
    const UPDATE: (u64, [u8; 4]) = (0x5519_f4eb_0000_002a, [95, 241, 1, 192]);
}
