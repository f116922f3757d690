use ids::{Generation, KeyId, TelegramBotId};
use key_ring::{KeyRing, MasterKey};
use telegram_bot_api::Throttler;
use webhook_secret::{Registration, WebhookSecrets};

use super::*;

#[test]
fn of_a_rivals_address_its_host_alone_is_kept() {
    for (url, host) in [
        ("https://Evil.example/bot1:AAsecret", "evil.example"),
        ("https://evil.example:8443?token=1:AAsecret", "evil.example"),
        ("https://1:AAsecret@evil.example/", "evil.example"),
        ("evil.example/1:AAsecret", "evil.example"),
        ("https://[2001:db8::1]:88/x", "2001:db8::1"),
        ("https://evil.example\\1:AAsecret", "evil.example"),
        ("https:///1:AAsecret", "unknown"),
        ("https://böse.example/1:AAsecret", "unknown"),
    ] {
        assert_eq!(host_of(url).as_deref(), Some(host), "{url}");
    }
    assert_eq!(host_of(""), None);
}

#[test]
fn a_path_is_what_follows_the_host() {
    assert_eq!(path_of("https://a.example:88/b/c?d"), Some("/b/c?d"));
    assert_eq!(path_of("https://a.example"), None);
    assert_eq!(path_of("https://a.example?b"), None);
    assert_eq!(path_of(""), None);
}

#[test]
fn telegrams_words_lose_what_is_secret() {
    let words = "bad webhook: https://a.example/p/1.2.secret with token".to_owned();
    let kept = without(words, ["/p/1.2.secret", "token"]);
    assert_eq!(kept, "bad webhook: https://a.example(hidden) with (hidden)");
}

fn refused(code: u16, description: &str) -> Refusal {
    let description = description.to_owned();
    match code {
        401 => Refusal::Unauthorized { description },
        404 => Refusal::NotFound { description },
        429 => Refusal::Throttled {
            retry_after: Duration::from_secs(1),
            by: Throttler::Telegram,
        },
        500.. => Refusal::ServerFault {
            status: code,
            description,
        },
        code => Refusal::Refused {
            code,
            description,
            migrate_to_chat_id: None,
        },
    }
}

fn secret_token() -> SecretToken {
    let key_id = KeyId::new(1);
    let ring = KeyRing::new(key_id, MasterKey::from_bytes(&[7; 32]));
    let registration = Registration {
        generation: Generation::new(1),
        key_id,
    };
    let project = "prj_1".parse().unwrap();
    let secrets = WebhookSecrets::new(&ring);
    let secret = secrets.token(&project, TelegramBotId::new(1), registration);
    secret.unwrap()
}

/// An error as whoever handles it tells it from others.
fn kind(error: &Error) -> &'static str {
    match error {
        Error::TokenNotValid => "token",
        Error::TelegramUnavailable(_) => "later",
        Error::TelegramRefuses { why, .. } => why.code(),
        Error::WebhookRefused { why, .. } => why.code(),
        _ => "another",
    }
}

#[test]
fn each_refusal_of_a_token_is_told_apart() {
    for (code, description, means) in [
        (401, "Unauthorized", "token"),
        (401, "Unauthorized: invalid token specified", "token"),
        (404, "Not Found", "token"),
        (
            421,
            "Misdirected Request: unallowed token specified",
            "token",
        ),
        (
            401,
            "Unauthorized: invalid api-id/api-hash",
            "BOT_API_SERVER_MISCONFIGURED",
        ),
        (400, "Logged out", "BOT_LOGGED_OUT"),
        (400, "Bad Request: Logged out", "BOT_LOGGED_OUT"),
        (400, "Bad Request: FROZEN_METHOD_INVALID", "BOT_FROZEN"),
        (
            400,
            "Bad Request: the bot has already been closed",
            "TELEGRAM_REFUSED",
        ),
        (403, "Forbidden", "TELEGRAM_REFUSED"),
        (429, "Too Many Requests: retry after 9", "later"),
        (500, "Internal Server Error: restart", "later"),
        (502, "", "later"),
    ] {
        let error = meaning(refused(code, description), "getMe");
        assert_eq!(kind(&error), means, "{code} {description}");
    }
    // Only to getMe a 404 says anything about the token.
    let error = meaning(refused(404, "Not Found"), "getWebhookInfo");
    assert_eq!(kind(&error), "later");
}

#[test]
fn each_refusal_of_a_webhook_is_told_apart() {
    let secret = secret_token();
    let url = "https://bots.example.com/telegram/webhook/x/1.1.y";
    for (code, description, means) in [
        (
            400,
            "Bad Request: invalid webhook URL specified",
            "WEBHOOK_URL_NOT_VALID",
        ),
        (
            400,
            "Bad Request: bad webhook: Failed to resolve host: x",
            "WEBHOOK_NAME_NOT_RESOLVED",
        ),
        (400, "Bad Request: what is this", "WEBHOOK_REFUSED"),
        (400, "Bad Request: FROZEN_METHOD_INVALID", "BOT_FROZEN"),
        (400, "Logged out", "BOT_LOGGED_OUT"),
        (401, "Unauthorized", "token"),
        (
            401,
            "Unauthorized: invalid api-id/api-hash",
            "BOT_API_SERVER_MISCONFIGURED",
        ),
        (409, "Conflict: terminated by other setWebhook", "later"),
        (429, "Too Many Requests: retry after 1", "later"),
        (
            500,
            "Internal Server Error: failed to save certificate",
            "later",
        ),
    ] {
        let error = refused_webhook(refused(code, description), url, &secret);
        assert_eq!(kind(&error), means, "{code} {description}");
    }
    let quotes = format!("Bad Request: no {url} with {}", secret.expose());
    let error = refused_webhook(refused(400, &quotes), url, &secret).to_string();
    assert!(
        !error.contains("1.1.y") && !error.contains(secret.expose()),
        "{error}"
    );
}
