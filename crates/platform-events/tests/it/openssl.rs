//! Signatures as somebody else computes them.

use std::fmt::Write as _;
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::receiver::Request;

/// What `MP-Signature` must be for a request, if these secrets sign it: the current one, and the one before.
pub(crate) async fn signature(request: &Request, current: &str, previous: Option<&str>) -> String {
    let header = request.header("mp-signature");
    let (time, _) = header.split_once(',').unwrap();
    let t = time.strip_prefix("t=").unwrap();
    let _seconds: i64 = t.parse().unwrap();
    let mut message = format!("{t}.").into_bytes();
    message.extend_from_slice(&request.body);
    let mut signature = format!("t={t},v1={}", hmac_sha256(current, &message).await);
    if let Some(previous) = previous {
        let _ = write!(signature, ",v0={}", hmac_sha256(previous, &message).await);
    }
    signature
}

/// HMAC-SHA256 in hexadecimal, by OpenSSL's command line.
async fn hmac_sha256(key: &str, message: &[u8]) -> String {
    let mut hex = String::new();
    for byte in key.as_bytes() {
        let _ = write!(hex, "{byte:02x}");
    }
    let spawned = Command::new("openssl")
        .args(["dgst", "-sha256", "-mac", "HMAC", "-macopt"])
        .arg(format!("hexkey:{hex}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut openssl) = spawned else {
        panic!("these tests check signatures with OpenSSL's command line: install `openssl`");
    };
    let mut stdin = openssl.stdin.take().unwrap();
    stdin.write_all(message).await.unwrap();
    drop(stdin);
    let output = openssl.wait_with_output().await.unwrap();
    assert!(output.status.success(), "openssl dgst failed");
    let told = String::from_utf8(output.stdout).unwrap();
    told.rsplit("= ").next().unwrap().trim().to_owned()
}

#[tokio::test]
async fn openssl_gives_what_rfc_4231_gives() {
    // Test case 2.
    assert_eq!(
        hmac_sha256("Jefe", b"what do ya want for nothing?").await,
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}
