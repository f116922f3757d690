//! The text form: what it accepts, and what it says about the rest.

use clock::Entropy;
use ids::KeyId;
use key_ring::{KeyRing, Purpose};
use proptest::prelude::*;

const A: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn comments_and_spaces_do_not_matter() {
    let ring = KeyRing::parse(&format!(
        "\n# mine\r\n  memberpass-telegram-keys v1  \n\n 7\tprimary  {A} \n# old\n2 open {A}\n1 retired\n"
    ))
    .unwrap();
    assert_eq!(
        format!("{ring:?}"),
        "KeyRing {KeyId(1): Retired, KeyId(2): Open, KeyId(7): Primary}"
    );
}

#[test]
fn what_is_written_is_read_again() {
    let (ring, _) = KeyRing::generate(KeyId::new(4), &Entropy::seeded(1))
        .add(&Entropy::seeded(2))
        .unwrap();
    let text = ring.to_text();
    let again = KeyRing::parse(&text).unwrap();
    assert_eq!(*again.to_text(), *text);
    for id in ring.ids() {
        assert_eq!(
            again.derive(Purpose::Vault, id).unwrap().expose(),
            ring.derive(Purpose::Vault, id).unwrap().expose()
        );
    }
}

#[test]
fn a_wrong_line_is_named_with_its_fix_and_not_repeated() {
    let short = &A[..42];
    let cases = [
        (
            String::new(),
            "line 1 of the key file: this is not the header",
        ),
        (
            format!("1 primary {A}"),
            "the first line must be `memberpass-telegram-keys v1`",
        ),
        (
            "memberpass-telegram-keys v2".into(),
            "the first line must be `memberpass-telegram-keys v1`",
        ),
        (with(&format!("2 open {A}")), "has no primary key"),
        (with(""), "has no primary key"),
        (
            with("1 primary"),
            "line 2 of the key file: a key's line has an id",
        ),
        (
            with(&format!("1 retired {A}")),
            "line 2 of the key file: a key's line has an id",
        ),
        (with("1"), "write it like `2 open <key>`"),
        (
            with(&format!("1 primary {A} {A}")),
            "write it like `2 open <key>`",
        ),
        (with(&format!("01 primary {A}")), "without leading zeros"),
        (with(&format!("0 primary {A}")), "the id is not a number"),
        (with(&format!("+1 primary {A}")), "the id is not a number"),
        (
            with(&format!("4294967296 primary {A}")),
            "the id is not a number",
        ),
        (with(&format!("primary {A}")), "the id is not a number"),
        (with(&format!("1 Primary {A}")), "the state is none of"),
        (with(&format!("1 primary {short}")), "43 characters"),
        (with(&format!("1 primary {A}A")), "43 characters"),
        (with(&format!("1 primary {A}=")), "43 characters"),
        (with(&format!("1 primary {short}B")), "43 characters"),
        (with(&format!("1 primary {short}+")), "43 characters"),
        (
            with(&format!("1 primary {A}\n1 open {A}")),
            "line 3 of the key file: this id",
        ),
        (
            with(&format!("1 open {A}\n1 primary {A}")),
            "line 3 of the key file: this id",
        ),
        (
            with(&format!("1 primary {A}\n\n2 primary {A}")),
            "line 4 of the key file: a second primary",
        ),
    ];
    for (text, expected) in cases {
        let error = KeyRing::parse(&text).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains(expected), "{text:?}: {said}");
        assert!(!said.contains("AAAA"), "{said}");
    }
}

fn with(lines: &str) -> String {
    format!("memberpass-telegram-keys v1\n{lines}")
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}", lines in "([0-9a-z #\n-]{0,60})") {
        let _ = KeyRing::parse(&text);
        let _ = KeyRing::parse(&with(&lines));
    }
}
