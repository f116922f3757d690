//! The process that is killed: this very program, told on its standard input what to do and where to die.

use std::io::BufRead as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bot_connection::{Error, Healed};
use clock::{Clock, Timestamp};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use super::server::{Home, Server};
use crate::support::project;

/// What is done to a project's bot.
#[derive(Clone)]
pub(super) struct Deed {
    pub(super) project: String,
    pub(super) what: What,
}

#[derive(Clone)]
pub(super) enum What {
    Disconnect,
    /// Its webhook is gone, and is registered again unasked.
    Heal,
    /// This token is pasted.
    Put(String),
}

impl Deed {
    pub(super) async fn do_it(&self, server: &Server) -> Result<(), Error> {
        let (project, connections) = (project(&self.project), &server.connections);
        match &self.what {
            What::Disconnect => connections.disconnect(&project).await.map(drop),
            What::Heal => {
                let there = connections.view(&project).await?.unwrap();
                let healed = connections.heal(&there.connection).await?;
                assert_eq!(healed, Healed::Registered);
                Ok(())
            }
            What::Put(token) => {
                let token = token.parse().unwrap();
                connections.put_token(&project, &token).await.map(drop)
            }
        }
    }

    fn to_json(&self) -> Value {
        let (what, token) = match &self.what {
            What::Disconnect => ("disconnect", None),
            What::Heal => ("heal", None),
            What::Put(token) => ("put", Some(token)),
        };
        json!({"project": self.project, "what": what, "token": token})
    }

    fn of_json(json: &Value) -> Self {
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let what = match text("what").as_deref() {
            Some("disconnect") => What::Disconnect,
            Some("heal") => What::Heal,
            _ => What::Put(text("token").unwrap()),
        };
        Self {
            project: text("project").unwrap(),
            what,
        }
    }
}

/// A server in a process of its own, which will die at a point.
pub(super) struct Doomed {
    pub(super) address: std::net::SocketAddr,
    child: Child,
}

impl Doomed {
    pub(super) async fn start(home: &Home, deed: &Deed, point: &str, now: Timestamp) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kills::child::child", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let plan = json!({
            "home": home.to_json(),
            "deed": deed.to_json(),
            "point": point,
            "now_us": now.unix_us(),
        });
        let mut stdin = child.stdin.take().unwrap();
        stdin
            .write_all(format!("{plan}\n").as_bytes())
            .await
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap();
            let line = line.unwrap();
            if let Some((_, address)) = line.split_once(LISTENING) {
                let address = address.parse().unwrap();
                return Self { address, child };
            }
        }
    }

    /// How it ended, once it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }
}

/// Does what it is told, and dies doing it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the tests of this module, as a process of its own"]
async fn child() {
    let mut plan = String::new();
    std::io::stdin().lock().read_line(&mut plan).unwrap();
    let Ok(plan) = serde_json::from_str::<Value>(&plan) else {
        return;
    };
    let (clock, hands) = Clock::manual();
    hands.set(Timestamp::from_unix_us(plan["now_us"].as_i64().unwrap()));
    let server = Server::start(&Home::of_json(&plan["home"]), &clock).await;
    println!("{LISTENING}{}", server.address);
    tokio::spawn(async move {
        loop {
            Clock::system().sleep(TICK).await;
            hands.advance(TICK);
        }
    });
    fail::cfg(plan["point"].as_str().unwrap(), "return").unwrap();
    let deed = Deed::of_json(&plan["deed"]);
    deed.do_it(&server).await.unwrap();
}

const LISTENING: &str = "listening on ";
const TICK: Duration = Duration::from_millis(5);
