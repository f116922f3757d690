//! A bot to which something is done by a process that is killed, and what must be true afterwards.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use bot_connection::Status;
use clock::Clock;
use connection_directory::Connection;
use ids::ConnectionId;
use telegram_simulator::{BotId, Token, Via};
use update_dispatcher::Seq;

use super::child::{Deed, Doomed, What};
use super::server::Server;
use super::stage::Stage;
use crate::support::{self, BASE};

/// A bot to which something is done.
pub(super) struct Case {
    what: String,
    pub(super) deed: Deed,
    /// The bot that the project has in the end.
    pub(super) bot: BotId,
    /// The one that it had before, where that is another; and its record.
    old: Option<(BotId, ConnectionId)>,
    /// Updates that came while all was well.
    early: BTreeSet<i64>,
    sent: BTreeSet<i64>,
    sent_to_old: usize,
}

impl Case {
    /// What there has to be before it is done.
    pub(super) async fn prepare(stage: &Stage, what: &str, project: &str) -> Self {
        let new_bot = || stage.control.new_bot("Helper", "helper_bot");
        let (bot, token) = new_bot();
        let mut case = Self {
            what: what.to_owned(),
            deed: Deed::put(project, &token),
            bot,
            old: None,
            early: BTreeSet::new(),
            sent: BTreeSet::new(),
            sent_to_old: 0,
        };
        stage.hands.advance(Duration::from_secs(2));
        if what == "connect" {
            return case;
        }
        let server = stage.restart().await;
        case.deed.do_it(&server).await.unwrap();
        case.early = (0..3).map(|_| stage.send(bot)).collect();
        let turning = stage.turn();
        stage.drained(bot, &case.early, "at first").await;
        match what {
            "renew" => {
                stage.control.rival_deletes_webhook(bot).unwrap();
                case.deed.what = What::Heal;
            }
            "repair" => stage.control.rival_deletes_webhook(bot).unwrap(),
            "rotate" => case.deed = Deed::put(project, &stage.control.revoke(bot).unwrap()),
            "disconnect" => case.deed.what = What::Disconnect,
            "replace" => {
                let there = case.record(stage).await.unwrap();
                case.old = Some((bot, there.id));
                case.sent_to_old = case.early.len();
                let (bot, token) = new_bot();
                (case.bot, case.deed) = (bot, Deed::put(project, &token));
            }
            _ => {
                let mut off = case.deed.clone();
                off.what = What::Disconnect;
                off.do_it(&server).await.unwrap();
            }
        }
        if what != "replace" {
            case.sent = case.early.clone();
        }
        turning.abort();
        stage.stop(server).await;
        stage.hands.advance(Duration::from_secs(2));
        case
    }

    /// It is done, by a process that is killed at this point; meanwhile people write.
    pub(super) async fn dies(&mut self, stage: &Stage, point: &str) {
        let now = stage.clock.now();
        let mut doomed = Doomed::start(&stage.home, &self.deed, point, now).await;
        stage.road.leads_to(Some(doomed.address));
        for look in 0.. {
            if let Some(status) = doomed.ended() {
                let aborted = status.signal() == Some(6);
                assert!(aborted, "{} never came to \"{point}\": {status}", self.what);
                break;
            }
            assert!(look < 4_000, "it does not end");
            if look % 10 == 0 {
                self.people_write(stage);
            }
            Clock::system().sleep(Duration::from_millis(5)).await;
        }
        stage.road.leads_to(None);
        self.people_write(stage);
    }

    fn people_write(&mut self, stage: &Stage) {
        self.sent.insert(stage.send(self.bot));
        if let Some((old, _)) = &self.old {
            stage.send(*old);
            self.sent_to_old += 1;
        }
    }

    pub(super) async fn record(&self, stage: &Stage) -> Option<Connection> {
        let project = support::project(&self.deed.project);
        let found = stage.directory().connection_of_project(&project).await;
        found.unwrap()
    }

    /// What was announced of the project's bots, the oldest first.
    pub(super) async fn announced(&self, stage: &Stage) -> Vec<(String, String)> {
        let events = support::events(&stage.database).await.into_iter();
        let project = support::project(&self.deed.project).to_string();
        let ours = events.filter(|event| event["project_id"] == *project);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        ours.map(|event| (text(&event["type"]), text(&event["data"]["bot_id"])))
            .collect()
    }

