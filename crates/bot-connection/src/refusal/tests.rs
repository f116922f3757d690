use std::collections::BTreeSet;

use super::*;

#[test]
fn each_refusal_of_a_webhook_is_known_by_its_words() {
    use WebhookRefusal as R;
    let table = [
        ("invalid webhook URL specified", R::UrlNotValid),
        ("secret token is too long", R::SecretTokenNotValid),
        (
            "secret token contains unallowed characters",
            R::SecretTokenNotValid,
        ),
        (
            "certificate size is too big (3145729 bytes)",
            R::CertificateNotValid,
        ),
        (
            "bad webhook: An HTTPS URL must be provided for webhook",
            R::NotHttps,
        ),
        (
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
            R::PortNotAllowed,
        ),
        (
            "bad webhook: Failed to resolve host: Name or service not known",
            R::NameNotResolved,
        ),
        (
            "bad webhook: Failed to resolve host: Temporary failure in name resolution",
            R::NameNotResolved,
        ),
        (
            "bad webhook: IPv6-only addresses are not allowed",
            R::NoIpv4Address,
        ),
        (
            "bad webhook: IP address 10.0.0.1 is reserved",
            R::AddressReserved,
        ),
        (
            "bad webhook: Invalid IP address specified",
            R::AddressNotValid,
        ),
        (
            "bad webhook: Host can't be converted to ASCII",
            R::NameNotValid,
        ),
        ("bad webhook: Host is too long", R::NameNotValid),
        (
            "bad webhook: Failed to set custom certificate file{certificate.pem}",
            R::CertificateNotValid,
        ),
        ("something that nobody has seen", R::Other),
        ("", R::Other),
    ];
    for (words, refusal) in table {
        let said = format!("Bad Request: {words}");
        assert_eq!(WebhookRefusal::of(&said), refusal, "{said}");
        assert_eq!(BotRefusal::of(&said), None, "{said}");
    }
    let seen: BTreeSet<_> = table.iter().map(|(_, refusal)| refusal.code()).collect();
    assert_eq!(seen.len(), WebhookRefusal::ALL.len(), "every one was met");
}

#[test]
fn each_refusal_of_a_bot_is_known_by_its_words() {
    for (said, refusal) in [
        (
            "Bad Request: FROZEN_METHOD_INVALID",
            Some(BotRefusal::Frozen),
        ),
        ("Logged out", Some(BotRefusal::LoggedOut)),
        (
            "Unauthorized: invalid api-id/api-hash",
            Some(BotRefusal::ServerMisconfigured),
        ),
        ("Unauthorized", None),
        ("Bad Request: the bot has already been closed", None),
    ] {
        assert_eq!(BotRefusal::of(said), refusal, "{said}");
    }
}

#[test]
fn each_has_a_code_of_its_own_a_sentence_and_a_fix() {
    let bots = BotRefusal::ALL.map(|why| (why.code(), why.sentence(), why.fix()));
    let webhooks = WebhookRefusal::ALL.map(|why| (why.code(), why.sentence(), why.fix()));
    let all = || bots.iter().chain(&webhooks);
    for (code, sentence, fix) in all() {
        assert!(
            code.bytes()
                .all(|byte| byte.is_ascii_uppercase() || b"_46".contains(&byte)),
            "{code}"
        );
        for text in [sentence, fix] {
            assert!(
                text.starts_with(char::is_uppercase) && text.ends_with('.'),
                "{text}"
            );
        }
    }
    let codes: BTreeSet<_> = all().map(|(code, _, _)| code).collect();
    assert_eq!(codes.len(), bots.len() + webhooks.len());
}
