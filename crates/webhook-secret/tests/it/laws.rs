//! What holds for every connection, project and registration.

use ids::{ConnectionId, ProjectId, TelegramBotId};
use proptest::prelude::*;
use webhook_secret::Registration;

use super::{registration, secrets};

fn connections() -> impl Strategy<Value = ConnectionId> {
    (0..1_u64 << 48, any::<[u8; 10]>())
        .prop_map(|(ms, random)| ConnectionId::from_parts(ms, random))
}

fn projects() -> impl Strategy<Value = ProjectId> {
    "prj_[0-9A-Za-z]{1,64}".prop_map(|id| id.parse().unwrap())
}

fn bots() -> impl Strategy<Value = TelegramBotId> {
    (1..1_i64 << 52).prop_map(TelegramBotId::new)
}

fn registrations() -> impl Strategy<Value = Registration> {
    (1..=u32::MAX, 1..=3_u32).prop_map(|(generation, key)| registration(generation, key))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_path_leads_back(connection in connections(), registration in registrations()) {
        let path = secrets().path(&connection, registration).unwrap();
        prop_assert_eq!(secrets().verify_path(path.expose()), Some((connection, registration)));
    }

    #[test]
    fn every_changed_character_of_a_path_is_refused(
        connection in connections(), registration in registrations(), by in 1..127_u8,
    ) {
        let secrets = secrets();
        let path = secrets.path(&connection, registration).unwrap();
        for at in 0..path.expose().len() {
            let mut bytes = path.expose().as_bytes().to_vec();
            bytes[at] = (bytes[at] + by) % 128;
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(secrets.verify_path(&changed), None, "{}", at);
        }
    }

    #[test]
    fn every_shorter_and_longer_path_is_refused(
        connection in connections(), registration in registrations(), more in "\\PC{1,8}",
    ) {
        let secrets = secrets();
        let path = secrets.path(&connection, registration).unwrap();
        for length in 0..path.expose().len() {
            prop_assert_eq!(secrets.verify_path(&path.expose()[..length]), None);
            prop_assert_eq!(secrets.verify_path(&path.expose()[length + 1..]), None);
        }
        prop_assert_eq!(secrets.verify_path(&format!("{}{more}", path.expose())), None);
    }

    #[test]
    fn another_connection_or_registration_has_another_path_secret(
        a in (connections(), registrations()), b in (connections(), registrations()),
    ) {
        prop_assume!(a != b);
        let secret = |(connection, registration): &(ConnectionId, Registration)| {
            let path = secrets().path(connection, *registration).unwrap();
            path.expose().rsplit('.').next().unwrap().to_owned()
        };
        prop_assert_eq!(secret(&a).len(), 22);
        prop_assert_ne!(secret(&a), secret(&b));
        prop_assert_ne!(secret(&a), secret(&(b.0, a.1)));
    }

    #[test]
    fn a_token_is_43_characters_of_telegrams_alphabet(
        project in projects(), bot in bots(), registration in registrations(),
    ) {
        let token = secrets().token(&project, bot, registration).unwrap();
        prop_assert_eq!(token.expose().len(), 43);
        prop_assert!(token.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        prop_assert!(secrets().verify_token(&project, bot, registration, token.expose().as_bytes()));
    }

    #[test]
    fn a_token_fits_one_context_alone(
        a in (projects(), bots(), registrations()), b in (projects(), bots(), registrations()), next in 1..=3_u32,
    ) {
        let secrets = secrets();
        let (project, bot, at) = a.clone();
        let token = secrets.token(&project, bot, at).unwrap();
        let token = token.expose().as_bytes();
        let refused = |project: &ProjectId, bot, at| !secrets.verify_token(project, bot, at, token);
        prop_assert!(b.0 == project || refused(&b.0, bot, at));
        prop_assert!(b.1 == bot || refused(&project, b.1, at));
        prop_assert!(b.2 == at || refused(&project, bot, b.2));
        let other_key = registration(at.generation.value(), next);
        prop_assert!(other_key == at || refused(&project, bot, other_key));
        let after = registration(at.generation.value().wrapping_add(1).max(1), at.key_id.value());
        prop_assert!(refused(&project, bot, after));
    }

    #[test]
    fn every_changed_shorter_and_longer_token_is_refused(
        project in projects(), bot in bots(), at in registrations(), by in 1..=255_u8, more in any::<u8>(),
    ) {
        let secrets = secrets();
        let token = secrets.token(&project, bot, at).unwrap();
        let token = token.expose().as_bytes();
        let accepted = |presented: &[u8]| secrets.verify_token(&project, bot, at, presented);
        for place in 0..token.len() {
            let mut changed = token.to_vec();
            changed[place] = changed[place].wrapping_add(by);
            prop_assert!(!accepted(&changed));
            prop_assert!(!accepted(&token[..place]));
        }
        prop_assert!(!accepted(&[token, &[more]].concat()));
        prop_assert!(!accepted(&[token, token].concat()));
    }

    #[test]
    fn no_text_makes_verification_panic(text in "\\PC{0,120}", tail in "[0-9A-Za-z./_-]{0,80}") {
        prop_assert_eq!(secrets().verify_path(&text), None);
        prop_assert_eq!(secrets().verify_path(&format!("/telegram/webhook/{tail}")), None);
    }
}