    /// Record and Telegram say that it is done, and it was announced.
    pub(super) async fn is_done(&self, stage: &Stage, server: &Server, context: &str) {
        let record = self.record(stage).await.unwrap();
        assert_eq!(
            (&record.operation, &*record.step),
            (&None, "confirmed"),
            "{context}"
        );
        assert_eq!(record.telegram_bot_id.value(), self.bot.0, "{context}");
        if self.what == "disconnect" {
            assert_eq!(record.status, Status::Disconnected, "{context}");
            assert_eq!(stage.webhook(self.bot), "", "{context}");
        } else {
            assert_eq!(record.status, Status::Active, "{context}");
            self.is_registered(stage, server, &record, context);
        }
        if let Some((bot, id)) = &self.old {
            let old = stage
                .directory()
                .connection_find(id)
                .await
                .unwrap()
                .unwrap();
            let done = (old.status, old.operation.as_deref());
            assert_eq!(done, (Status::Disconnected, None), "{context}");
            assert_eq!(stage.webhook(*bot), "", "{context}");
        }
        let announced = self.announced(stage).await;
        assert_eq!(announced, self.expected(&record.id), "{context}");
    }

    fn is_registered(&self, stage: &Stage, server: &Server, record: &Connection, context: &str) {
        let secrets = &server.parts.secrets;
        let path = secrets.path(&record.id, record.current).unwrap();
        let url = format!("{BASE}{}", path.expose());
        assert_eq!(stage.webhook(self.bot), url, "{context}");
        let bot = record.telegram_bot_id;
        let secret = secrets.token(&record.project, bot, record.current).unwrap();
        let calls = stage.control.calls(self.bot).into_iter();
        let mut told = calls.filter(|call| call.method == "setWebhook" && call.via == Via::Http);
        let last = told.next_back().unwrap();
        assert_eq!(
            last.parameters["secret_token"],
            secret.expose(),
            "{context}"
        );
    }

    fn expected(&self, id: &ConnectionId) -> Vec<(String, String)> {
        let event = |what: &str, id: &ConnectionId| (format!("project.bot.{what}"), id.to_string());
        let (on, off) = (event("connected", id), event("disconnected", id));
        match (&*self.what, &self.old) {
            ("reconnect", _) => vec![on.clone(), off, on],
            ("disconnect", _) => vec![on, off],
            (_, Some((_, old))) => vec![event("connected", old), event("disconnected", old), on],
            _ => vec![on],
        }
    }

    /// What people wrote is in the inbox, or at Telegram for a bot that is disconnected now.
    pub(super) async fn nothing_is_lost(&mut self, stage: &Stage, server: &Server, context: &str) {
        self.people_write(stage);
        let id = self.record(stage).await.unwrap().id;
        let kept = kept(server, &id).await;
        if self.what == "disconnect" {
            assert!(self.early.is_subset(&kept), "{context}");
            is_at_telegram_or_answered(stage, self.bot, self.sent.len(), context);
            return;
        }
        stage.drained(self.bot, &self.sent, context).await;
        let kept = self::kept(server, &id).await;
        assert_eq!(kept, self.sent, "{context}");
        if let Some((old, id)) = &self.old {
            assert!(
                self.early.is_subset(&self::kept(server, id).await),
                "{context}"
            );
            is_at_telegram_or_answered(stage, *old, self.sent_to_old, context);
        }
    }
}

impl Deed {
    fn put(project: &str, token: &Token) -> Self {
        Self {
            project: project.to_owned(),
            what: What::Put(token.expose().to_owned()),
        }
    }
}

/// The updates that the inbox keeps of a connection: nothing handles them here.
async fn kept(server: &Server, id: &ConnectionId) -> BTreeSet<i64> {
    let pending = server.parts.inbox.pending_list(id, Seq::ZERO, 1_000).await;
    let pending = pending.unwrap();
    let ids: BTreeSet<_> = pending
        .iter()
        .map(|update| update.update_id.value())
        .collect();
    assert_eq!(ids.len(), pending.len(), "an update is kept once");
    ids
}

fn is_at_telegram_or_answered(stage: &Stage, bot: BotId, sent: usize, context: &str) {
    let info = stage.control.webhook_info(bot).unwrap();
    let waiting = info["pending_update_count"].as_u64().unwrap() as usize;
    let answered = stage.control.acknowledged(bot).len();
    assert_eq!(waiting + answered, sent, "{context}");
}
