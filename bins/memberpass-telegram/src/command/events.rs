use bytes::Bytes;
use clap::{Args, Subcommand};
use http::Method;
use ids::EndpointId;
use serde_json::{Value, json};

use crate::config::Config;
use crate::local_api::{call, call_with};
use crate::output::{say, say_json};

#[derive(Args)]
pub(super) struct Events {
    /// For machines.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Lists who hears of bots. Example: memberpass-telegram events list
    List,
    /// Has an address hear of bots, and prints the secret that signs, this once. Example: memberpass-telegram events add https://shop.example.com/events
    Add {
        /// Where events are posted to; https.
        url: String,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
        /// One of the events to send; may be given several times. All of them when not given.
        #[arg(long, value_name = "EVENT")]
        event: Vec<String>,
    },
    /// Deletes an endpoint and its deliveries. Example: memberpass-telegram events remove whe_01JD…
    Remove {
        /// The endpoint's id.
        id: EndpointId,
    },
    /// Turns an endpoint on. Example: memberpass-telegram events enable whe_01JD…
    Enable {
        /// The endpoint's id.
        id: EndpointId,
    },
    /// Turns an endpoint off: what waits for it goes on waiting. Example: memberpass-telegram events disable whe_01JD…
    Disable {
        /// The endpoint's id.
        id: EndpointId,
    },
    /// Gives an endpoint a new secret and prints it, this once; for 24 hours the one before signs too. Example: memberpass-telegram events rotate-secret whe_01JD…
    RotateSecret {
        /// The endpoint's id.
        id: EndpointId,
    },
    /// Posts a signed trial to an endpoint and tells what it answered. Example: memberpass-telegram events test whe_01JD…
    Test {
        /// The endpoint's id.
        id: EndpointId,
    },
    /// Lists an endpoint's deliveries, the newest first. Example: memberpass-telegram events deliveries whe_01JD… --state dead
    Deliveries {
        /// The endpoint's id.
        id: EndpointId,
        /// waiting, delivered or dead.
        #[arg(long)]
        state: Option<String>,
        /// Only those before this number.
        #[arg(long)]
        before: Option<u64>,
        /// At most so many, 100 at most.
        #[arg(long, default_value_t = 25)]
        limit: u16,
    },
    /// Has a dead delivery tried again. Example: memberpass-telegram events replay 4711
    Replay {
        /// Its number, as `events deliveries` shows it.
        number: u64,
    },
}

pub(super) async fn run(events: Events, config: &Config) -> anyhow::Result<()> {
    let json = events.json;
    let (method, path, body) = request(&events.what);
    let answer = call_with(config, method, &path, body).await?;
    if json {
        return say_json(&answer);
    }
    let data = &answer["data"];
    match events.what {
        What::List => {
            let rest = rest(config, answer.clone()).await?;
            for endpoint in &rest {
                say(endpoint_line(endpoint))?;
            }
            if rest.is_empty() {
                say("nobody hears of bots yet: `events add https://…`")?;
            }
        }
        What::Add { .. } => {
            say(endpoint_line(data))?;
            say_secret(data)?;
        }
        What::RotateSecret { .. } => {
            say_secret(data)?;
            say(format_args!(
                "the one before signs beside it until {}",
                text(data, "previous_secret_until")
            ))?;
        }
        What::Remove { id } => say(format_args!("removed {id}"))?,
        What::Enable { .. } | What::Disable { .. } => say(endpoint_line(data))?,
        What::Test { .. } => {
            say(trial_line(data))?;
            anyhow::ensure!(data["failure"].is_null(), "the trial was not taken");
        }
        What::Deliveries { .. } => {
            let deliveries = data.as_array().map(Vec::as_slice).unwrap_or_default();
            for delivery in deliveries {
                say(delivery_line(delivery))?;
            }
            match answer["next_cursor"].as_str() {
                Some(next) => say(format_args!("there may be more: --before {next}"))?,
                None if deliveries.is_empty() => say("none")?,
                None => {}
            }
        }
        What::Replay { .. } => say(delivery_line(data))?,
    }
    Ok(())
}

