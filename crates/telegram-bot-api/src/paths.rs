//! Where an update of a kind names its chat, user and date.

/// Names of fields, from the value of the update's one other key downwards.
pub(crate) type Path = &'static [&'static str];

/// For each thing sought, the places where it may stand; the first that is there counts.
#[derive(Debug)]
pub(crate) struct Paths {
    pub(crate) chat: &'static [Path],
    pub(crate) user: &'static [Path],
    pub(crate) date: &'static [Path],
}

impl Paths {
    /// For kinds that are newer than this library: where most kinds have them.
    pub(crate) const COMMON: Self = Self {
        chat: &[&["chat", "id"], &["message", "chat", "id"]],
        user: &[&["from", "id"], &["user", "id"]],
        date: &[&["date"]],
    };

    /// Every path: the chat's, then the user's, then the date's.
    pub(crate) fn all(&self) -> impl Iterator<Item = Path> {
        self.chat.iter().chain(self.user).chain(self.date).copied()
    }
}
