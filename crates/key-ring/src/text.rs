//! The text form of a key ring.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ids::KeyId;
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::{Error, LineFault, Result};
use crate::material::MasterKey;
use crate::ring::{KeyRing, KeyState, Secondary};

impl KeyRing {
    /// Reads the text form (README, "The key file").
    ///
    /// # Errors
    /// [`Error::Line`] names the line and the fix, [`Error::NoPrimary`] a ring without one. Neither repeats the text.
    pub fn parse(text: &str) -> Result<Self> {
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#')
        });
        match lines.next() {
            Some((_, line)) if line.trim() == HEADER => {}
            first => return Err(fault(first.map_or(1, |(line, _)| line), LineFault::Header)),
        }
        let mut primary = None;
        let mut others = BTreeMap::new();
        for (number, line) in lines {
            let entry = Entry::parse(line).map_err(|wrong| fault(number, wrong))?;
            let known = |(id, _): &(KeyId, MasterKey)| *id == entry.id;
            if others.contains_key(&entry.id) || primary.as_ref().is_some_and(known) {
                return Err(fault(number, LineFault::Repeated));
            }
            match (entry.state, entry.key) {
                (KeyState::Primary, Some(_)) if primary.is_some() => {
                    return Err(fault(number, LineFault::SecondPrimary));
                }
                (KeyState::Primary, Some(key)) => primary = Some((entry.id, key)),
                (KeyState::Open, Some(key)) => {
                    others.insert(entry.id, Secondary::Open(key));
                }
                (KeyState::Retired, None) => {
                    others.insert(entry.id, Secondary::Retired);
                }
                _ => return Err(fault(number, LineFault::Words)),
            }
        }
        let primary = primary.ok_or(Error::NoPrimary)?;
        Ok(Self { primary, others })
    }

    /// The text form, wiped from memory when dropped. Comments of a file it was read from are not kept.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        // Room for everything, because growing would leave copies of keys behind.
        let room = INTRODUCTION.len() + HEADER.len() + 1 + self.states().count() * LINE;
        let mut text = Zeroizing::new(String::with_capacity(room));
        text.push_str(INTRODUCTION);
        text.push_str(HEADER);
        text.push('\n');
        for (id, state) in self.states() {
            text.push_str(&format!("{id} {state}"));
            if let Some(key) = self.material(id) {
                let mut encoded = [0; 43];
                encode(key.expose(), &mut encoded);
                text.push(' ');
                text.extend(encoded.iter().map(|byte| char::from(*byte)));
                encoded.zeroize();
            }
            text.push('\n');
        }
        text
    }
}

struct Entry {
    id: KeyId,
    state: KeyState,
    key: Option<MasterKey>,
}

impl Entry {
    fn parse(line: &str) -> Result<Self, LineFault> {
        let mut words = line.split_ascii_whitespace();
        let id = key_id(words.next().unwrap_or_default()).ok_or(LineFault::Id)?;
        let state = match words.next().ok_or(LineFault::Words)? {
            "primary" => KeyState::Primary,
            "open" => KeyState::Open,
            "retired" => KeyState::Retired,
            _ => return Err(LineFault::State),
        };
        let key = words.next().map(decode).transpose()?;
        if words.next().is_some() {
            return Err(LineFault::Words);
        }
        Ok(Self { id, state, key })
    }
}

/// One spelling for one id: digits without leading zeros, from 1.
fn key_id(word: &str) -> Option<KeyId> {
    let canonical = !word.starts_with('0') && word.bytes().all(|byte| byte.is_ascii_digit());
    canonical.then(|| word.parse().ok().map(KeyId::new))?
}

fn encode(key: &[u8; 32], output: &mut [u8; 43]) {
    // 32 bytes are 43 characters, so the only error there is cannot happen.
    let written = URL_SAFE_NO_PAD.encode_slice(key, output);
    debug_assert_eq!(written, Ok(43));
}

fn decode(word: &str) -> Result<MasterKey, LineFault> {
    // The decoder wants room for whole groups of three bytes.
    let mut bytes = Zeroizing::new([0; 33]);
    match URL_SAFE_NO_PAD.decode_slice(word, &mut *bytes) {
        Ok(32) => bytes
            .first_chunk()
            .map(MasterKey::from_bytes)
            .ok_or(LineFault::Key),
        _ => Err(LineFault::Key),
    }
}

fn fault(line: usize, fault: LineFault) -> Error {
    Error::Line { line, fault }
}

const HEADER: &str = "memberpass-telegram-keys v1";
const INTRODUCTION: &str = "\
# Master keys of MemberPass's Telegram connection layer. Whoever reads this file can open every bot token.
# Keep a copy apart from the database; without it the stored bot tokens are lost.
";
/// The longest line: id, state, key, two spaces, the end.
const LINE: usize = 10 + 7 + 43 + 3;
