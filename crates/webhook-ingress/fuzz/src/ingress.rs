//! A whole connection, through the listener and the ingress into the inbox.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::site::Site;

thread_local! {
    static SITE: RefCell<Option<(Site, u32)>> = const { RefCell::new(None) };
}

/// Then a new site is opened: what is stored makes the old one slow.
const INPUTS_PER_SITE: u32 = 500;

/// Takes any bytes for what comes over a connection, and answers how many requests were accepted.
///
/// # Panics
/// When a promise of the README is broken.
pub fn check(bytes: &[u8]) -> usize {
    SITE.with_borrow_mut(|place| {
        if place
            .as_ref()
            .is_some_and(|(_, inputs)| *inputs >= INPUTS_PER_SITE)
        {
            *place = None;
        }
        let (site, inputs) = match place {
            Some(open) => open,
            none => {
                let site = Site::open().unwrap_or_else(|error| unreachable!("no site: {error}"));
                none.insert((site, 0))
            }
        };
        *inputs += 1;
        check_at(site, bytes)
    })
}

fn check_at(site: &mut Site, bytes: &[u8]) -> usize {
    let script = Script::read(bytes, site);
    let known = site.stored.len();
    let told = site.serve(script.packets, script.falls_silent);
    let came = site
        .came()
        .unwrap_or_else(|error| unreachable!("inbox cannot be read: {error}"));

    let answers = statuses(&told);
    let accepted = answers.iter().filter(|status| **status == 200).count();
    let genuine = possibly_genuine(&script.sent, site);
    assert!(
        accepted <= genuine,
        "{answers:?}, with {genuine} that may be genuine"
    );
    assert!(
        came.stored + came.quarantined <= accepted,
        "{answers:?}, but {came:?}"
    );
    if came.stored + came.quarantined < accepted {
        let mut ids = site.stored.iter().map(|(id, _)| id.to_string());
        assert!(
            ids.any(|id| holds(&script.sent, id.as_bytes())),
            "{answers:?}, but {came:?}, and nothing that was known"
        );
    }
    assert_unchanged(&site.stored[known..], &script.sent);
    accepted
}

/// Where nothing comes in chunks, what is stored is what was sent.
fn assert_unchanged(stored: &[(i64, bytes::Bytes)], sent: &[u8]) {
    if holds(&sent.to_ascii_lowercase(), b"chunked") {
        return;
    }
    for (id, body) in stored {
        assert!(
            holds(sent, body),
            "update {id} was stored otherwise than sent"
        );
    }
}

/// An input, with what its bytes stand for in place of them.
struct Script {
    packets: VecDeque<Vec<u8>>,
    falls_silent: bool,
    /// All packets together.
    sent: Vec<u8>,
}

impl Script {
    fn read(bytes: &[u8], site: &Site) -> Self {
        let mut packets = VecDeque::from([Vec::new()]);
        let (mut sent, mut falls_silent) = (Vec::new(), false);
        for byte in bytes {
            let meant = match byte {
                1 => &site.path[..],
                2 => &site.secret,
                3 => {
                    packets.push_back(Vec::new());
                    continue;
                }
                4 => {
                    falls_silent = true;
                    continue;
                }
                byte => std::slice::from_ref(byte),
            };
            sent.extend_from_slice(meant);
            if let Some(packet) = packets.back_mut() {
                packet.extend_from_slice(meant);
            }
        }
        packets.retain(|packet| !packet.is_empty());
        Self {
            packets,
            falls_silent,
            sent,
        }
    }
}

/// How many requests may be genuine, counted without reading HTTP: each needs the path in a request line and the secret token in a
/// header.
fn possibly_genuine(sent: &[u8], site: &Site) -> usize {
    let line = [b"POST ", &site.path[..], b" HTTP/1."].concat();
    let header = |line: &[u8]| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(colon);
        let named = name.eq_ignore_ascii_case(b"x-telegram-bot-api-secret-token");
        Some(named && value[1..].trim_ascii() == site.secret)
    };
    let lines = sent.split(|byte| *byte == b'\n');
    let headers = lines.filter(|line| header(line) == Some(true)).count();
    count(sent, &line).min(headers)
}

/// The status of every answer, each of which must be one that is documented, and without a body.
fn statuses(told: &[u8]) -> Vec<u16> {
    const DOCUMENTED: [u16; 8] = [100, 200, 400, 404, 408, 413, 414, 431];
    let told = str::from_utf8(told).unwrap_or_else(|_| unreachable!("an answer is not text"));
    let mut statuses = Vec::new();
    let mut rest = told;
    while !rest.is_empty() {
        let (head, after) = rest
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| unreachable!("half an answer: {rest:?}"));
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| {
            let version = line.strip_prefix("HTTP/1.1 ");
            version
                .or_else(|| line.strip_prefix("HTTP/1.0 "))?
                .get(..3)?
                .parse()
                .ok()
        });
        let status = status.unwrap_or_else(|| unreachable!("no answer: {head:?}"));
        assert!(
            DOCUMENTED.contains(&status),
            "an undocumented answer: {head:?}"
        );
        for line in lines {
            let harmless = line == "content-length: 0"
                || line.starts_with("date: ")
                || line.starts_with("connection: ");
            assert!(harmless, "an undocumented header: {line:?}");
        }
        statuses.push(status);
        rest = after;
    }
    statuses
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || count(text, part) > 0
}

fn count(text: &[u8], part: &[u8]) -> usize {
    text.windows(part.len())
        .filter(|window| *window == part)
        .count()
}
