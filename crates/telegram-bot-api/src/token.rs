//! The bot token: checked where it enters, shown to nobody, compared in constant time.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The longest token that the Bot API server looks at, in bytes.
const MAX_TOKEN_BYTES: usize = 80;
/// The shortest secret that the Bot API server looks at, in characters.
const MIN_SECRET_CHARACTERS: usize = 24;
/// The length of every secret seen in the wild, in characters.
const USUAL_SECRET_CHARACTERS: usize = 35;
const MAX_BOT_USER_ID: i64 = (1 << 54) - 1;

/// A bot token: the bot's user id, a colon, a secret. A secret itself: `Debug` prints its name alone, comparison takes
/// the same time wherever two tokens differ, and the memory is wiped when the last clone goes.
///
/// Parsing drops white space around the token and makes the checks that the Bot API server makes before it asks
/// anybody (docs/TELEGRAM.md: Tokens), so a token that parses may still be refused.
#[derive(Clone)]
pub struct BotToken {
    secret: Arc<SecretString>,
    bot_user_id: i64,
}

impl BotToken {
    /// The number before the colon: the bot's own user id.
    #[must_use]
    pub fn bot_user_id(&self) -> i64 {
        self.bot_user_id
    }

    /// The token in clear. For the last line before the wire, and for sealing.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Why this token, well-formed as it is, was probably mistyped; `None` when nothing looks odd.
    #[must_use]
    pub fn warning(&self) -> Option<TokenWarning> {
        let (_, secret) = self.expose().split_once(':')?;
        // 35 characters of base64url are 26 bytes and 2 bits over, and those two must be zero.
        (secret.len() == USUAL_SECRET_CHARACTERS && !secret.ends_with(ends_26_bytes))
            .then_some(TokenWarning::UnlikelyLastCharacter)
    }
}

impl FromStr for BotToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let bot_user_id = check(text).map_err(|reason| InvalidToken { reason })?;
        Ok(Self {
            secret: Arc::new(SecretString::from(text)),
            bot_user_id,
        })
    }
}

impl fmt::Debug for BotToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BotToken(redacted)")
    }
}

impl PartialEq for BotToken {
    fn eq(&self, other: &Self) -> bool {
        self.expose()
            .as_bytes()
            .ct_eq(other.expose().as_bytes())
            .into()
    }
}

impl Eq for BotToken {}

/// Text that no Bot API server would take for a token. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a bot token: {reason}")]
pub struct InvalidToken {
    /// What is wrong with it.
    pub reason: TokenFault,
}

/// What keeps a text from being a bot token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFault {
    /// There is no text.
    #[error("it is empty")]
    Empty,
    /// It is longer than 80 characters.
    #[error("it is longer than the 80 characters that a token may have")]
    TooLong,
    /// It has a slash, as a copied address would.
    #[error("it contains a slash, which no token does")]
    Slash,
    /// It has no colon.
    #[error("it has no colon between the bot's number and the secret")]
    NoColon,
    /// The number begins with 0.
    #[error("the number before the colon begins with 0")]
    LeadingZero,
    /// What stands before the colon is not a number.
    #[error("what stands before the colon is not a plain number")]
    IdNotANumber,
    /// The number is no user id.
    #[error("the number before the colon is not one that a bot can have")]
    IdOutOfRange,
    /// The secret has fewer than 24 characters.
    #[error("the part after the colon is too short; it may have been cut off when it was copied")]
    SecretTooShort,
    /// The secret has a character outside `A-Z a-z 0-9 - _`.
    #[error("the part after the colon has characters other than letters, digits, '-' and '_'")]
    SecretNotBase64Url,
    /// No base64url text has the secret's length.
    #[error(
        "the part after the colon has a length that no token's has; a character is missing or too many"
    )]
    SecretLength,
}

/// Why a well-formed token was probably mistyped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenWarning {
    /// The secret has the usual 35 characters and ends in one that no such secret can end in.
    UnlikelyLastCharacter,
}

impl fmt::Display for TokenWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnlikelyLastCharacter => {
                "the token's last character is one that no genuine token ends in; it was probably mistyped"
            }
        })
    }
}

fn check(text: &str) -> Result<i64, TokenFault> {
    if text.is_empty() {
        return Err(TokenFault::Empty);
    }
    if text.len() > MAX_TOKEN_BYTES {
        return Err(TokenFault::TooLong);
    }
    if text.contains('/') {
        return Err(TokenFault::Slash);
    }
    let (id, secret) = text.split_once(':').ok_or(TokenFault::NoColon)?;
    let id = check_id(id)?;
    check_secret(secret)?;
    Ok(id)
}

