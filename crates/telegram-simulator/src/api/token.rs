//! What becomes of a token before its call is looked at.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};

use crate::api::answer::Refusal;
use crate::bot::Standing;
use crate::ids::{BotId, Token};
use crate::world::World;

/// Highest id that the server takes: 2^54 - 1.
const LAST_ID: i64 = (1 << 54) - 1;

/// The bot that a call's token opens now. It starts the token's instance, which may be one too many, and a fresh token may be refused
/// for a while.
pub(crate) fn admit(
    world: &mut World,
    token: &Token,
    test: bool,
    caller: IpAddr,
    front_end: bool,
) -> Result<BotId, Refusal> {
    let now = world.clock.elapsed();
    if shape(token.expose()).is_ok() {
        let admitted = world.instances.admit(token, caller, now);
        admitted.map_err(Refusal::too_many)?;
    }
    let checked = check(world, token, test, front_end);
    if checked.is_err() {
        world.instances.refused(token, now);
    }
    let bot = checked?;
    if world.bot(bot)?.refuses_fresh_token(now) {
        return Err(Refusal::new(401, "Unauthorized"));
    }
    Ok(bot)
}

/// The bot that a token opens.
///
/// `front_end`: whether a malformed token gets 404 `Not Found`, as at api.telegram.org, or the open-source server's own texts.
pub(crate) fn check(
    world: &World,
    token: &Token,
    test: bool,
    front_end: bool,
) -> Result<BotId, Refusal> {
    if let Err(refusal) = shape(token.expose()) {
        return Err(if front_end {
            Refusal::new(404, "Not Found")
        } else {
            refusal
        });
    }
    let unauthorized = || Refusal::new(401, "Unauthorized");
    let bot = world.by_token(token, test).ok_or_else(unauthorized)?;
    match bot.standing {
        Standing::Active => Ok(bot.id),
        Standing::LoggedOut => Err(Refusal::new(400, "Logged out")),
        Standing::Disabled | Standing::Deleted => Err(unauthorized()),
    }
}

/// The bot that a token names, whether or not it opens it.
pub(crate) fn owner(world: &World, token: &Token) -> Option<BotId> {
    let (id, _) = token.expose().split_once(':')?;
    let id = BotId(id.parse().ok()?);
    world.bots.contains_key(&id).then_some(id)
}

fn shape(token: &str) -> Result<(), Refusal> {
    let invalid = || Refusal::new(401, "Unauthorized: invalid token specified");
    let unallowed = || Refusal::new(421, "Misdirected Request: unallowed token specified");
    if token.starts_with('0') || token.len() > 80 || token.contains('/') {
        return Err(invalid());
    }
    let (id, secret) = token.split_once(':').ok_or_else(invalid)?;
    let id: i64 = id.parse().map_err(|_| unallowed())?;
    if !(1..=LAST_ID).contains(&id) {
        return Err(invalid());
    }
    let decodes = URL_SAFE_NO_PAD.decode(secret).is_ok() || URL_SAFE.decode(secret).is_ok();
    if secret.len() < 24 || !decodes {
        return Err(Refusal::new(401, "Unauthorized"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_refused_with_the_servers_own_texts() {
        let secret = "AAFmnMZ6Vd_0123456789abcdefghijklmA";
        let code = |token: &str| shape(token).err().map(|refusal| refusal.code);
        assert_eq!(code(&format!("123:{secret}")), None);
        assert_eq!(code(&format!("0123:{secret}")), Some(401));
        assert_eq!(code(&format!("12x3:{secret}")), Some(421));
        assert_eq!(code(&format!("123:{}B", &secret[..34])), Some(401));
        assert_eq!(code("123:short"), Some(401));
        assert_eq!(code("no-colon"), Some(401));
        assert_eq!(code(&format!("18014398509481984:{secret}")), Some(401));
    }
}
