//! Connections that count as degraded, and whose turn it is among those whose token is dead. Small: it has nothing of the healthy.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::verdict::VerdictCode;

/// What is known of connections that are not healthy.
#[derive(Default)]
pub(crate) struct Rota {
    troubled: BTreeMap<u128, VerdictCode>,
    /// Who was probed last.
    probed: u128,
}

impl Rota {
    /// As the table has them.
    pub(crate) fn new(troubled: impl IntoIterator<Item = (u128, VerdictCode)>) -> Self {
        Self {
            troubled: troubled.into_iter().collect(),
            probed: 0,
        }
    }

    /// What a connection stands at from now on.
    pub(crate) fn set(&mut self, connection: u128, code: VerdictCode) {
        if code.is_degraded() {
            self.troubled.insert(connection, code);
        } else {
            self.troubled.remove(&connection);
        }
    }

    pub(crate) fn is_troubled(&self, connection: u128) -> bool {
        self.troubled.contains_key(&connection)
    }

    /// Whether calls with its token are known to be in vain, so that it is looked at rarely.
    pub(crate) fn is_dead(&self, connection: u128) -> bool {
        self.troubled.get(&connection).copied().is_some_and(is_dead)
    }

    /// The next one with a dead token, round and round.
    pub(crate) fn next_dead(&mut self) -> Option<u128> {
        let after = (Bound::Excluded(self.probed), Bound::Unbounded);
        let mut round = self.troubled.range(after).chain(&self.troubled);
        let (next, _) = round.find(|(_, code)| is_dead(**code))?;
        self.probed = *next;
        Some(self.probed)
    }
}

fn is_dead(code: VerdictCode) -> bool {
    matches!(
        code,
        VerdictCode::TelegramApiUnauthorized | VerdictCode::TelegramLoggedOut
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_take_turns() {
        let mut rota = Rota::new([
            (3, VerdictCode::TelegramApiUnauthorized),
            (5, VerdictCode::WebhookTakenOver),
            (7, VerdictCode::TelegramLoggedOut),
        ]);
        let turns: Vec<_> = (0..4).map(|_| rota.next_dead()).collect();
        assert_eq!(turns, [Some(3), Some(7), Some(3), Some(7)]);
        rota.set(3, VerdictCode::Healthy);
        rota.set(4, VerdictCode::Healthy);
        assert_eq!([rota.next_dead(), rota.next_dead()], [Some(7), Some(7)]);
        assert!(rota.is_dead(7) && !rota.is_dead(5) && rota.is_troubled(5));
        rota.set(7, VerdictCode::Healthy);
        assert!(!rota.is_troubled(3) && rota.next_dead().is_none());
    }
}