fn check_id(id: &str) -> Result<i64, TokenFault> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TokenFault::IdNotANumber);
    }
    if id.starts_with('0') {
        return Err(TokenFault::LeadingZero);
    }
    // Digits alone: what does not fit an i64 is too large.
    id.parse()
        .ok()
        .filter(|id| (1..=MAX_BOT_USER_ID).contains(id))
        .ok_or(TokenFault::IdOutOfRange)
}

fn check_secret(secret: &str) -> Result<(), TokenFault> {
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !secret.bytes().all(base64url) {
        return Err(TokenFault::SecretNotBase64Url);
    }
    if secret.len() < MIN_SECRET_CHARACTERS {
        return Err(TokenFault::SecretTooShort);
    }
    // One character over a multiple of four holds six bits, which are no byte.
    if secret.len() % 4 == 1 {
        return Err(TokenFault::SecretLength);
    }
    Ok(())
}

fn ends_26_bytes(last: char) -> bool {
    "AEIMQUYcgkosw048".contains(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw4";

    fn fault(text: &str) -> TokenFault {
        text.parse::<BotToken>().unwrap_err().reason
    }

    #[test]
    fn a_token_is_read_with_white_space_around_it() {
        let token: BotToken = format!(" \n110201543:{SECRET}\t").parse().unwrap();
        assert_eq!(token.bot_user_id(), 110_201_543);
        assert_eq!(token.expose(), format!("110201543:{SECRET}"));
        assert_eq!(token.warning(), None);
        assert_eq!(
            token,
            format!("110201543:{SECRET}").parse::<BotToken>().unwrap()
        );
        assert_ne!(
            token,
            format!("110201544:{SECRET}").parse::<BotToken>().unwrap()
        );
    }

    #[test]
    fn each_fault_has_its_reason() {
        let largest = format!("{MAX_BOT_USER_ID}:{SECRET}");
        assert!(largest.parse::<BotToken>().is_ok());
        for (text, expected) in [
            ("", TokenFault::Empty),
            (" \n", TokenFault::Empty),
            (&format!("1:{}", "A".repeat(79)), TokenFault::TooLong),
            ("https://t.me/x", TokenFault::Slash),
            ("110201543", TokenFault::NoColon),
            (&format!("0110201543:{SECRET}"), TokenFault::LeadingZero),
            (&format!("0:{SECRET}"), TokenFault::LeadingZero),
            (&format!(":{SECRET}"), TokenFault::IdNotANumber),
            (&format!("+1:{SECRET}"), TokenFault::IdNotANumber),
            (&format!("bot1:{SECRET}"), TokenFault::IdNotANumber),
            (
                &format!("{}:{SECRET}", 1_i64 << 54),
                TokenFault::IdOutOfRange,
            ),
            (
                &format!("99999999999999999999:{SECRET}"),
                TokenFault::IdOutOfRange,
            ),
            ("1:", TokenFault::SecretTooShort),
            ("1:AAHdqTcvCH1vGWJxfSeofSA", TokenFault::SecretTooShort),
            (
                "1:AAHdqTcvCH1vGWJx SeofSAs0K5",
                TokenFault::SecretNotBase64Url,
            ),
            (
                "1:AAHdqTcvCH1vGWJx:SeofSAs0K5",
                TokenFault::SecretNotBase64Url,
            ),
            (
                "1:AAHdqTcvCH1vGWJxfSeofSAs0K5PÄ",
                TokenFault::SecretNotBase64Url,
            ),
            ("1:AAHdqTcvCH1vGWJxfSeofSAs0", TokenFault::SecretLength),
        ] {
            assert_eq!(fault(text), expected, "{text:?}");
        }
    }

    #[test]
    fn nothing_that_is_printed_repeats_the_token() {
        let token: BotToken = format!("110201543:{SECRET}").parse().unwrap();
        assert_eq!(format!("{token:?}"), "BotToken(redacted)");
        let refused = format!("x110201543:{SECRET}")
            .parse::<BotToken>()
            .unwrap_err();
        for text in [refused.to_string(), format!("{refused:?}")] {
            assert!(
                !text.contains(SECRET) && !text.contains("110201543"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_last_letter_that_no_secret_ends_in_is_worth_a_warning() {
        let endings = ('A'..='Z')
            .chain('a'..='z')
            .chain('0'..='9')
            .chain("-_".chars());
        let likely = endings.filter(|last| {
            let token = format!("1:{}{last}", "A".repeat(34));
            token.parse::<BotToken>().unwrap().warning().is_none()
        });
        assert_eq!(likely.collect::<String>(), "AEIMQUYcgkosw048");
        let shorter = format!("1:{}B", "A".repeat(33));
        assert_eq!(shorter.parse::<BotToken>().unwrap().warning(), None);
    }
}
