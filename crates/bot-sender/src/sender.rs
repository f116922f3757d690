use connection_directory::{Directory, LiveConnection, Status};
use ids::{ConnectionId, TokenVersion};
use serde_json::value::RawValue;
use telegram_bot_api::{BotToken, Call, Client};
use token_vault::{SealedToken, TokenContext, TokenVault};
use tokio::sync::mpsc;

use crate::error::SendError;
use crate::policy;

/// Makes Bot API calls for connected bots. Cheap to clone; all bots share one HTTP client.
///
/// A token is opened for one call and wiped when the call is over.
#[derive(Clone)]
pub struct BotSender {
    client: Client,
    directory: Directory,
    vault: TokenVault,
    refusals: mpsc::Sender<TokenRefused>,
}

/// Telegram answered 401 to a call made with this connection's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRefused {
    /// Whose token it is.
    pub connection: ConnectionId,
    /// Which of its tokens; a newer one may be in use by now.
    pub token_version: TokenVersion,
}

/// Where refused tokens are told, for whoever watches over connections.
pub type TokenRefusals = mpsc::Receiver<TokenRefused>;

impl BotSender {
    /// A sender over the connections of a directory, and where it tells of refused tokens.
    ///
    /// At most 1,024 refusals wait to be heard; more are dropped, since a bot whose token is dead is refused again.
    #[must_use]
    pub fn new(client: Client, directory: Directory, vault: TokenVault) -> (Self, TokenRefusals) {
        let (refusals, heard) = mpsc::channel(1_024);
        (
            Self {
                client,
                directory,
                vault,
                refusals,
            },
            heard,
        )
    }

    /// Makes one call for a connected bot and answers with Telegram's own `result`.
    ///
    /// # Errors
    /// [`SendError`]: the call is forbidden, the bot not connected, or Telegram refused or was out of reach.
    pub async fn call(
        &self,
        connection: &ConnectionId,
        call: &Call,
    ) -> Result<Box<RawValue>, SendError> {
        if let Some(why) = policy::refusal(call) {
            return Err(SendError::Forbidden {
                method: call.method().to_owned(),
                why,
            });
        }
        let live = self
            .directory
            .live_with_token(connection)
            .await
            .map_err(SendError::Directory)?;
        // While a bot is being connected its first updates may come already, and are answered.
        let live = live.filter(|(live, _)| live.status != Status::Disconnected);
        let (live, sealed) = live.ok_or(SendError::NotConnected)?;
        let sealed = sealed.ok_or(SendError::NotConnected)?;
        let token = self.open(&live, &sealed)?;
        #[cfg(feature = "failpoints")]
        fail::fail_point!("sender-before-call", |_| std::process::abort());
        let answer = self.client.call(&token, call).await;
        #[cfg(feature = "failpoints")]
        fail::fail_point!("sender-after-call", |_| std::process::abort());
        if let Err(error) = &answer
            && error.is_unauthorized()
        {
            // A full channel means that the watcher has enough to look into already.
            let _ = self.refusals.try_send(TokenRefused {
                connection: connection.clone(),
                token_version: live.token_version,
            });
        }
        answer.map_err(SendError::Telegram)
    }

    fn open(&self, live: &LiveConnection, sealed: &SealedToken) -> Result<BotToken, SendError> {
        let context = TokenContext {
            project: &live.project,
            telegram_bot_id: live.telegram_bot_id,
            field: TokenContext::BOT_TOKEN,
            token_version: live.token_version,
        };
        let plain = self
            .vault
            .open(&context, sealed)
            .map_err(|_| SendError::Sealed)?;
        std::str::from_utf8(&plain)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(SendError::Sealed)
    }
}
