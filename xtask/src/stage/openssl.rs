//! OpenSSL's command line: somebody else's code that says whether a signature is right.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::apt;
use crate::command::in_path;

/// The age from which on whoever hears of an event must refuse it.
const STALE_SECONDS: u64 = 300;

/// The program.
#[derive(Clone, Debug)]
pub(crate) struct OpenSsl(PathBuf);

impl OpenSsl {
    /// Sees to it that it is there, installing it when it is missing and `install` says so.
    pub(crate) fn ready(install: bool) -> Result<()> {
        if in_path("openssl").is_none() && install {
            apt::install("openssl", |_| String::new())?;
        }
        Self::find().map(drop)
    }

    /// Finds it, or says what to install.
    pub(crate) fn find() -> Result<Self> {
        let program = in_path("openssl").context(
            "the signatures of events are verified with OpenSSL's command line, which is not in PATH: install the package \
             `openssl` (`apt-get install openssl`, `dnf install openssl`, `brew install openssl`)",
        )?;
        Ok(Self(program))
    }

    /// Fails, and says why, unless this value of `MP-Signature` was made for this body with this secret, and lately.
    pub(crate) fn verify(
        &self,
        signature: &str,
        secret: &str,
        body: &[u8],
        now_seconds: u64,
    ) -> Result<()> {
        let part = |name: &str| {
            let mut parts = signature.split(',').filter_map(|part| part.split_once('='));
            parts.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let at = part("t").context("the signature has no time")?;
        let seconds: u64 = at.parse().context("the signature's time is no number")?;
        ensure!(
            seconds.abs_diff(now_seconds) <= STALE_SECONDS,
            "the signature was made at {seconds}, and now it is {now_seconds}"
        );
        let told = part("v1").context("the signature has no v1")?;
        let message = [at.as_bytes(), b".", body].concat();
        let wanted = self.hmac_sha256(secret, &message)?;
        ensure!(told == wanted, "OpenSSL signs this body otherwise");
        Ok(())
    }

    /// In hexadecimal. The key is seen by whoever may list this machine's processes: it is for secrets that last as long as a demo.
    fn hmac_sha256(&self, key: &str, message: &[u8]) -> Result<String> {
        let mut child = Command::new(&self.0)
            .args(["dgst", "-sha256", "-hmac", key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start `openssl`")?;
        let mut stdin = child.stdin.take().context("`openssl` does not listen")?;
        stdin.write_all(message)?;
        drop(stdin);
        let output = child.wait_with_output()?;
        ensure!(
            output.status.success(),
            "`openssl dgst` failed: {}",
            output.status
        );
        let text = String::from_utf8(output.stdout).context("`openssl` wrote no text")?;
        let digest = text.trim().rsplit(' ').next().unwrap_or_default();
        ensure!(
            digest.len() == 64,
            "`openssl dgst` wrote something that is no digest"
        );
        Ok(digest.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const RIGHT: &str =
        "t=1767225600,v1=cacd488a08c740d629f2ed64a673f52b34914ace304b69d2a7e1b02d63bac07c";
    const NOW: u64 = 1_767_225_700;

    #[test]
    fn a_right_signature_is_told_from_wrong_and_stale_ones() {
        let openssl = OpenSsl::find().unwrap();
        let verify = |signature: &str, body, now| {
            openssl
                .verify(signature, "whsec_new", body, now)
                .map_err(|error| error.to_string())
        };
        assert_eq!(verify(RIGHT, BODY, NOW), Ok(()));
        let with_old = format!("{RIGHT},v0=cc8eec4a");
        assert_eq!(verify(&with_old, BODY, NOW), Ok(()));
        let otherwise = Err("OpenSSL signs this body otherwise".to_owned());
        assert_eq!(verify(RIGHT, b"{}", NOW), otherwise);
        assert_eq!(verify(&RIGHT.replace("5600", "5601"), BODY, NOW), otherwise);
        assert!(verify(RIGHT, BODY, NOW + STALE_SECONDS).is_err());
        assert!(verify("v1=ca", BODY, NOW).is_err());
        assert!(verify("t=1767225600,v0=ca", BODY, NOW).is_err());
    }
}
