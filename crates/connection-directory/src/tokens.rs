//! The sealed tokens that were used of late. Only a call needs one, and reading it costs little beside the call: so those of bots
//! that are quiet are not held.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ids::ConnectionId;
use token_vault::SealedToken;

/// Between one and two generations of them.
pub(crate) struct Tokens {
    generation: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    recent: HashMap<u128, Token>,
    older: HashMap<u128, Token>,
}

struct Token {
    /// Of the record that it stands in.
    version: i64,
    sealed: Arc<SealedToken>,
}

impl Tokens {
    pub(crate) fn new(generation: usize) -> Self {
        Self {
            generation,
            held: Mutex::default(),
        }
    }

    /// The token in this version of a connection's record, if it is held.
    pub(crate) fn get(&self, id: &ConnectionId, version: i64) -> Option<Arc<SealedToken>> {
        let key = id.to_bits();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = held.older.remove(&key) {
            held.put(key, token, self.generation);
        }
        let token = held.recent.get(&key);
        token
            .filter(|token| token.version == version)
            .map(|token| Arc::clone(&token.sealed))
    }

    pub(crate) fn put(&self, id: &ConnectionId, version: i64, sealed: &Arc<SealedToken>) {
        let token = Token {
            version,
            sealed: Arc::clone(sealed),
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.older.remove(&id.to_bits());
        held.put(id.to_bits(), token, self.generation);
    }
}

impl Held {
    fn put(&mut self, key: u128, token: Token, generation: usize) {
        if self.recent.len() >= generation && !self.recent.contains_key(&key) {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(key, token);
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self::new(GENERATION)
    }
}

/// Some 250 bytes each.
const GENERATION: usize = 8_192;

#[cfg(test)]
mod tests {
    use clock::Entropy;
    use ids::{KeyId, TelegramBotId, TokenVersion};
    use key_ring::{KeyRing, MasterKey};
    use token_vault::{TokenContext, TokenVault};

    use super::*;

    #[test]
    fn those_that_are_used_stay_and_no_more_than_two_generations() {
        let tokens = Tokens::new(4);
        let id = |number| ConnectionId::from_parts(number, [0; 10]);
        for number in 0..100 {
            tokens.put(&id(number), 1, &sealed());
            assert!(tokens.get(&id(0), 1).is_some(), "{number}");
            assert!(tokens.get(&id(number), 1).is_some(), "{number}");
        }
        let held = tokens.held.lock().unwrap();
        assert!(held.recent.len() + held.older.len() <= 8);
    }

    #[test]
    fn a_token_of_another_version_is_not_the_one() {
        let tokens = Tokens::new(4);
        let id = ConnectionId::from_parts(1, [0; 10]);
        tokens.put(&id, 1, &sealed());
        assert!(tokens.get(&id, 2).is_none());
        tokens.put(&id, 2, &sealed());
        assert!(tokens.get(&id, 1).is_none());
        assert!(tokens.get(&id, 2).is_some());
    }

    fn sealed() -> Arc<SealedToken> {
        let ring = KeyRing::new(KeyId::new(1), MasterKey::from_bytes(&[1; 32]));
        let context = TokenContext {
            project: &"prj_1".parse().unwrap(),
            telegram_bot_id: TelegramBotId::new(1),
            field: TokenContext::BOT_TOKEN,
            token_version: TokenVersion::FIRST,
        };
        let vault = TokenVault::new(&ring, Entropy::seeded(1));
        Arc::new(vault.seal(&context, b"1:A"))
    }
}
