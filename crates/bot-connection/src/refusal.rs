//! What Telegram refuses, as something that a service can act on and a person can read.
//!
//! Of most refusals only the words say which it is; they are the server's own, and are read here and nowhere else
//! (docs/TELEGRAM.md: Refusals). Words that nobody knows are kept, cleaned of secrets.

/// Why Telegram does not answer for a bot, though its token may be good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BotRefusal {
    /// Telegram has frozen the bot, or its owner's account.
    Frozen,
    /// Somebody called `logOut` with its token, to move it to another Bot API server.
    LoggedOut,
    /// The Bot API server itself, one of somebody's own, is not allowed to use Telegram.
    ServerMisconfigured,
    /// Words that are not known here.
    Other,
}

/// Why Telegram does not take a webhook. The bot has none afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WebhookRefusal {
    /// The address to connect to is none.
    AddressNotValid,
    /// The name leads to an address that is not public.
    AddressReserved,
    /// The certificate that goes with the webhook is none, or too long.
    CertificateNotValid,
    /// The name has letters that no name may have.
    NameNotValid,
    /// The name leads nowhere, as far as Telegram can see.
    NameNotResolved,
    /// The name has no IPv4 address.
    NoIpv4Address,
    /// The address does not begin with `https://`.
    NotHttps,
    /// The port is not one of 443, 80, 88 and 8443.
    PortNotAllowed,
    /// The secret token is too long, or has letters that it may not have: a fault of ours.
    SecretTokenNotValid,
    /// The address cannot be read.
    UrlNotValid,
    /// Words that are not known here.
    Other,
}

impl BotRefusal {
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::Frozen,
        Self::LoggedOut,
        Self::ServerMisconfigured,
        Self::Other,
    ];

    /// Which it is, for machines; it never changes.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Frozen => "BOT_FROZEN",
            Self::LoggedOut => "BOT_LOGGED_OUT",
            Self::ServerMisconfigured => "BOT_API_SERVER_MISCONFIGURED",
            Self::Other => "TELEGRAM_REFUSED",
        }
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Frozen => "Telegram has frozen this bot or the account that owns it.",
            Self::LoggedOut => "This bot was logged out, to be moved to another Bot API server.",
            Self::ServerMisconfigured => {
                "The Bot API server that this server uses is not allowed to use Telegram."
            }
            Self::Other => "Telegram refuses to answer for this bot.",
        }
    }

    /// What mends it, in one sentence.
    #[must_use]
    pub const fn fix(self) -> &'static str {
        match self {
            Self::Frozen => {
                "Open Telegram with the owner's account and appeal there, or connect another bot."
            }
            Self::LoggedOut => {
                "Log it out of that other server, wait ten minutes, and connect it again."
            }
            Self::ServerMisconfigured => {
                "Whoever runs the Bot API server has to give it a valid api-id and api-hash."
            }
            Self::Other => {
                "Read what Telegram says, mend what it names, and connect the bot again."
            }
        }
    }

    /// Reads Telegram's words, whatever the method; nothing when they are not about the bot as a whole.
    pub(crate) fn of(description: &str) -> Option<Self> {
        let says = |words: &str| description.contains(words);
        if says("FROZEN_") {
            Some(Self::Frozen)
        } else if says("Logged out") {
            Some(Self::LoggedOut)
        } else if says("invalid api-id/api-hash") {
            Some(Self::ServerMisconfigured)
        } else {
            None
        }
    }
}

