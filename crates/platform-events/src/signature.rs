//! How a delivery says from whom it is.

use std::fmt::Write as _;

use clock::Timestamp;
use key_ring::Mac;
use zeroize::Zeroizing;

/// The keys that sign: every byte of each secret's text.
pub(crate) struct Keys {
    pub(crate) current: Zeroizing<Vec<u8>>,
    /// The one before, while its time lasts.
    pub(crate) previous: Option<Zeroizing<Vec<u8>>>,
}

impl Keys {
    /// The value of `MP-Signature`: the time of the attempt in seconds, and HMAC-SHA256 in hexadecimal over that time, a dot and the body.
    pub(crate) fn sign(&self, at: Timestamp, body: &[u8]) -> String {
        let at = at.unix_seconds();
        let mut message = format!("{at}.").into_bytes();
        message.extend_from_slice(body);
        let mut value = format!("t={at}");
        add(&mut value, "v1", &self.current, &message);
        if let Some(previous) = &self.previous {
            add(&mut value, "v0", previous, &message);
        }
        value
    }
}

fn add(value: &mut String, version: &str, key: &[u8], message: &[u8]) {
    // Writing to a string does not fail.
    let _ = write!(value, ",{version}=");
    for byte in Mac::new(key).tag(message).iter() {
        let _ = write!(value, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_openssl() {
        // printf '1767225600.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_new, and whsec_old
        let mut keys = Keys {
            current: Zeroizing::new(b"whsec_new".to_vec()),
            previous: None,
        };
        let at = Timestamp::from_unix_us(1_767_225_600_999_999);
        let new =
            "t=1767225600,v1=cacd488a08c740d629f2ed64a673f52b34914ace304b69d2a7e1b02d63bac07c";
        assert_eq!(keys.sign(at, BODY), new);
        keys.previous = Some(Zeroizing::new(b"whsec_old".to_vec()));
        assert_eq!(
            keys.sign(at, BODY),
            format!("{new},v0=cc8eec4a38fd1fcbf2239fdfaa2af6db3f6cd83419e90882421c22d9dc23ba8c")
        );
    }

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
}
