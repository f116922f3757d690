//! What must be known of an update before it is stored: read from the body of a webhook request
//! without building a tree of it.

mod probe;

use crate::envelope::probe::{Found, probe};
use crate::generated::update_kinds::UpdateKind;
use crate::ids::{ChatId, UpdateId, UserId};
use crate::json::{NotJson, Number, Scan};

/// The facts about an update that decide where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// The update's number.
    pub update_id: UpdateId,
    /// What it is about.
    pub kind: UpdateKind,
    /// The chat that it belongs to, if it names one.
    pub chat: Option<ChatId>,
    /// The user who caused it, if it names one. Never a chat that speaks for itself.
    pub user: Option<UserId>,
    /// When it happened, in seconds since 1970, if it says so.
    pub date: Option<i64>,
}

/// Why the body of a webhook request is not an update: in words that may be logged, where and not what stands there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeFault {
    /// It is not text.
    #[error("the update is not UTF-8 beyond byte {}", .0.valid_up_to())]
    NotUtf8(#[source] std::str::Utf8Error),
    /// It is not JSON.
    #[error("the update is not JSON beyond byte {at}")]
    NotJson {
        /// How many bytes of it are right.
        at: usize,
    },
    /// It is JSON, but not an object.
    #[error("the update is not a JSON object")]
    NotAnObject,
    /// It has no `update_id`.
    #[error("the update has no update_id")]
    NoUpdateId,
    /// Its `update_id` is something else than an integer.
    #[error("the update's update_id is not an integer")]
    UpdateIdNotAnInteger,
    /// Its `update_id` is negative, or too big for 63 bits.
    #[error("the update's update_id is out of range")]
    UpdateIdOutOfRange,
    /// It has no key beside `update_id`.
    #[error("the update has nothing but an update_id")]
    NoContent,
}

impl Envelope {
    /// Reads the facts from the body of a webhook request.
    ///
    /// An id that has another type than it should counts as absent, and unknown kinds are read where most kinds
    /// have their ids: what Telegram sends tomorrow is still told apart. Where a key comes twice the last one counts.
    ///
    /// # Errors
    ///
    /// When the body is not a JSON object with an `update_id` and one other key.
    pub fn read(body: &[u8]) -> Result<Self, EnvelopeFault> {
        let text = std::str::from_utf8(body).map_err(EnvelopeFault::NotUtf8)?;
        let parts = Parts::read(&mut Scan::new(text));
        let parts = parts.map_err(|NotJson { at }| EnvelopeFault::NotJson { at })?;
        parts.ok_or(EnvelopeFault::NotAnObject)?.check()
    }
}

/// What was found so far.
#[derive(Default)]
struct Parts {
    update_id: Option<Number>,
    content: Option<Content>,
}

struct Content {
    kind: UpdateKind,
    found: Found,
}

impl Parts {
    /// None when the text is JSON, but no object.
    fn read(scan: &mut Scan<'_>) -> Result<Option<Self>, NotJson> {
        let mut parts = Self::default();
        let object = scan.object(|scan, key| {
            if key == "update_id" {
                parts.update_id = Some(scan.number()?);
                return Ok(());
            }
            let kind = UpdateKind::from(key);
            if !parts.takes(&kind) {
                return scan.skip();
            }
            let mut found = Found::default();
            probe(scan, kind.paths(), &mut found)?;
            parts.content = Some(Content { kind, found });
            Ok(())
        })?;
        scan.end()?;
        Ok(object.then_some(parts))
    }

    fn check(self) -> Result<Envelope, EnvelopeFault> {
        let update_id = match self.update_id {
            Some(Number::Integer(number)) if number >= 0 => UpdateId(number),
            Some(Number::Integer(_) | Number::TooBig) => {
                return Err(EnvelopeFault::UpdateIdOutOfRange);
            }
            Some(Number::Not) => return Err(EnvelopeFault::UpdateIdNotAnInteger),
            None => return Err(EnvelopeFault::NoUpdateId),
        };
        let Content { kind, found } = self.content.ok_or(EnvelopeFault::NoContent)?;
        let paths = kind.paths();
        let chat = found.chat(paths).map(ChatId);
        let user = found.user(paths).map(UserId);
        let date = found.date(paths);
        Ok(Envelope {
            update_id,
            kind,
            chat,
            user,
            date,
        })
    }

    fn takes(&self, kind: &UpdateKind) -> bool {
        let before = self.content.as_ref();
        before.is_none_or(|before| kind.precedes(&before.kind))
    }
}
