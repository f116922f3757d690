//! The control API over HTTP: JSON in, JSON out, below `/control`; and the chat page.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::control::handle::Control;
use crate::control::refused::{Refused, nothing_here, number, read};
use crate::control::requests::{
    AnswerWith, Crowd, DescribeChat, Inject, Join, NameUser, NewBot, Send, SetAccess, Tap,
};
use crate::control::{page, troubles};
use crate::ids::{BotId, ChatId};
use crate::params::Params;

const LARGEST_BODY: usize = 1 << 20;

/// Whether a path belongs here.
pub(crate) fn owns(path: &str) -> bool {
    path == "/" || path == "/control" || path.starts_with("/control/")
}

/// Answers a request below `/control`, or for the page.
pub(crate) async fn handle(control: &Control, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().trim_matches('/').to_owned();
    if path.is_empty() {
        return page::page();
    }
    let mut query = Params::default();
    query.add_urlencoded(head.uri.query().unwrap_or_default().as_bytes());
    let body = Limited::new(body, LARGEST_BODY).collect().await;
    let answer = match body {
        Err(_) => Err(Refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large".into(),
        )),
        Ok(body) => {
            let segments: Vec<&str> = path.split('/').skip(1).collect();
            match head.method {
                Method::GET => get(control, &segments, &query),
                Method::POST => post(control, &segments, &body.to_bytes()),
                Method::DELETE => troubles::delete(control, &segments, &query),
                _ => Err(nothing_here()),
            }
        }
    };
    respond(answer)
}

fn get(control: &Control, segments: &[&str], query: &Params) -> Result<Value, Refused> {
    let bot = || number(query.get("bot"), "bot").map(BotId);
    let page = |mut records: Vec<Value>| {
        let from = usize::try_from(query.integer("from", 0, 0, i64::MAX)).unwrap_or(0);
        Value::Array(records.split_off(from.min(records.len())))
    };
    match segments {
        ["state"] => Ok(control.show_state()),
        ["bots"] => Ok(control.show_bots()),
        ["ledger"] => Ok(control.show_ledger(bot()?)),
        ["summary"] => Ok(control.show_summary(bot()?)),
        ["calls"] if query.get("bot").is_empty() => {
            let calls = control.all_calls();
            Ok(page(calls.iter().map(|call| json!(call)).collect()))
        }
        ["calls"] => {
            let calls = control.calls(bot()?);
            Ok(page(calls.iter().map(|call| json!(call)).collect()))
        }
        ["deliveries"] => {
            let deliveries = control.deliveries(bot()?);
            Ok(page(deliveries.iter().map(|one| json!(one)).collect()))
        }
        ["chats", id] => {
            let chat = ChatId(number(id, "chat")?);
            control.show_chat(bot()?, chat).ok_or_else(nothing_here)
        }
        _ => Err(nothing_here()),
    }
}

fn post(control: &Control, segments: &[&str], body: &[u8]) -> Result<Value, Refused> {
    match segments {
        ["bots"] => {
            let new: NewBot = read(body)?;
            let (id, token) = if new.test {
                control.new_test_bot(&new.name, &new.username)
            } else {
                control.new_bot(&new.name, &new.username)
            };
            Ok(json!({"id": id, "token": token.expose()}))
        }
        ["bots", id, action] => botfather(control, BotId(number(id, "bot")?), action, body),
        ["send" | "tap" | "join" | "update" | "load" | "access"] => people(control, segments, body),
        ["users"] => {
            let user: NameUser = read(body)?;
            control.name_user(user.id, &user.first_name, user.username.as_deref());
            Ok(json!({}))
        }
        ["chats"] => {
            let chat: DescribeChat = read(body)?;
            let username = chat.username.as_deref();
            control.describe_chat(chat.bot, chat.id, chat.kind, &chat.title, username)?;
            Ok(json!({}))
        }
        ["answers"] => {
            let answer: AnswerWith = read(body)?;
            control.answer_with(&answer.method, answer.result);
            Ok(json!({}))
        }
        ["ledger", "clear"] => {
            control.clear_ledger();
            Ok(json!({}))
        }
        _ => troubles::post(control, segments, body),
    }
}

fn botfather(control: &Control, bot: BotId, action: &str, body: &[u8]) -> Result<Value, Refused> {
    match action {
        "revoke" => {
            let token = control.revoke_unsettled(bot, read(body)?)?;
            return Ok(json!({"id": bot, "token": token.expose()}));
        }
        "delete" => control.delete(bot)?,
        "disable" => control.disable(bot)?,
        "enable" => control.enable(bot)?,
        _ => return Err(nothing_here()),
    }
    Ok(json!({"id": bot}))
}

fn people(control: &Control, segments: &[&str], body: &[u8]) -> Result<Value, Refused> {
    let update_id = match segments {
        ["send"] => {
            let send: Send = read(body)?;
            control.member_sends(send.bot, send.chat, send.from(), &send.text)?
        }
        ["tap"] => {
            let tap: Tap = read(body)?;
            control.user_taps(tap.bot, tap.chat, tap.from(), &tap.data)?
        }
        ["join"] => {
            let join: Join = read(body)?;
            if !join.request {
                let ids = control.member_joins(join.bot, join.chat, join.user)?;
                return Ok(json!({"update_ids": ids}));
            }
            control.asks_to_join(join.bot, join.chat, join.user)?
        }
        ["update"] => {
            let inject: Inject = read(body)?;
            control.update(inject.bot, &inject.kind, &inject.content)?
        }
        ["load"] => {
            let crowd: Crowd = read(body)?;
            control.load(crowd.bot, crowd.load)?;
            return Ok(json!({}));
        }
        _ => {
            let set: SetAccess = read(body)?;
            control.set_access(set.bot, set.chat, set.access)?;
            return Ok(json!({}));
        }
    };
    Ok(json!({"update_id": update_id}))
}

fn respond(answer: Result<Value, Refused>) -> Response<Full<Bytes>> {
    let (status, body) = match answer {
        Ok(value) => (StatusCode::OK, value),
        Err(Refused(status, error)) => (status, json!({"error": error})),
    };
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
