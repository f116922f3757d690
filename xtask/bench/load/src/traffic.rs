//! Which request comes next: the bots in turn, their chats in turn, update ids fresh and consecutive for each bot.

use anyhow::{Result, ensure};

use crate::bodies::{Bodies, Template};

/// A request's first lines, up to and with its content type.
#[derive(Clone)]
pub(crate) struct Head(Vec<u8>);

impl Head {
    pub(crate) fn new(path: &str, secret_token: &str) -> Self {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: bots.example.com\r\n\
             X-Telegram-Bot-Api-Secret-Token: {secret_token}\r\nContent-Type: application/json\r\n"
        );
        Self(head.into_bytes())
    }
}

/// How the requests are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) bots: usize,
    /// Chats of all bots together; each is one lane. A multiple of the bots.
    pub(crate) lanes: usize,
    pub(crate) bodies: Bodies,
}

/// What comes besides, from three bots that follow those of the shape: many updates that nothing answers, and now and then a
/// `/start` in one chat each of the other two.
pub(crate) struct Noise {
    flood: Template,
    start: Template,
    sent: usize,
}

impl Noise {
    pub(crate) const BOTS: usize = 3;
    /// Of so many requests one is in each of the two chats, every third of the others is of the flood.
    const ROUND: usize = 752;
    /// What a steady 1,000 updates a second are together with it.
    pub(crate) const PER_SECOND: u32 = 1_504;

    /// The chat of which each call to the Bot API hangs, and the one of which each fails.
    pub(crate) const HANGS: u64 = FIRST_CHAT_ID + 8_000_000;
    pub(crate) const FAILS: u64 = FIRST_CHAT_ID + 8_000_001;

    pub(crate) fn new() -> Result<Self> {
        let mut start = Bodies::Start.templates()?;
        let mut flood = Bodies::Mixed.templates()?;
        Ok(Self {
            flood: flood.swap_remove(0),
            start: start.swap_remove(0),
            sent: 0,
        })
    }

    /// Whether the next request is noise: of which of its bots, in which chat, and its body.
    fn next(&mut self) -> Option<(usize, u64, &Template)> {
        let place = self.sent % Self::ROUND;
        self.sent += 1;
        match place {
            300 => Some((1, Self::HANGS, &self.start)),
            600 => Some((2, Self::FAILS, &self.start)),
            _ if place % 3 == 2 => {
                let chat = FIRST_CHAT_ID + 9_000_000 + (self.sent % 100) as u64;
                Some((0, chat, &self.flood))
            }
            _ => None,
        }
    }
}

/// Requests without end.
pub(crate) struct Traffic {
    pub(crate) noise: Option<Noise>,
    heads: Vec<Head>,
    shape: Shape,
    templates: Vec<Template>,
    /// The next update id of each bot.
    update_ids: Vec<u64>,
    sent: usize,
}

const FIRST_UPDATE_ID: u64 = 100_000_000;
const FIRST_CHAT_ID: u64 = 7_700_000_000;

impl Traffic {
    /// One head for each bot, or one for all.
    pub(crate) fn new(heads: Vec<Head>, shape: Shape) -> Result<Self> {
        let mut traffic = Self {
            noise: None,
            heads,
            shape,
            templates: Vec::new(),
            update_ids: Vec::new(),
            sent: 0,
        };
        traffic.reshape(shape)?;
        Ok(traffic)
    }

    /// Spreads what follows in another way; update ids go on where they were.
    pub(crate) fn reshape(&mut self, shape: Shape) -> Result<()> {
        let heads = self.heads.len();
        ensure!(
            heads == 1 || shape.bots <= heads,
            "{heads} heads for {} bots",
            shape.bots
        );
        ensure!(
            shape.lanes.is_multiple_of(shape.bots),
            "lanes are not a multiple of bots"
        );
        self.templates = shape.bodies.templates()?;
        let bots = self.heads.len().max(shape.bots).max(self.update_ids.len());
        self.update_ids.resize(bots, FIRST_UPDATE_ID);
        self.shape = shape;
        self.sent = 0;
        Ok(())
    }

    /// Writes the next request; answers its lane, as a number below the shape's lanes; none for noise.
    pub(crate) fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        if let Some((bot, chat, template)) = self.noise.as_mut().and_then(Noise::next) {
            let bot = self.shape.bots + bot;
            request.clear();
            request.extend_from_slice(&self.heads[bot].0);
            template.append(request, self.update_ids[bot], chat);
            self.update_ids[bot] += 1;
            return None;
        }
        let Shape {
            bots,
            lanes,
            bodies,
        } = self.shape;
        let lane = self.sent % lanes;
        let (bot, chat) = (lane % bots, lane / bots);
        let template = bodies.choose(self.sent, bot, chat);
        request.clear();
        request.extend_from_slice(&self.heads[bot % self.heads.len()].0);
        let update_id = self.update_ids[bot];
        self.templates[template].append(request, update_id, FIRST_CHAT_ID + lane as u64);
        self.update_ids[bot] += 1;
        self.sent += 1;
        Some(lane)
    }

    /// The lane whose chat has this id.
    pub(crate) fn lane_of(chat_id: u64) -> Option<usize> {
        usize::try_from(chat_id.checked_sub(FIRST_CHAT_ID)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_take_turns_and_count_for_themselves() {
        let heads = vec![Head::new("/a", "s"), Head::new("/b", "s")];
        let shape = Shape {
            bots: 2,
            lanes: 4,
            bodies: Bodies::Mixed,
        };
        let mut traffic = Traffic::new(heads, shape).unwrap();
        let mut seen = Vec::new();
        for _ in 0..5 {
            let mut request = Vec::new();
            let lane = traffic.next(&mut request);
            let text = String::from_utf8(request).unwrap();
            let path = text[5..7].to_owned();
            let update_id = text.split("\"update_id\":").nth(1).unwrap()[..9].to_owned();
            seen.push((lane.unwrap(), path, update_id));
        }
        let expected = [
            (0, "/a", "100000000"),
            (1, "/b", "100000000"),
            (2, "/a", "100000001"),
            (3, "/b", "100000001"),
            (0, "/a", "100000002"),
        ];
        let expected = expected.map(|(lane, path, id)| (lane, path.to_owned(), id.to_owned()));
        assert_eq!(seen, expected);
    }
}
