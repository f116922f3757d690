//! Which updates a route is for.

use std::sync::Arc;

use telegram_bot_api::types::Message;
use telegram_bot_api::{UpdateContent, UpdateKind};

use crate::router::command::Command;
use crate::router::request::{Matched, Request};

/// Which texts a route is for ([`crate::Router::on_text_matching`]): a text or several, compared as a whole without regard to
/// case or to space around it, as the buttons of a keyboard send them; or a function that looks at the text.
pub trait TextPattern {
    /// Answers whether a text matches.
    fn into_predicate(self) -> impl Fn(&str) -> bool + Send + Sync + 'static;
}

pub(super) type Predicate<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;

pub(super) enum Filter {
    Any,
    /// A tap on a button whose data begin so.
    Callback(String),
    Command(String),
    Kind(UpdateKind),
    /// `/start` with a payload that begins so.
    Link(String),
    Message(Predicate<Message>),
    NewMembers,
    Payment,
    Text,
    TextMatching(Predicate<str>),
}

impl Filter {
    pub(super) fn matches(&self, request: &Request) -> bool {
        let content = &request.incoming.update.content;
        let message = match content {
            UpdateContent::Message(message) => Some(&**message),
            _ => None,
        };
        match self {
            Self::Any => true,
            Self::Callback(prefix) => matches!(content, UpdateContent::CallbackQuery(query)
                if query.data.as_deref().unwrap_or_default().starts_with(prefix)),
            Self::Command(name) => {
                let command = request.command.as_ref();
                command.is_some_and(|command| command.name == *name)
            }
            Self::Kind(kind) => *kind == request.incoming.kind,
            Self::Link(prefix) => request
                .payload()
                .is_some_and(|payload| payload.starts_with(prefix)),
            Self::Message(predicate) => message.is_some_and(|message| predicate(message)),
            Self::NewMembers => message
                .and_then(|message| message.new_chat_members.as_ref())
                .is_some_and(|users| !users.is_empty()),
            Self::Payment => message.is_some_and(|message| message.successful_payment.is_some()),
            Self::Text => message.and_then(plain_text).is_some(),
            Self::TextMatching(predicate) => message
                .and_then(plain_text)
                .is_some_and(|text| predicate(text)),
        }
    }

    /// The kind of update that it is for; none of its own where it takes what is there.
    pub(super) fn kind(&self) -> Option<UpdateKind> {
        match self {
            Self::Any => None,
            Self::Callback(_) => Some(UpdateKind::CallbackQuery),
            Self::Kind(kind) => Some(kind.clone()),
            Self::Command(_)
            | Self::Link(_)
            | Self::Message(_)
            | Self::NewMembers
            | Self::Payment
            | Self::Text
            | Self::TextMatching(_) => Some(UpdateKind::Message),
        }
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Any => "fallback".to_owned(),
            Self::Callback(prefix) => format!("callback {prefix}"),
            Self::Command(name) => format!("/{name}"),
            Self::Kind(kind) => kind.as_str().to_owned(),
            Self::Link(prefix) => format!("link {prefix}"),
            Self::Message(_) => "message".to_owned(),
            Self::NewMembers => "new_members".to_owned(),
            Self::Payment => "payment".to_owned(),
            Self::Text | Self::TextMatching(_) => "text".to_owned(),
        }
    }

    pub(super) fn matched(&self) -> Matched {
        match self {
            Self::Callback(prefix) => Matched::Data(prefix.len()),
            Self::Command(_) => Matched::Command,
            Self::Link(prefix) => Matched::Payload(prefix.len()),
            _ => Matched::Other,
        }
    }
}

impl TextPattern for &str {
    fn into_predicate(self) -> impl Fn(&str) -> bool + Send + Sync + 'static {
        let wanted = folded(self);
        move |text: &str| folded(text) == wanted
    }
}

impl<const N: usize> TextPattern for [&str; N] {
    fn into_predicate(self) -> impl Fn(&str) -> bool + Send + Sync + 'static {
        let wanted = self.map(folded);
        move |text: &str| wanted.contains(&folded(text))
    }
}

impl<F: Fn(&str) -> bool + Send + Sync + 'static> TextPattern for F {
    fn into_predicate(self) -> impl Fn(&str) -> bool + Send + Sync + 'static {
        self
    }
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A command is no plain text, not even another bot's.
fn plain_text(message: &Message) -> Option<&str> {
    let text = message.text.as_deref();
    text.filter(|text| Command::read(text).is_none())
}
