//! setWebhook, deleteWebhook, getWebhookInfo.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::api::answer::{Answer, Done, Refusal};
use crate::api::call::Call;
use crate::bot::{Allowed, Bot, Setting, Webhook};
use crate::resolve::Target;
use crate::webhook_url::WebhookUrl;
use crate::world::World;

/// What a setWebhook is told that another call ended.
pub(crate) const OTHER: &str = "Conflict: terminated by other setWebhook";

const LARGEST_CERTIFICATE: usize = 3 << 20;
const PORTS: [u16; 4] = [80, 88, 443, 8443];

/// What a call asks for; the defaults stand for everything left out.
#[derive(Debug)]
struct Wanted<'a> {
    url: &'a str,
    max_connections: usize,
    secret: &'a str,
    fixed_address: &'a str,
    certificate: Option<&'a [u8]>,
    drop_pending: bool,
}

/// setWebhook, in the order of the server's steps. An empty `url` is a deletion.
pub(crate) fn set(world: &mut World, call: &Call) -> Answer {
    let wanted = Wanted::read(call, call.get("url"));
    let now = world.clock.elapsed();
    let bot = world.bot(call.bot)?;
    if !wanted.url.is_empty() {
        if now < bot.next_set_webhook {
            return Err(Refusal::too_many(1));
        }
        bot.next_set_webhook = now + Duration::from_secs(1);
    }
    replace(world, call, &wanted)
}

/// A setWebhook that waits for the name service.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) number: u64,
    pub(crate) span: Duration,
    pub(crate) wake: Arc<Notify>,
}

/// The steps of setWebhook before its host's name is resolved; `None`, and nothing done, where that takes no time or is not
/// needed.
pub(crate) fn begin(world: &mut World, call: &Call) -> Option<Begun> {
    let wanted = Wanted::read(call, call.get("url"));
    let parsed = WebhookUrl::parse(wanted.url)?;
    let span = world.resolve.takes(&parsed.host);
    let now = world.clock.elapsed();
    let is_sound = check_secret(wanted.secret).is_ok() && check_url(&parsed).is_ok();
    let is_looked_up = is_sound && wanted.fixed_address.is_empty() && !span.is_zero();
    let bot = world.bot(call.bot).ok()?;
    if !is_looked_up || now < bot.next_set_webhook || wanted.is_set(bot) {
        return None;
    }
    bot.next_set_webhook = now + Duration::from_secs(1);
    clear(world, call, &wanted).ok()?;
    let (wake, number) = (Arc::new(Notify::new()), world.number());
    world.bot(call.bot).ok()?.setting = Some(Setting {
        number,
        url: wanted.url.to_owned(),
        max_connections: wanted.max_connections,
        wake: Arc::clone(&wake),
        ended: None,
    });
    Some(Begun { number, span, wake })
}

/// The steps after it.
pub(crate) fn finish(world: &mut World, call: &Call) -> Answer {
    start(world, call, &Wanted::read(call, call.get("url")))?;
    Ok(done("Webhook was set"))
}

/// deleteWebhook.
pub(crate) fn delete(world: &mut World, call: &Call) -> Answer {
    replace(world, call, &Wanted::read(call, ""))
}

/// getWebhookInfo.
pub(crate) fn info(world: &mut World, call: &Call) -> Answer {
    world.drop_expired(call.bot);
    world.look_up(call.bot, false);
    let bot = world.bot(call.bot)?;
    let mut info = json!({
        "url": "",
        "has_custom_certificate": false,
        "pending_update_count": bot.queue.len(),
    });
    if let Some(webhook) = &bot.webhook {
        info["url"] = json!(webhook.url);
        info["has_custom_certificate"] = json!(webhook.has_certificate);
        info["ip_address"] = json!(webhook.target.address);
        info["max_connections"] = json!(webhook.max_connections);
        if let Some((date, message)) = &webhook.last_error {
            info["last_error_date"] = json!(date);
            info["last_error_message"] = json!(message);
        }
    }
    if let Some(setting) = bot.setting.as_ref().filter(|_| bot.is_setting()) {
        info["url"] = json!(setting.url);
        info["ip_address"] = json!("<unknown>");
        info["max_connections"] = json!(setting.max_connections);
    }
    if let Allowed::These(kinds) = &bot.allowed {
        info["allowed_updates"] = json!(kinds);
    }
    if let Some(date) = bot.synchronization_error {
        info["last_synchronization_error_date"] = json!(date);
    }
    Ok(info.into())
}

impl<'a> Wanted<'a> {
    fn read(call: &'a Call, url: &'a str) -> Self {
        let params = &call.params;
        let max_connections = params.integer("max_connections", 40, 1, 100);
        Self {
            url,
            max_connections: usize::try_from(max_connections).unwrap_or(1),
            secret: params.get("secret_token"),
            fixed_address: params.get("ip_address"),
            certificate: params.file("certificate").map(|file| &file.content[..]),
            drop_pending: params.flag("drop_pending_updates"),
        }
    }

