use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::*;

fn is_json(text: &str) -> bool {
    let mut scan = Scan::new(text);
    scan.skip().and_then(|()| scan.end()).is_ok()
}

fn agrees(text: &str) -> Result<(), TestCaseError> {
    let judge = serde_json::from_str::<IgnoredAny>(text);
    prop_assert_eq!(is_json(text), judge.is_ok(), "{:?}: {:?}", text, judge);
    Ok(())
}

/// Pieces of JSON in any order: much of it wrong, and much of it nearly right.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"a\":",
        "\\",
        "\\\"",
        "\\u00e9",
        "\\u00",
        "\\ud800",
        "0",
        "-",
        "-0",
        "12",
        ".5",
        "e",
        "E+",
        "1e9",
        "true",
        "false",
        "null",
        "nul",
        " ",
        "\n",
        "\u{1}",
        "é",
        "\u{1f600}",
        "[]",
        "{}",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn it_judges_text_as_another_reader_does(text in pieces()) {
        agrees(&text)?;
    }

    #[test]
    fn it_judges_what_is_nearly_json_as_another_reader_does(
        inner in pieces(),
        place in 0_usize..80,
        gone in 0_usize..4,
    ) {
        let text = r#"{"a": [1, -2.5e3, {"b": "x\n\u0041", "c": null}], "d": {"e": [[], {}, "é"], "f": true}}"#;
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = |number: usize| starts[number.min(starts.len() - 1)];
        let (from, to) = (at(place), at(place + gone));
        agrees(text)?;
        agrees(&format!("{}{}{}", &text[..from], inner, &text[to..]))?;
    }
}

#[test]
fn a_fault_has_a_place() {
    for (text, at) in [
        ("", 0),
        ("[1 2]", 3),
        ("{\"a\" 1}", 5),
        ("\"\u{1}\"", 1),
        ("tru", 0),
        ("[\"\\x\"]", 3),
    ] {
        let mut scan = Scan::new(text);
        assert_eq!(scan.skip(), Err(NotJson { at }), "{text}");
    }
}

#[test]
fn nests_of_any_depth_close_in_order() {
    for depth in [1, 63, 64, 65, 128, 129, 1_000] {
        let open = |number: usize| {
            if number.is_multiple_of(3) {
                "{\"a\":"
            } else {
                "["
            }
        };
        let close = |number: usize| if number.is_multiple_of(3) { "}" } else { "]" };
        let opened: String = (0..depth).map(open).collect();
        let closed: String = (0..depth).rev().map(close).collect();
        assert!(is_json(&format!("{opened}1{closed}")), "{depth}");
        assert!(!is_json(&format!("{opened}1{}", &closed[1..])), "{depth}");
        assert!(!is_json(&format!("{opened}1{closed}]")), "{depth}");
        let swapped: String = closed
            .chars()
            .map(|c| if c == '}' { ']' } else { '}' })
            .collect();
        assert!(!is_json(&format!("{opened}1{swapped}")), "{depth}");
    }
}

#[test]
fn integers_are_told_from_other_numbers() {
    for (text, number) in [
        ("0", Number::Integer(0)),
        ("-9223372036854775808", Number::Integer(i64::MIN)),
        ("9223372036854775808", Number::TooBig),
        ("123456789012345678901234567890", Number::TooBig),
        ("1.0", Number::Not),
        ("1e3", Number::Not),
        ("[1]", Number::Not),
        ("\"1\"", Number::Not),
    ] {
        assert_eq!(Scan::new(text).number(), Ok(number), "{text}");
    }
}
