//! One spelling for one path.

use webhook_secret::{MAX_PATH_BYTES, PATH_PREFIX};

use super::{BOT, connection, project, registration, secrets};

#[test]
fn other_spellings_are_refused() {
    let secrets = secrets();
    let path = secrets.path(&connection(), registration(5, 1)).unwrap();
    let path = path.expose();
    assert_eq!(
        secrets.verify_path(path),
        Some((connection(), registration(5, 1)))
    );
    let swapped = [
        ("/1.5.", "/01.5."),
        ("/1.5.", "/1.05."),
        ("/1.5.", "/+1.5."),
        ("/1.5.", "/1.+5."),
        ("/1.5.", "/1.5.."),
        ("/1.5.", "/1..5."),
        ("/1.5.", "/.1.5."),
        ("/1.5.", "/1.5.1."),
        ("/1.5.", "/0.5."),
        ("/1.5.", "/1.0."),
        ("/1.5.", "/1,5,"),
        ("/1.5.", "/1.4294967301."),
        ("/1.5.", "/4294967297.5."),
        ("/1.5.", "/9.5."),
        ("/1.5.", "//1.5."),
        ("/1.5.", "/x/1.5."),
        ("/1.5.", "/"),
        ("/1.5.", ""),
        ("/telegram/", "/Telegram/"),
        ("/telegram/", "telegram/"),
        ("/telegram/", "//telegram/"),
        ("/telegram/", "/telegram//"),
        ("/telegram/", "/%74elegram/"),
        ("/telegram/", "https://example.com/telegram/"),
        ("bot_01", "bot_0l"),
        ("bot_01H", "bot_01h"),
        ("bot_", "BOT_"),
        ("bot_", ""),
        ("0BC/", "0B/"),
        ("0BC/", "0BCD/"),
        ("0BC/", "0Bä/"),
    ];
    for (from, to) in swapped {
        assert!(path.contains(from), "{from}");
        let other = path.replacen(from, to, 1);
        assert_eq!(secrets.verify_path(&other), None, "{from} to {to}");
    }
    for after in ["/", "?", "?a=b", "#", "=", " ", "\0", "A", "%00", "\u{e4}"] {
        assert_eq!(
            secrets.verify_path(&format!("{path}{after}")),
            None,
            "{after:?}"
        );
        assert_eq!(
            secrets.verify_path(&format!("{after}{path}")),
            None,
            "{after:?}"
        );
    }
    for junk in [
        "",
        "/",
        PATH_PREFIX,
        "*",
        "/telegram/webhook",
        &"/".repeat(1 << 20),
    ] {
        assert_eq!(secrets.verify_path(junk), None);
    }
}

#[test]
fn a_path_of_greatest_length_is_accepted() {
    let ring = key_ring::KeyRing::new(
        ids::KeyId::new(u32::MAX),
        key_ring::MasterKey::from_bytes(&[1; 32]),
    );
    let secrets = webhook_secret::WebhookSecrets::new(&ring);
    let last = registration(u32::MAX, u32::MAX);
    let path = secrets.path(&connection(), last).unwrap();
    assert_eq!(path.expose().len(), MAX_PATH_BYTES);
    assert_eq!(
        secrets.verify_path(path.expose()),
        Some((connection(), last))
    );
}

#[test]
fn without_a_key_or_a_generation_there_is_nothing() {
    let secrets = secrets();
    for none in [registration(1, 4), registration(0, 1)] {
        assert!(secrets.path(&connection(), none).is_none());
        assert!(secrets.token(&project(), BOT, none).is_none());
        assert!(!secrets.verify_token(&project(), BOT, none, b""));
    }
}
