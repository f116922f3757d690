//! BotFather: makes bots, replaces their tokens, takes them away.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::Entropy;
use serde::{Deserialize, Serialize};

use crate::bot::{Allowed, Bot, Standing, Unsettled};
use crate::error::Error;
use crate::ids::{BotId, Token};
use crate::queue::UpdateQueue;
use crate::world::World;

/// `/newbot`: a bot with a fresh id and token.
pub(crate) fn new_bot(world: &mut World, name: &str, username: &str, test: bool) -> (BotId, Token) {
    let id = fresh_id(world);
    let token = token(id, &world.entropy);
    let bot = Bot {
        id,
        token: token.clone(),
        name: name.to_owned(),
        username: username.to_owned(),
        test,
        standing: Standing::Active,
        queue: UpdateQueue::default(),
        webhook: None,
        allowed: Allowed::Default,
        poll: None,
        setting: None,
        unsettled: None,
        next_set_webhook: Duration::ZERO,
        next_conflict: Duration::ZERO,
        synchronization_error: None,
        logged_in: world.clock.elapsed(),
        commands: HashMap::new(),
    };
    world.bots.insert(id, bot);
    (id, token)
}

/// How long a fresh token is refused with 401, as has been seen for hours: not before both have passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settling {
    /// Milliseconds of the simulator's clock.
    pub refused_for_ms: u64,
    /// Calls.
    pub refused_calls: u32,
}

/// `/revoke`: a new token. The webhook and allowed_updates went with the old one; the queue stays.
pub(crate) fn revoke(world: &mut World, id: BotId, settling: Settling) -> Result<Token, Error> {
    let token = token(id, &world.entropy);
    let now = world.clock.elapsed();
    if world.bot(id)?.standing == Standing::Deleted {
        return Err(Error::NoBot(id));
    }
    lose_authorization(world, id)?;
    let bot = world.bot(id)?;
    bot.token = token.clone();
    bot.standing = Standing::Active;
    bot.logged_in = now;
    bot.unsettled = (settling != Settling::default()).then(|| Unsettled {
        calls: settling.refused_calls,
        until: now + Duration::from_millis(settling.refused_for_ms),
    });
    Ok(token)
}

/// `/deletebot`: its token is refused for ever, its updates are gone.
pub(crate) fn delete(world: &mut World, id: BotId) -> Result<(), Error> {
    lose_authorization(world, id)?;
    world.bot(id)?.standing = Standing::Deleted;
    world.drop_updates(id, |_| true);
    Ok(())
}

/// Its token is refused until it is enabled again; its updates wait.
pub(crate) fn disable(world: &mut World, id: BotId) -> Result<(), Error> {
    lose_authorization(world, id)?;
    let bot = world.bot(id)?;
    if bot.standing != Standing::Deleted {
        bot.standing = Standing::Disabled;
    }
    Ok(())
}

/// The same token works again, with no webhook. It also undoes a logOut.
pub(crate) fn enable(world: &mut World, id: BotId) -> Result<(), Error> {
    let bot = world.bot(id)?;
    if bot.standing == Standing::Deleted {
        return Err(Error::NoBot(id));
    }
    bot.standing = Standing::Active;
    Ok(())
}

/// Everything that belongs to the token and to its instance goes: delivery ends at once, and whoever waits is refused. The queue
/// belongs to the bot.
fn lose_authorization(world: &mut World, id: BotId) -> Result<(), Error> {
    let bot = world.bot(id)?;
    bot.erase_webhook();
    bot.end_setting(401, "Unauthorized");
    bot.end_poll(401, "Unauthorized");
    bot.allowed = Allowed::Default;
    bot.synchronization_error = None;
    bot.next_set_webhook = Duration::ZERO;
    bot.unsettled = None;
    let token = bot.token.clone();
    world.instances.ended(&token);
    Ok(())
}

fn fresh_id(world: &World) -> BotId {
    loop {
        let id = 1_000_000_000 + world.entropy.below(8_000_000_000);
        let id = BotId(i64::try_from(id).unwrap_or_default());
        if !world.bots.contains_key(&id) {
            return id;
        }
    }
}

/// The id, a colon and 35 characters, of which the first two are `AA` as in Telegram's own.
fn token(id: BotId, entropy: &Entropy) -> Token {
    let mut secret: [u8; 26] = entropy.bytes();
    secret[0] = 0;
    secret[1] &= 0x0f;
    Token::new(format!("{id}:{}", URL_SAFE_NO_PAD.encode(secret)))
}
