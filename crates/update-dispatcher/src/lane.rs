//! What must stay in order.

use std::fmt;
use std::str::FromStr;

use ids::ConnectionId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use telegram_bot_api::{ChatId, Envelope, UpdateKind, UserId};

/// A queue of one connection whose updates are handled one after the other, in the order of acknowledgement.
///
/// Written `chat:-1001`, `user:42`, `pre_checkout:42`, `shipping:42` or `kind:poll`; [`Lane::from_str`] reads that again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Lane {
    /// Updates that name a chat.
    Chat(ChatId),
    /// Updates that name a user and no chat. A user's number is also that of the private chat with them, and
    /// still this is another lane.
    User(UserId),
    /// Questions before a payment: they must be answered within 10 s, so they wait for nothing else of that user.
    PreCheckout(UserId),
    /// Questions about shipping: as before a payment.
    Shipping(UserId),
    /// Updates that name neither, such as polls.
    Kind(UpdateKind),
}

/// Text that is not a lane. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not a lane: it is written chat:, user:, pre_checkout: or shipping: and a number, or kind: and a name"
)]
pub struct InvalidLane;

/// A lane of one connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LaneKey {
    /// Whose lane it is.
    pub connection: ConnectionId,
    /// Which of its lanes.
    pub lane: Lane,
}

impl Lane {
    /// The lane that an update belongs to.
    #[must_use]
    pub fn of(envelope: &Envelope) -> Self {
        Self::from_facts(&envelope.kind, envelope.chat, envelope.user)
    }

    /// The lane of an update of this kind that names this chat and this user.
    #[must_use]
    pub fn from_facts(kind: &UpdateKind, chat: Option<ChatId>, user: Option<UserId>) -> Self {
        match (kind, chat, user) {
            (UpdateKind::PreCheckoutQuery, _, Some(user)) => Self::PreCheckout(user),
            (UpdateKind::ShippingQuery, _, Some(user)) => Self::Shipping(user),
            (_, Some(chat), _) => Self::Chat(chat),
            (_, None, Some(user)) => Self::User(user),
            (kind, None, None) => Self::Kind(kind.clone()),
        }
    }
}

impl LaneKey {
    /// The lane of this connection.
    #[must_use]
    pub const fn new(connection: ConnectionId, lane: Lane) -> Self {
        Self { connection, lane }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chat(chat) => write!(f, "chat:{chat}"),
            Self::User(user) => write!(f, "user:{user}"),
            Self::PreCheckout(user) => write!(f, "pre_checkout:{user}"),
            Self::Shipping(user) => write!(f, "shipping:{user}"),
            Self::Kind(kind) => write!(f, "kind:{}", kind.as_str()),
        }
    }
}

impl FromStr for Lane {
    type Err = InvalidLane;

    fn from_str(text: &str) -> Result<Self, InvalidLane> {
        let (what, which) = text.split_once(':').ok_or(InvalidLane)?;
        let number = || which.parse().map_err(|_| InvalidLane);
        Ok(match what {
            "chat" => Self::Chat(ChatId(number()?)),
            "user" => Self::User(UserId(number()?)),
            "pre_checkout" => Self::PreCheckout(UserId(number()?)),
            "shipping" => Self::Shipping(UserId(number()?)),
            "kind" if !which.is_empty() => Self::Kind(UpdateKind::from(which)),
            _ => return Err(InvalidLane),
        })
    }
}

impl Serialize for Lane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lane {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for LaneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.connection, self.lane)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: ChatId = ChatId(7);
    const USER: UserId = UserId(7);

    #[test]
    fn every_kind_has_the_lane_of_its_chat_then_of_its_user_then_of_itself() {
        for kind in UpdateKind::ALL
            .into_iter()
            .chain([UpdateKind::from("brand_new")])
        {
            let lane = |chat, user| Lane::from_facts(&kind, chat, user);
            let (of_both, of_user) = match kind {
                UpdateKind::PreCheckoutQuery => (Lane::PreCheckout(USER), Lane::PreCheckout(USER)),
                UpdateKind::ShippingQuery => (Lane::Shipping(USER), Lane::Shipping(USER)),
                _ => (Lane::Chat(CHAT), Lane::User(USER)),
            };
            assert_eq!(lane(Some(CHAT), Some(USER)), of_both, "{kind}");
            assert_eq!(lane(None, Some(USER)), of_user, "{kind}");
            assert_eq!(lane(Some(CHAT), None), Lane::Chat(CHAT), "{kind}");
            assert_eq!(lane(None, None), Lane::Kind(kind.clone()), "{kind}");
        }
    }

    #[test]
    fn a_lane_is_read_from_the_body_of_an_update() {
        let lane = |body: &str| Lane::of(&Envelope::read(body.as_bytes()).unwrap()).to_string();
        let message = r#"{"update_id":1,"message":{"from":{"id":7},"chat":{"id":-100},"date":1}}"#;
        assert_eq!(lane(message), "chat:-100");
        assert_eq!(
            lane(r#"{"update_id":1,"inline_query":{"from":{"id":7}}}"#),
            "user:7"
        );
        assert_eq!(
            lane(r#"{"update_id":1,"pre_checkout_query":{"from":{"id":7}}}"#),
            "pre_checkout:7"
        );
        assert_eq!(
            lane(r#"{"update_id":1,"shipping_query":{"from":{"id":7}}}"#),
            "shipping:7"
        );
        assert_eq!(lane(r#"{"update_id":1,"poll":{"id":"5"}}"#), "kind:poll");
        assert_eq!(lane(r#"{"update_id":1,"brand_new":{}}"#), "kind:brand_new");
    }

    #[test]
    fn a_lane_is_read_as_it_is_written() {
        let lanes = [
            Lane::Chat(ChatId(-1_001)),
            Lane::User(USER),
            Lane::PreCheckout(USER),
            Lane::Shipping(USER),
            Lane::Kind(UpdateKind::Poll),
            Lane::Kind(UpdateKind::from("brand:new")),
        ];
        for lane in lanes {
            assert_eq!(lane.to_string().parse(), Ok(lane.clone()));
            let json = serde_json::to_string(&lane).unwrap();
            assert_eq!(serde_json::from_str::<Lane>(&json).unwrap(), lane);
        }
        for not_one in [
            "",
            "chat",
            "chat:",
            "chat:x",
            "user:9223372036854775808",
            "kind:",
            "bot:1",
        ] {
            assert_eq!(not_one.parse::<Lane>(), Err(InvalidLane), "{not_one}");
        }
    }
}
