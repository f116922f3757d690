//! A webhook request, byte for byte.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::bot::Webhook;

/// A longer head is never sent.
const LONGEST_HEAD: usize = 4_096;

/// Everything of a request's head but its length, in Telegram's order.
#[derive(Debug)]
pub(crate) struct RequestHead(String);

impl RequestHead {
    pub(crate) fn new(webhook: &Webhook) -> Self {
        let url = &webhook.parsed;
        let mut head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\n",
            url.path,
            url.host_header()
        );
        if !url.userinfo.is_empty() {
            let credentials = STANDARD.encode(&url.userinfo);
            head.push_str(&format!("Authorization: Basic {credentials}\r\n"));
        }
        if !webhook.secret.is_empty() {
            let secret = &webhook.secret;
            head.push_str(&format!("X-Telegram-Bot-Api-Secret-Token: {secret}\r\n"));
        }
        head.push_str("Content-Type: application/json\r\nContent-Length: ");
        Self(head)
    }

    /// The whole request; `None` when its head is longer than the server writes.
    pub(crate) fn with(&self, body: &[u8]) -> Option<Bytes> {
        let rest = "\r\nConnection: keep-alive\r\nAccept-Encoding: gzip, deflate\r\n\r\n";
        let head = format!("{}{}{rest}", self.0, body.len());
        (head.len() <= LONGEST_HEAD).then(|| [head.as_bytes(), body].concat().into())
    }
}