impl WebhookRefusal {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::AddressNotValid,
        Self::AddressReserved,
        Self::CertificateNotValid,
        Self::NameNotValid,
        Self::NameNotResolved,
        Self::NoIpv4Address,
        Self::NotHttps,
        Self::PortNotAllowed,
        Self::SecretTokenNotValid,
        Self::UrlNotValid,
        Self::Other,
    ];

    /// Which it is, for machines; it never changes.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AddressNotValid => "WEBHOOK_ADDRESS_NOT_VALID",
            Self::AddressReserved => "WEBHOOK_ADDRESS_RESERVED",
            Self::CertificateNotValid => "WEBHOOK_CERTIFICATE_NOT_VALID",
            Self::NameNotValid => "WEBHOOK_NAME_NOT_VALID",
            Self::NameNotResolved => "WEBHOOK_NAME_NOT_RESOLVED",
            Self::NoIpv4Address => "WEBHOOK_NO_IPV4_ADDRESS",
            Self::NotHttps => "WEBHOOK_NOT_HTTPS",
            Self::PortNotAllowed => "WEBHOOK_PORT_NOT_ALLOWED",
            Self::SecretTokenNotValid => "WEBHOOK_SECRET_TOKEN_NOT_VALID",
            Self::UrlNotValid => "WEBHOOK_URL_NOT_VALID",
            Self::Other => "WEBHOOK_REFUSED",
        }
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::AddressNotValid => "Telegram was told an IP address that is none.",
            Self::AddressReserved => {
                "The name of the public URL leads Telegram to an address that is not public."
            }
            Self::CertificateNotValid => {
                "Telegram cannot read the certificate that was sent with the webhook."
            }
            Self::NameNotValid => {
                "The name of the public URL has letters that Telegram cannot turn into a domain name."
            }
            Self::NameNotResolved => "Telegram cannot find the name of the public URL.",
            Self::NoIpv4Address => {
                "The name of the public URL has IPv6 addresses alone, and Telegram uses IPv4."
            }
            Self::NotHttps => "The public URL does not begin with https://.",
            Self::PortNotAllowed => {
                "The port of the public URL is not one that Telegram sends to: 443, 80, 88 or 8443."
            }
            Self::SecretTokenNotValid => "Telegram does not take the webhook's secret token.",
            Self::UrlNotValid => "Telegram cannot read the public URL.",
            Self::Other => "Telegram does not take the webhook.",
        }
    }

    /// What mends it, in one sentence.
    #[must_use]
    pub const fn fix(self) -> &'static str {
        match self {
            Self::AddressNotValid | Self::CertificateNotValid | Self::SecretTokenNotValid => {
                "This is a fault of the server: report it with what Telegram says."
            }
            Self::AddressReserved => {
                "Let the name's A record hold this server's public IPv4 address."
            }
            Self::NameNotValid => "Write the name in its ASCII form, which begins with xn--.",
            Self::NameNotResolved => {
                "Give the name an A record; Telegram looks again some five minutes after a failure."
            }
            Self::NoIpv4Address => "Give the name an A record beside its AAAA records.",
            Self::NotHttps => "Start the server with a --public-url that begins with https://.",
            Self::PortNotAllowed => {
                "Start the server with a --public-url on one of these ports, or with none in it."
            }
            Self::UrlNotValid => "Start the server with a --public-url such as https://your.name.",
            Self::Other => {
                "Read what Telegram says, mend what it names, and connect the bot again."
            }
        }
    }

    /// Reads Telegram's words about a webhook.
    pub(crate) fn of(description: &str) -> Self {
        WORDS
            .iter()
            .find(|(words, _)| description.contains(words))
            .map_or(Self::Other, |(_, refusal)| *refusal)
    }
}

/// What Telegram says, and what it means.
const WORDS: [(&str, WebhookRefusal); 12] = {
    use WebhookRefusal as R;
    [
        ("invalid webhook URL specified", R::UrlNotValid),
        ("secret token is too long", R::SecretTokenNotValid),
        (
            "secret token contains unallowed characters",
            R::SecretTokenNotValid,
        ),
        ("certificate size is too big", R::CertificateNotValid),
        ("Failed to set custom certificate", R::CertificateNotValid),
        ("An HTTPS URL must be provided", R::NotHttps),
        ("Webhook can be set up only on ports", R::PortNotAllowed),
        ("Failed to resolve host", R::NameNotResolved),
        ("IPv6-only addresses are not allowed", R::NoIpv4Address),
        ("Invalid IP address specified", R::AddressNotValid),
        ("bad webhook: Host ", R::NameNotValid),
        ("bad webhook: IP address ", R::AddressReserved),
    ]
};

#[cfg(test)]
mod tests;
