/// An update kind's name, as much of it as the log keeps: 32 bytes without anything a terminal or a database could stumble
/// over. It takes no memory of its own, whatever the sender wrote.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KindName {
    // Invariant: the first `length` bytes are ASCII.
    bytes: [u8; Self::MAX_BYTES],
    length: u8,
}

impl KindName {
    /// No known kind's name is longer.
    pub const MAX_BYTES: usize = 32;

    /// The name as it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let name = self
            .bytes
            .get(..usize::from(self.length))
            .unwrap_or_default();
        std::str::from_utf8(name).unwrap_or_default()
    }
}

impl From<&str> for KindName {
    fn from(name: &str) -> Self {
        let mut bytes = [0; Self::MAX_BYTES];
        let mut length = 0;
        for (place, byte) in bytes.iter_mut().zip(name.bytes()) {
            let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
            *place = if plain { byte } else { b'?' };
            length += 1;
        }
        Self { bytes, length }
    }
}

impl std::fmt::Debug for KindName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_and_cleaned() {
        assert_eq!(
            KindName::from("pre_checkout_query").as_str(),
            "pre_checkout_query"
        );
        assert_eq!(
            KindName::from("\0\u{1b}[31m é").as_str(),
            "??".to_owned() + "?31m???"
        );
        assert_eq!(
            KindName::from("x".repeat(99).as_str()).as_str(),
            "x".repeat(32)
        );
        assert_eq!(KindName::from("").as_str(), "");
    }
}
