//! BotFather: makes bots, replaces their tokens, takes them away.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::Entropy;

use crate::bot::{Allowed, Bot, Standing};
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
        next_set_webhook: Duration::ZERO,
        next_conflict: Duration::ZERO,
        synchronization_error: None,
        logged_in: world.clock.elapsed(),
        commands: HashMap::new(),
    };
    world.bots.insert(id, bot);
    (id, token)
}

/// `/revoke`: a new token. The webhook and allowed_updates went with the old one; the queue stays.
pub(crate) fn revoke(world: &mut World, id: BotId) -> Result<Token, Error> {
    let token = token(id, &world.entropy);
    let now = world.clock.elapsed();
    let bot = world.bot(id)?;
    if bot.standing == Standing::Deleted {
        return Err(Error::NoBot(id));
    }
    lose_authorization(bot);
    bot.token = token.clone();
    bot.allowed = Allowed::Default;
    bot.standing = Standing::Active;
    bot.logged_in = now;
    Ok(token)
}

/// `/deletebot`: its token is refused for ever, its updates are gone.
pub(crate) fn delete(world: &mut World, id: BotId) -> Result<(), Error> {
    let bot = world.bot(id)?;
    lose_authorization(bot);
    bot.standing = Standing::Deleted;
    world.drop_updates(id, |_| true);
    Ok(())
}

/// Its token is refused until it is enabled again; its updates wait.
pub(crate) fn disable(world: &mut World, id: BotId) -> Result<(), Error> {
    let bot = world.bot(id)?;
    lose_authorization(bot);
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

fn lose_authorization(bot: &mut Bot) {
    bot.erase_webhook();
    bot.end_poll(401, "Unauthorized");
    bot.synchronization_error = None;
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
