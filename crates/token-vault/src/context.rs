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

impl TokenContext<'_> {
    /// The field of a bot token.
    pub const BOT_TOKEN: &'static str = "bot_token";

    /// What is authenticated with the ciphertext: the record's header, and this place.
    pub(crate) fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let place = [
            self.project.as_str().as_bytes(),
            &self.telegram_bot_id.value().to_be_bytes(),
            self.field.as_bytes(),
            &u64::from(self.token_version.value()).to_be_bytes(),
        ];
        let mut data = header.to_vec();
        LengthPrefixed::new(&place).write(|piece| data.extend_from_slice(piece));
        data
    }
}