    /// Whether this is what the bot has already.
    fn is_set(&self, bot: &Bot) -> bool {
        if self.drop_pending || bot.is_setting() {
            return false;
        }
        match &bot.webhook {
            None => self.url.is_empty(),
            Some(webhook) => {
                webhook.url == self.url
                    && !webhook.has_certificate
                    && self.certificate.is_none()
                    && webhook.max_connections == self.max_connections
                    && webhook.secret == self.secret
                    && webhook.fixed_address == self.fixed_address
            }
        }
    }
}

fn replace(world: &mut World, call: &Call, wanted: &Wanted<'_>) -> Answer {
    let bot = world.bot(call.bot)?;
    if wanted.is_set(bot) {
        subscribe(bot, call);
        return Ok(done(if wanted.url.is_empty() {
            "Webhook is already deleted"
        } else {
            "Webhook is already set"
        }));
    }
    let was_set = clear(world, call, wanted)?;
    if !wanted.url.is_empty() {
        start(world, call, wanted)?;
        return Ok(done("Webhook was set"));
    }
    Ok(done(if was_set {
        "Webhook was deleted"
    } else {
        "Webhook is already deleted"
    }))
}

/// Ends what the bot has and what is under way. Whether there was a webhook.
fn clear(world: &mut World, call: &Call, wanted: &Wanted<'_>) -> Result<bool, Refusal> {
    let bot = world.bot(call.bot)?;
    bot.end_setting(409, OTHER);
    bot.end_poll(409, "Conflict: terminated by setWebhook request");
    let was_set = bot.erase_webhook();
    if wanted.drop_pending {
        world.drop_updates(call.bot, |_| true);
    }
    Ok(was_set)
}

/// Validates what is wanted and puts it in place. The old webhook is gone by now, whatever comes of this.
fn start(world: &mut World, call: &Call, wanted: &Wanted<'_>) -> Result<(), Refusal> {
    let parsed = WebhookUrl::parse(wanted.url)
        .ok_or_else(|| Refusal::bad("invalid webhook URL specified"))?;
    check_secret(wanted.secret)?;
    let size = wanted.certificate.map_or(0, <[u8]>::len);
    if size > LARGEST_CERTIFICATE {
        let text = format!("certificate size is too big ({size} bytes)");
        return Err(Refusal::bad(text));
    }
    subscribe(world.bot(call.bot)?, call);
    let target = reach(world, &parsed, wanted)
        .map_err(|reason| Refusal::bad(format!("bad webhook: {reason}")))?;
    let stop = world.stop.child_token();
    let look_up_at = world.next_look_up();
    world.bot(call.bot)?.webhook = Some(Webhook {
        url: wanted.url.to_owned(),
        parsed,
        target,
        fixed_address: wanted.fixed_address.to_owned(),
        max_connections: wanted.max_connections,
        secret: wanted.secret.to_owned(),
        has_certificate: wanted.certificate.is_some(),
        last_error: None,
        look_up_at,
        has_sender: false,
        wake: Arc::new(Notify::new()),
        stop,
    });
    // Nobody listens any more only while the simulator is being dropped.
    let _ = world.started.send(call.bot);
    Ok(())
}

fn check_secret(secret: &str) -> Result<(), Refusal> {
    if secret.len() > 256 {
        return Err(Refusal::bad("secret token is too long"));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !secret.bytes().all(allowed) {
        let text = "secret token contains unallowed characters";
        return Err(Refusal::bad(text));
    }
    Ok(())
}

/// What the webhook itself checks when it starts.
fn reach(world: &World, url: &WebhookUrl, wanted: &Wanted<'_>) -> Result<Target, String> {
    check_url(url)?;
    let target = world
        .resolve
        .webhook_target(&url.host, wanted.fixed_address)?;
    let pem = |text: &[u8]| {
        text.windows(27)
            .any(|window| window == b"-----BEGIN CERTIFICATE-----")
    };
    match wanted.certificate {
        Some(text) if !pem(text) => {
            Err("Failed to set custom certificate file{certificate.pem}".to_owned())
        }
        _ => Ok(target),
    }
}

fn check_url(url: &WebhookUrl) -> Result<(), &'static str> {
    if !url.https {
        return Err("An HTTPS URL must be provided for webhook");
    }
    if !PORTS.contains(&url.port) {
        return Err("Webhook can be set up only on ports 80, 88, 443 or 8443");
    }
    Ok(())
}

fn subscribe(bot: &mut Bot, call: &Call) {
    if let Some(allowed) = Allowed::read(call.get("allowed_updates")) {
        bot.allowed = allowed;
    }
}

fn done(description: &'static str) -> Done {
    Done {
        result: Value::Bool(true),
        description: Some(description),
    }
}
