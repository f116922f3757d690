//! The server's API and its webhook endpoint.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::http::{Answer, Request};
use super::process::eventually;

/// A running server, asked as a service of the platform asks it.
pub(crate) struct Server {
    pub(crate) public: SocketAddr,
    pub(crate) private: SocketAddr,
    pub(crate) data: PathBuf,
    asked: RefCell<u32>,
    answers: RefCell<Vec<String>>,
}

impl Server {
    pub(crate) fn new(public: SocketAddr, private: SocketAddr, data: &Path) -> Self {
        let (asked, answers) = Default::default();
        Self {
            public,
            private,
            data: data.to_owned(),
            asked,
            answers,
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        Request::new("GET", "/readyz")
            .send(self.private)
            .is_ok_and(|answer| answer.status == 200)
    }

    /// Connects, rotates or replaces; returns the bot's state once it is active.
    pub(crate) fn connect(&self, project: &str, token: &str) -> Result<Value> {
        self.ask("PUT", &bot_of(project), Some(&json!({"token": token})))?;
        self.until_connected(project, true)
    }

    pub(crate) fn disconnect(&self, project: &str) -> Result<Value> {
        self.ask("DELETE", &bot_of(project), None)?;
        self.until_connected(project, false)
    }

    pub(crate) fn reconnect(&self, project: &str) -> Result<Value> {
        self.ask("POST", &format!("{}/reconnect", bot_of(project)), None)?;
        self.until_connected(project, true)
    }

    /// Why the bot is silent; Telegram is asked now.
    pub(crate) fn diagnose(&self, project: &str) -> Result<Value> {
        let path = format!("{}/diagnosis", bot_of(project));
        Ok(self.ask("POST", &path, None)?["data"].take())
    }

    /// Has this address hear of bots; returns the secret that signs, which is in this answer and in no other.
    pub(crate) fn tell_events(&self, to: &str) -> Result<String> {
        let answer = self.send("POST", "/v1/webhook-endpoints", Some(&json!({"url": to})))?;
        let told = answer.json().context("an endpoint of events was refused")?;
        let secret = told["data"]["secret"]
            .as_str()
            .context("the endpoint has no secret")?;
        self.keep(&answer, |text| {
            text.replacen(secret, "(shown this once)", 1)
        });
        Ok(secret.to_owned())
    }

    fn bot(&self, project: &str) -> Result<Value> {
        Ok(self.ask("GET", &bot_of(project), None)?["data"].take())
    }

    fn until_connected(&self, project: &str, wanted: bool) -> Result<Value> {
        let what = if wanted {
            "the bot connected"
        } else {
            "the bot disconnected"
        };
        eventually(what, Duration::from_secs(20), || {
            let state = self.bot(project)?;
            Ok((state["connected"] == wanted).then_some(state))
        })
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let answer = self.send(method, path, body)?;
        self.keep(&answer, |text| text);
        match answer.json() {
            Ok(answer) => Ok(answer),
            Err(error) => bail!("{method} {path}: {error:#}"),
        }
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        let token = std::fs::read_to_string(self.data.join("api-token"))
            .context("the server's first API token is not in its data directory")?;
        let number = self.asked.replace_with(|number| *number + 1);
        let request = Request::new(method, path)
            .header("Authorization", format!("Bearer {}", token.trim()))
            .header("Idempotency-Key", format!("demo-{number}"));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send(self.private)
    }

    fn keep(&self, answer: &Answer, without: impl FnOnce(String) -> String) {
        let text = without(answer.text());
        self.keep_text(format!("{}\n{text}", answer.head));
    }

    /// Has this looked at with the answers.
    pub(crate) fn keep_text(&self, text: String) {
        self.answers.borrow_mut().push(text);
    }

    /// Every answer of the API so far, and what commands told.
    pub(crate) fn answers(&self) -> Vec<String> {
        self.answers.borrow().clone()
    }

    /// A request to the webhook endpoint, as Telegram or somebody else would send it.
    pub(crate) fn webhook(
        &self,
        path: &str,
        secret: Option<&str>,
        update: &Value,
    ) -> Result<Answer> {
        let request = Request::new("POST", path).json(update);
        let request = match secret {
            Some(secret) => request.header("X-Telegram-Bot-Api-Secret-Token", secret),
            None => request,
        };
        request.send(self.public)
    }
}

fn bot_of(project: &str) -> String {
    format!("/v1/projects/{project}/bot")
}
