use ids::{ProjectId, TelegramBotId, TokenVersion};
use key_ring::LengthPrefixed;

/// Where a sealed token belongs. It opens in that place alone: copied to another row or column, it is worthless.
#[derive(Clone, Copy, Debug)]
pub struct TokenContext<'a> {
    /// The project whose bot it is.
    pub project: &'a ProjectId,
    /// The bot.
    pub telegram_bot_id: TelegramBotId,
    /// What the secret is to the bot: [`TokenContext::BOT_TOKEN`].
    pub field: &'a str,
    /// The how-manieth token of the connection it is.
    pub token_version: TokenVersion,
}

/// Where any other sealed secret belongs. It opens in that place alone, and never where a bot token does.
#[derive(Clone, Copy, Debug)]
pub struct SecretContext<'a> {
    /// What has the secret: the id of its record. Whoever reuses an id for something else lets old secrets open there.
    pub owner: &'a str,
    /// What the secret is to its owner, in words that say whose table it stands in: `webhook_endpoint.signing`.
    pub field: &'a str,
    /// The how-manieth secret of this owner's field it is.
    pub version: u32,
}

/// A place as it is authenticated with the ciphertext. No two places, of whichever kind, have the same bytes.
pub(crate) trait Place {
    fn to_bytes(&self) -> Vec<u8>;
}

impl TokenContext<'_> {
    /// The field of a bot token.
    pub const BOT_TOKEN: &'static str = "bot_token";
}

impl Place for TokenContext<'_> {
    fn to_bytes(&self) -> Vec<u8> {
        LengthPrefixed::new(&[
            self.project.as_str().as_bytes(),
            &self.telegram_bot_id.value().to_be_bytes(),
            self.field.as_bytes(),
            &u64::from(self.token_version.value()).to_be_bytes(),
        ])
        .to_vec()
    }
}

impl Place for SecretContext<'_> {
    fn to_bytes(&self) -> Vec<u8> {
        LengthPrefixed::new(&[
            SECRET,
            self.owner.as_bytes(),
            self.field.as_bytes(),
            &u64::from(self.version).to_be_bytes(),
        ])
        .to_vec()
    }
}

/// Stands where a bot token's place has its project, and is none: a project's id begins with `prj_`.
const SECRET: &[u8] = b"memberpass/telegram/v1/secret";
