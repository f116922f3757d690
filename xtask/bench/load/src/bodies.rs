//! The bodies that are sent: five updates as Telegram sends them, with their ids patched in place.

use anyhow::{Context as _, Result, ensure};

/// What a body's ids are before they are patched. All that replace them have as many digits.
const UPDATE_ID: &str = "100000001";
const CHAT_ID: &str = "7700000001";

const PAYLOADS: [&str; 5] = [
    include_str!("../../payloads/1_private_text.json"),
    include_str!("../../payloads/2_callback_query.json"),
    include_str!("../../payloads/3_chat_member.json"),
    include_str!("../../payloads/4_group_entities_reply.json"),
    include_str!("../../payloads/5_new_chat_members.json"),
];

/// Which bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bodies {
    /// All five, in equal parts.
    Mixed,
    /// All five, and all in one chat's lane.
    OneChat,
    /// `/start` in a private chat, from somebody whose first name is the update id: a greeting repeats it.
    Start,
    /// `/start` in the first hundred chats; in the others what no greeting answers.
    StartInSome,
}

impl Bodies {
    pub(crate) fn templates(self) -> Result<Vec<Template>> {
        let all = PAYLOADS.map(str::to_owned);
        let bodies = match self {
            Self::Mixed => all.to_vec(),
            Self::OneChat => all
                .map(|body| body.replace(PRIVATE_CHAT, GROUP_CHAT))
                .to_vec(),
            Self::Start => vec![start(PAYLOADS[0])?],
            Self::StartInSome => {
                let [text, _, chat_member, group_text, _] = all;
                vec![text, chat_member, group_text, start(PAYLOADS[0])?]
            }
        };
        bodies.iter().map(|body| Template::new(body)).collect()
    }

    /// Which of the templates is for this request.
    pub(crate) fn choose(self, sent: usize, bot: usize, chat: usize) -> usize {
        match self {
            // A chat is private or a group for good.
            Self::Mixed => (bot + chat) % 5,
            Self::OneChat => sent % 5,
            Self::Start => 0,
            Self::StartInSome if bot < 100 => 3,
            Self::StartInSome => (bot + chat) % 3,
        }
    }
}

const PRIVATE_CHAT: &str = "\"chat\":{\"id\":7700000001";
const GROUP_CHAT: &str = "\"chat\":{\"id\":-1007700000001";

fn start(message: &str) -> Result<String> {
    let at = message
        .find("\"text\":")
        .context("the message has no text")?;
    let named = message[..at].replace("\"first_name\":\"Marina\"", "\"first_name\":\"100000001\"");
    Ok(format!("{named}\"text\":\"/start\"}}}}"))
}

/// The end of a request: the last headers and the body, and where its ids are.
pub(crate) struct Template {
    bytes: Vec<u8>,
    update_ids: Vec<usize>,
    chat_ids: Vec<usize>,
}

impl Template {
    fn new(body: &str) -> Result<Self> {
        let text = format!(
            "Content-Length: {}\r\nConnection: keep-alive\r\nAccept-Encoding: gzip, deflate\r\n\r\n{body}",
            body.len()
        );
        let places = |id| text.match_indices(id).map(|(at, _)| at).collect();
        let (update_ids, chat_ids): (Vec<_>, Vec<_>) = (places(UPDATE_ID), places(CHAT_ID));
        ensure!(!update_ids.is_empty(), "a body without update id");
        Ok(Self {
            bytes: text.into_bytes(),
            update_ids,
            chat_ids,
        })
    }

    /// Appends it, with these ids.
    pub(crate) fn append(&self, request: &mut Vec<u8>, update_id: u64, chat_id: u64) {
        let start = request.len();
        request.extend_from_slice(&self.bytes);
        let patch = |request: &mut [u8], at: usize, digits: usize, number: u64| {
            write_number(&mut request[start + at..start + at + digits], number);
        };
        for at in &self.update_ids {
            patch(request, *at, UPDATE_ID.len(), update_id);
        }
        for at in &self.chat_ids {
            patch(request, *at, CHAT_ID.len(), chat_id);
        }
    }
}

/// Writes the number over the whole width.
fn write_number(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(bodies: Bodies) -> Vec<String> {
        let templates = bodies.templates().unwrap();
        let body = |template: &Template| {
            let mut request = b"head".to_vec();
            template.append(&mut request, 123_456_789, 7_700_012_345);
            let text = String::from_utf8(request).unwrap();
            text.split_once("\r\n\r\n").unwrap().1.to_owned()
        };
        templates.iter().map(body).collect()
    }

    #[test]
    fn bodies_are_json_with_the_ids_asked_for() {
        for bodies in [
            Bodies::Mixed,
            Bodies::OneChat,
            Bodies::Start,
            Bodies::StartInSome,
        ] {
            for body in sent(bodies) {
                let read: serde_json::Value = serde_json::from_str(&body).unwrap();
                assert_eq!(read["update_id"], 123_456_789);
                assert!(
                    body.contains("7700012345") && !body.contains(CHAT_ID),
                    "{body}"
                );
            }
        }
        assert!(sent(Bodies::Start)[0].contains("\"first_name\":\"123456789\""));
        assert!(sent(Bodies::Start)[0].ends_with("\"text\":\"/start\"}}"));
        assert!(
            sent(Bodies::OneChat)
                .iter()
                .all(|body| body.contains("\"id\":-1007700012345"))
        );
    }
}
