use std::str::FromStr;

/// A change of a connection that is under way, as its record names it. Whatever is named there is finished or undone
/// after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Connect,
    Reconnect,
    Repair,
    Rotate,
    /// Nobody asked for it: it replaces nobody else's webhook.
    Renew,
    Disconnect,
}

/// How far it came. Each step may be done again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The record says what is about to be done.
    Begun,
    /// Telegram took the webhook. From here on whatever else it shows is somebody else's doing.
    Told,
    /// It is done; after a failure for good the step stays where it was.
    Confirmed,
}

impl Operation {
    pub(crate) const ALL: [Self; 6] = [
        Self::Connect,
        Self::Reconnect,
        Self::Repair,
        Self::Rotate,
        Self::Renew,
        Self::Disconnect,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Reconnect => "reconnect",
            Self::Repair => "repair",
            Self::Rotate => "rotate",
            Self::Renew => "renew",
            Self::Disconnect => "disconnect",
        }
    }

    /// Nothing worked before it: the record is one of a bot that is being connected.
    pub(crate) const fn begins_from_nothing(self) -> bool {
        matches!(self, Self::Connect | Self::Reconnect)
    }
}

impl FromStr for Operation {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.as_str() == text)
            .ok_or(())
    }
}

impl Step {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Told => "told",
            Self::Confirmed => "confirmed",
        }
    }
}
