/// Several values written so that no two different lists of values give the same bytes: each value after its length,
/// eight bytes, the most significant first.
///
/// Whatever is authenticated together is written this way; plain joining would let `("ab", "c")` pass for `("a", "bc")`.
#[derive(Clone, Copy, Debug)]
pub struct LengthPrefixed<'a>(&'a [&'a [u8]]);

impl<'a> LengthPrefixed<'a> {
    /// The encoding of these values, in this order.
    #[must_use]
    pub const fn new(values: &'a [&'a [u8]]) -> Self {
        Self(values)
    }

    /// Hands the encoding on, piece by piece, without allocating.
    pub fn write(&self, mut sink: impl FnMut(&[u8])) {
        for value in self.0 {
            sink(&(value.len() as u64).to_be_bytes());
            sink(value);
        }
    }

    /// The encoding in a buffer; none when that is too small.
    pub(crate) fn join<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let mut length = 0;
        let mut fits = true;
        self.write(|piece| match buffer.get_mut(length..length + piece.len()) {
            Some(room) if fits => {
                room.copy_from_slice(piece);
                length += piece.len();
            }
            _ => fits = false,
        });
        fits.then(|| &buffer[..length])
    }

    /// The encoding as bytes.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.iter().map(|value| 8 + value.len()).sum());
        self.write(|piece| bytes.extend_from_slice(piece));
        bytes
    }
}
