//! Other secrets than bot tokens: the same format, places of their own.

use clock::Entropy;
use ids::{KeyId, ProjectId, TelegramBotId, TokenVersion};
use key_ring::KeyRing;
use proptest::prelude::*;
use token_vault::{OpenError, SealedSecret, SealedToken, SecretContext, TokenContext, TokenVault};

use super::known::unhex;
use super::{TOKEN, place, project, vault};

/// Key 1 is 07…07, the salt 09…09, the secret 00 to 1f: computed as those of the bot tokens, outside this crate.
const SEALED: &str = "4d5054000101000000010909090909090909090909090909090909090909090909090909090909090909d7163ba02ea6809025c9ef3b2fda929c3204b292bdbd79d74cfbb81bab4330db20607c687605d6cf3914eaa1580938406612304d5f3b2ca1059423c87fceb1517658fe79b1490a027652d09981208ed3";
/// Key 4294967295 is 08…08, the salt ff…ff, everything in the place is empty, and so is the secret.
const EMPTY: &str = "4d5054000101fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff49c0e0a9fb842a4cbdf4114414888d5ba8b3cff4880f2c9c2ee9f2ec2d469b3eed8b320d520d51ec1e0805cc6d03af3";

const SIGNING: SecretContext<'_> = SecretContext {
    owner: "whe_01JDXQ0000000000000000000A",
    field: "webhook_endpoint.signing",
    version: 1,
};

#[test]
fn secrets_that_others_sealed_open() {
    let sealed = SealedSecret::from_bytes(unhex(SEALED)).unwrap();
    let opened = vault(1, 7).open_secret(&SIGNING, &sealed).unwrap();
    assert_eq!(opened[..], (0..32).collect::<Vec<u8>>());

    let sealed = SealedSecret::from_bytes(unhex(EMPTY)).unwrap();
    let nowhere = SecretContext {
        owner: "",
        field: "",
        version: u32::MAX,
    };
    let opened = vault(u32::MAX, 8).open_secret(&nowhere, &sealed).unwrap();
    assert_eq!(opened[..], *b"");
}

#[test]
fn a_rewrapped_secret_is_the_same_under_the_new_key() {
    let entropy = Entropy::seeded(3);
    let old = KeyRing::generate(KeyId::new(1), &entropy);
    let sealed = TokenVault::new(&old, entropy.clone()).seal_secret(&SIGNING, b"secret");
    let (both, second) = old.add(&entropy).unwrap();
    let promoted = both.promote(second).unwrap();
    let vault = TokenVault::new(&promoted, entropy.clone());
    let moved = vault.rewrap_secret(&SIGNING, &sealed).unwrap();
    assert_eq!((sealed.key_id(), moved.key_id()), (KeyId::new(1), second));

    let retired = TokenVault::new(&promoted.retire(KeyId::new(1)).unwrap(), entropy);
    assert_eq!(
        retired.open_secret(&SIGNING, &moved).unwrap()[..],
        *b"secret"
    );
    assert_eq!(retired.rewrap_secret(&SIGNING, &sealed), Err(OpenError));
    assert_eq!(format!("{moved:?}"), "SealedSecret(under KeyId(2))");
}

#[test]
fn a_token_and_a_secret_do_not_open_in_the_others_place() {
    let vault = vault(1, 7);
    let project = project();
    let token = vault.seal(&place(&project), TOKEN);
    let secret = vault.seal_secret(&SIGNING, TOKEN);
    // The words of a bot token's place, as near as another place comes to it.
    let bot = place(&project).telegram_bot_id.to_string();
    let owners = [project.as_str(), &bot, ""];
    let token = SealedSecret::from_bytes(token.into_bytes()).unwrap();
    for owner in owners {
        let near = SecretContext {
            owner,
            field: TokenContext::BOT_TOKEN,
            version: 1,
        };
        assert_eq!(vault.open_secret(&near, &token), Err(OpenError));
    }
    let secret = SealedToken::from_bytes(secret.into_bytes()).unwrap();
    assert_eq!(vault.open(&place(&project), &secret), Err(OpenError));
}

fn contexts() -> impl Strategy<Value = (String, String, u32)> {
    (".{0,12}", ".{0,12}", any::<u32>())
}

fn context((owner, field, version): &(String, String, u32)) -> SecretContext<'_> {
    SecretContext {
        owner,
        field,
        version: *version,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_secret_opens_in_its_place_alone(a in contexts(), b in contexts()) {
        let vault = vault(1, 7);
        let sealed = vault.seal_secret(&context(&a), TOKEN);
        let places = [
            (b.0.clone(), a.1.clone(), a.2),
            (a.0.clone(), b.1.clone(), a.2),
            (a.0.clone(), a.1.clone(), a.2.wrapping_add(1)),
            (a.1.clone(), a.0.clone(), a.2),
            (format!("{}{}", a.0, a.1), String::new(), a.2),
            a.clone(),
            b,
        ];
        for other in places {
            let opened = vault.open_secret(&context(&other), &sealed);
            prop_assert_eq!(opened.is_ok(), other == a);
        }
    }

    #[test]
    fn no_place_is_of_both_kinds(
        project in "prj_[0-9A-Za-z]{1,64}",
        bot in any::<i64>(),
        (owner, field, version) in contexts(),
    ) {
        let vault = vault(1, 7);
        let project: ProjectId = project.parse().unwrap();
        let of_token = TokenContext {
            project: &project,
            telegram_bot_id: TelegramBotId::new(bot),
            field: &field,
            token_version: TokenVersion::new(version),
        };
        let token = vault.seal(&of_token, TOKEN).into_bytes();
        let here = SecretContext { owner: &owner, field: &field, version };
        let token = SealedSecret::from_bytes(token).unwrap();
        prop_assert_eq!(vault.open_secret(&here, &token), Err(OpenError));
        let secret = vault.seal_secret(&here, TOKEN).into_bytes();
        let secret = SealedToken::from_bytes(secret).unwrap();
        prop_assert_eq!(vault.open(&of_token, &secret), Err(OpenError));
    }
}
