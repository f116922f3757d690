//! The routes that a router can have.

use std::sync::Arc;

use telegram_bot_api::UpdateKind;
use telegram_bot_api::types::Message;

use super::Router;
use super::filter::{Filter, TextPattern};
use super::handler::Handler;

impl<S: Clone + Send + Sync + 'static> Router<S> {
    /// For a command in a message: `start` for `/start`, `/start@ThisBot` and `/start` with a payload, in upper or lower
    /// case. A payload that carries a command of another route ([`crate::router::Command`]) goes there instead.
    #[must_use]
    pub fn on_command<M: 'static>(self, name: &str, handler: impl Handler<M, S>) -> Self {
        let name = name.trim_start_matches('/').to_ascii_lowercase();
        self.on(Filter::Command(name), handler)
    }

    /// For `/start` from a link whose payload begins with this; with an empty prefix, from any link. Such a route stands
    /// before that of `/start` itself.
    #[must_use]
    pub fn on_link<M: 'static>(self, prefix: &str, handler: impl Handler<M, S>) -> Self {
        self.on(Filter::Link(prefix.to_owned()), handler)
    }

    /// For a tap on a button whose data begin with this; with an empty prefix, for any tap.
    #[must_use]
    pub fn on_callback<M: 'static>(self, prefix: &str, handler: impl Handler<M, S>) -> Self {
        self.on(Filter::Callback(prefix.to_owned()), handler)
    }

    /// For a message that is text and not a command.
    #[must_use]
    pub fn on_text<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on(Filter::Text, handler)
    }

    /// For a message whose text matches, and that is not a command: `"Back"`, `["Yes", "OK"]`, or
    /// `|text: &str| text.ends_with('?')`.
    #[must_use]
    pub fn on_text_matching<M: 'static>(
        self,
        pattern: impl TextPattern,
        handler: impl Handler<M, S>,
    ) -> Self {
        self.on(
            Filter::TextMatching(Arc::new(pattern.into_predicate())),
            handler,
        )
    }

    /// For a new message of which this holds: `|message| message.photo.is_some()`.
    #[must_use]
    pub fn on_message_where<M: 'static>(
        self,
        holds: impl Fn(&Message) -> bool + Send + Sync + 'static,
        handler: impl Handler<M, S>,
    ) -> Self {
        self.on(Filter::Message(Arc::new(holds)), handler)
    }

    /// For a change of somebody else's membership (`chat_member`, which the bot must be an administrator to see).
    #[must_use]
    pub fn on_member<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on_kind(UpdateKind::ChatMember, handler)
    }

    /// For a change of the bot's own membership: added, promoted, thrown out, or blocked by a user.
    #[must_use]
    pub fn on_own_member<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on_kind(UpdateKind::MyChatMember, handler)
    }

    /// For a group's service message that somebody came.
    #[must_use]
    pub fn on_new_members<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on(Filter::NewMembers, handler)
    }

    /// For a request to join a chat.
    #[must_use]
    pub fn on_join_request<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on_kind(UpdateKind::ChatJoinRequest, handler)
    }

    /// For what somebody types behind the bot's name.
    #[must_use]
    pub fn on_inline_query<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on_kind(UpdateKind::InlineQuery, handler)
    }

    /// For the question before a payment. Telegram waits 10 s for the answer.
    #[must_use]
    pub fn on_pre_checkout<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on_kind(UpdateKind::PreCheckoutQuery, handler)
    }

    /// For the question about shipping. Telegram waits 10 s for the answer.
    #[must_use]
    pub fn on_shipping<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on_kind(UpdateKind::ShippingQuery, handler)
    }

    /// For the message that a payment was made.
    #[must_use]
    pub fn on_payment<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on(Filter::Payment, handler)
    }

    /// For any update of a kind.
    #[must_use]
    pub fn on_kind<M: 'static>(self, kind: UpdateKind, handler: impl Handler<M, S>) -> Self {
        self.on(Filter::Kind(kind), handler)
    }
}