fn request(what: &What) -> (Method, String, Bytes) {
    let all = "/v1/webhook-endpoints".to_owned();
    let one = |id: &EndpointId, what: &str| format!("/v1/webhook-endpoints/{id}{what}");
    let post = |path| (Method::POST, path, Bytes::new());
    match what {
        What::List => (Method::GET, format!("{all}?limit=100"), Bytes::new()),
        What::Add {
            url,
            description,
            event,
        } => (Method::POST, all, new(url, description.as_deref(), event)),
        What::Remove { id } => (Method::DELETE, one(id, ""), Bytes::new()),
        What::Enable { id } => post(one(id, "/enable")),
        What::Disable { id } => post(one(id, "/disable")),
        What::RotateSecret { id } => post(one(id, "/rotate-secret")),
        What::Test { id } => post(one(id, "/test")),
        What::Deliveries {
            id,
            state,
            before,
            limit,
        } => {
            let state = state.as_ref().map(|state| format!("&state={state}"));
            let before = before.map(|before| format!("&cursor={before}"));
            let (state, before) = (state.unwrap_or_default(), before.unwrap_or_default());
            let query = format!("/deliveries?limit={limit}{state}{before}");
            (Method::GET, one(id, &query), Bytes::new())
        }
        What::Replay { number } => post(format!("/v1/event-deliveries/{number}/replay")),
    }
}

fn new(url: &str, description: Option<&str>, events: &[String]) -> Bytes {
    let mut body = json!({ "url": url });
    if let Some(description) = description {
        body["description"] = description.into();
    }
    if !events.is_empty() {
        body["events"] = events.into();
    }
    body.to_string().into()
}

/// A list and the pages that follow it.
async fn rest(config: &Config, mut page: Value) -> anyhow::Result<Vec<Value>> {
    let mut all = Vec::new();
    loop {
        all.extend(page["data"].as_array().cloned().unwrap_or_default());
        let Some(next) = page["next_cursor"].as_str() else {
            return Ok(all);
        };
        let path = format!("/v1/webhook-endpoints?limit=100&cursor={next}");
        page = call(config, Method::GET, &path).await?;
    }
}

fn say_secret(data: &Value) -> std::io::Result<()> {
    say(format_args!("secret: {}", text(data, "secret")))?;
    say("It is shown this once; keep it where the service that hears of events can read it.")
}

fn endpoint_line(endpoint: &Value) -> String {
    let events: Vec<_> = endpoint["events"]
        .as_array()
        .map_or_else(Vec::new, |events| {
            events.iter().filter_map(Value::as_str).collect()
        });
    let why = match endpoint["disabled_why"].as_str() {
        Some(why) => format!("  {why}"),
        None => match endpoint["last_failure"]["message"].as_str() {
            Some(last) => format!("  last failure: {last}"),
            None => String::new(),
        },
    };
    format!(
        "{}  {}  {}  {}{why}",
        text(endpoint, "id"),
        text(endpoint, "state"),
        text(endpoint, "url"),
        events.join(" "),
    )
}

fn trial_line(trial: &Value) -> String {
    let took = &trial["took_ms"];
    match trial["failure"].as_str() {
        None => format!("it took the trial, with {}, in {took} ms", trial["status"]),
        Some(why) => format!("it did not take the trial, in {took} ms: {why}"),
    }
}

fn delivery_line(delivery: &Value) -> String {
    let when = match delivery["next_attempt_at"].as_str() {
        Some(next) => format!("next attempt {next}"),
        None => text(delivery, "settled_at").to_owned(),
    };
    let failure = delivery["last_failure"].as_str();
    let failure = failure.map_or_else(String::new, |why| format!("  {why}"));
    format!(
        "{:>8}  {}  {}  {}  {} attempts  {when}{failure}",
        delivery["number"].as_u64().unwrap_or_default(),
        text(delivery, "state"),
        text(delivery, "event"),
        text(delivery, "project_id"),
        delivery["attempts"],
    )
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_endpoint_says_what_was_given_and_nothing_else() {
        assert_eq!(&*new("https://x", None, &[]), br#"{"url":"https://x"}"#);
        let events = ["project.bot.connected".to_owned()];
        let body: Value = serde_json::from_slice(&new("https://x", Some("y"), &events)).unwrap();
        assert_eq!(
            body,
            json!({"url": "https://x", "description": "y", "events": events})
        );
    }

    #[test]
    fn a_line_says_why_an_endpoint_is_off() {
        let endpoint = json!({"id": "whe_1", "state": "disabled", "url": "https://x/", "events": ["*"],
            "disabled_why": "20 deliveries in a row failed", "secret": "whsec_x"});
        assert_eq!(
            endpoint_line(&endpoint),
            "whe_1  disabled  https://x/  *  20 deliveries in a row failed"
        );
    }
}
