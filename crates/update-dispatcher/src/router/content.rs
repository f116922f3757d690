//! The commonest things that updates hold, as arguments of a handler.

use std::future::ready;
use std::ops::Deref;
use std::sync::Arc;

use telegram_bot_api::types::{
    CallbackQuery, ChatJoinRequest, ChatMember, ChatMemberUpdated, InlineQuery, Message,
    PreCheckoutQuery, ShippingQuery, SuccessfulPayment, User,
};
use telegram_bot_api::{Update, UpdateContent};

use crate::router::extract::{FromIncoming, Rejection};
use crate::router::request::Request;

/// Makes an argument that shares the update and shows a part of it.
macro_rules! part {
    ($(#[$doc:meta])* $name:ident shows $part:ty, $find:expr) => {
        $(#[$doc])*
        // Invariant: `find` finds the part in this update.
        #[derive(Clone)]
        pub struct $name(Arc<Update>);

        impl $name {
            fn find(update: &Update) -> Option<&$part> {
                let find: fn(&Update) -> Option<&$part> = $find;
                find(update)
            }
        }

        impl Deref for $name {
            type Target = $part;

            fn deref(&self) -> &$part {
                Self::find(&self.0).expect("the part is there")
            }
        }

        impl<S> FromIncoming<S> for $name {
            fn from_incoming(
                request: &Request,
                _: &S,
            ) -> impl Future<Output = Result<Self, Rejection>> + Send {
                let update = &request.incoming.update;
                let found = Self::find(update).is_some();
                ready(found.then(|| Self(Arc::clone(update))).ok_or(Rejection::NotHere))
            }
        }
    };
}

part! {
    /// A new message of whatever sort: [Bot API: Message](https://core.telegram.org/bots/api#message).
    NewMessage shows Message, |update| match &update.content {
        UpdateContent::Message(message) => Some(message),
        _ => None,
    }
}

part! {
    /// A new message that is text.
    TextMessage shows Message, |update| {
        NewMessage::find(update).filter(|message| message.text.is_some())
    }
}

part! {
    /// A service message that says who came: groups have them, channels do not.
    NewMembers shows Message, |update| {
        let came = |message: &&Message| message.new_chat_members.as_ref().is_some_and(|users| !users.is_empty());
        NewMessage::find(update).filter(came)
    }
}

part! {
    /// A tap on a button: [Bot API: CallbackQuery](https://core.telegram.org/bots/api#callbackquery).
    Callback shows CallbackQuery, |update| match &update.content {
        UpdateContent::CallbackQuery(query) => Some(query),
        _ => None,
    }
}

part! {
    /// A change of somebody's membership, the bot's own included:
    /// [Bot API: ChatMemberUpdated](https://core.telegram.org/bots/api#chatmemberupdated).
    MemberChange shows ChatMemberUpdated, |update| match &update.content {
        UpdateContent::ChatMember(change) | UpdateContent::MyChatMember(change) => Some(change),
        _ => None,
    }
}

part! {
    /// A request to join a chat: [Bot API: ChatJoinRequest](https://core.telegram.org/bots/api#chatjoinrequest).
    JoinRequest shows ChatJoinRequest, |update| match &update.content {
        UpdateContent::ChatJoinRequest(request) => Some(request),
        _ => None,
    }
}

part! {
    /// The user who caused the update, with their name: [Bot API: User](https://core.telegram.org/bots/api#user).
    Author shows User, |update| author(&update.content)
}

part! {
    /// A question before a payment: [Bot API: PreCheckoutQuery](https://core.telegram.org/bots/api#precheckoutquery).
    PreCheckout shows PreCheckoutQuery, |update| match &update.content {
        UpdateContent::PreCheckoutQuery(question) => Some(question),
        _ => None,
    }
}

part! {
    /// A question about shipping: [Bot API: ShippingQuery](https://core.telegram.org/bots/api#shippingquery).
    Shipping shows ShippingQuery, |update| match &update.content {
        UpdateContent::ShippingQuery(question) => Some(question),
        _ => None,
    }
}

part! {
    /// A payment that was made: [Bot API: SuccessfulPayment](https://core.telegram.org/bots/api#successfulpayment).
    Payment shows SuccessfulPayment, |update| {
        NewMessage::find(update).and_then(|message| message.successful_payment.as_deref())
    }
}

part! {
    /// What somebody types behind the bot's name: [Bot API: InlineQuery](https://core.telegram.org/bots/api#inlinequery).
    Inline shows InlineQuery, |update| match &update.content {
        UpdateContent::InlineQuery(query) => Some(query),
        _ => None,
    }
}

impl TextMessage {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

impl NewMembers {
    /// Who came.
    #[must_use]
    pub fn users(&self) -> &[User] {
        self.new_chat_members.as_deref().unwrap_or_default()
    }
}

impl Callback {
    /// What the button carries; empty for a game's button.
    #[must_use]
    pub fn data(&self) -> &str {
        self.data.as_deref().unwrap_or_default()
    }
}

impl MemberChange {
    /// Whose membership changed, unless it became something that is newer than this library.
    #[must_use]
    pub fn member(&self) -> Option<&User> {
        user(&self.new_chat_member).or_else(|| user(&self.old_chat_member))
    }

    /// Whether it made them a member who was none.
    #[must_use]
    pub fn joined(&self) -> bool {
        !is_member(&self.old_chat_member) && is_member(&self.new_chat_member)
    }

    /// Whether it made them no member who was one, by their own will or another's.
    #[must_use]
    pub fn left(&self) -> bool {
        is_member(&self.old_chat_member) && !is_member(&self.new_chat_member)
    }
}

fn author(content: &UpdateContent) -> Option<&User> {
    Some(match content {
        UpdateContent::Message(message)
        | UpdateContent::EditedMessage(message)
        | UpdateContent::BusinessMessage(message)
        | UpdateContent::EditedBusinessMessage(message)
        | UpdateContent::GuestMessage(message) => message.from.as_ref()?,
        UpdateContent::MessageReaction(reaction) => reaction.user.as_ref()?,
        UpdateContent::InlineQuery(query) => &query.from,
        UpdateContent::ChosenInlineResult(result) => &result.from,
        UpdateContent::CallbackQuery(query) => &query.from,
        UpdateContent::ShippingQuery(query) => &query.from,
        UpdateContent::PreCheckoutQuery(query) => &query.from,
        UpdateContent::PurchasedPaidMedia(purchase) => &purchase.from,
        UpdateContent::PollAnswer(answer) => answer.user.as_ref()?,
        UpdateContent::MyChatMember(change) | UpdateContent::ChatMember(change) => &change.from,
        UpdateContent::ChatJoinRequest(request) => &request.from,
        _ => return None,
    })
}

fn user(member: &ChatMember) -> Option<&User> {
    Some(match member {
        ChatMember::Owner(member) => &member.user,
        ChatMember::Administrator(member) => &member.user,
        ChatMember::Member(member) => &member.user,
        ChatMember::Restricted(member) => &member.user,
        ChatMember::Left(member) => &member.user,
        ChatMember::Banned(member) => &member.user,
        _ => return None,
    })
}

fn is_member(member: &ChatMember) -> bool {
    match member {
        ChatMember::Owner(_) | ChatMember::Administrator(_) | ChatMember::Member(_) => true,
        ChatMember::Restricted(member) => member.is_member,
        _ => false,
    }
}
