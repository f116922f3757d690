//! Each crate stands on a floor and depends on crates of lower floors only; a few dependencies are for a few crates only.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::metadata::Package;

/// The floors, from the ground up (docs/ARCHITECTURE.md says why each crate stands where it does).
const FLOORS: [&[&str]; 10] = [
    &["clock", "ids"],
    &[
        "http-listener",
        "key-ring",
        "outbound-http",
        "store",
        "telegram-bot-api",
    ],
    &[
        "telegram-simulator",
        "token-vault",
        "update-dispatcher",
        "webhook-secret",
    ],
    &[
        "connection-directory",
        "platform-events",
        "request-log",
        "update-inbox",
    ],
    &["bot-sender"],
    &["bot-connection", "webhook-ingress"],
    &["bot-health", "key-rotation"],
    &["management-api"],
    &["memberpass-telegram", "telegram-simulator-server"],
    &["xtask"],
];

/// Crates that a domain crate with tables of its own, and nobody else, may depend on; see also `deny.toml`.
const RESERVED: [Reserved; 7] = [
    Reserved {
        names: &["hyper", "hyper-util", "hyper-rustls"],
        users: &[
            "http-listener",
            "management-api",
            "memberpass-telegram",
            "outbound-http",
            "telegram-bot-api",
            "telegram-simulator",
            "telegram-simulator-server",
            "webhook-ingress",
        ],
        why: "HTTP is spoken at the edges only; use `http`'s types, or move the code to one of them",
    },
    Reserved {
        names: &["ring"],
        users: &["token-vault"],
        why: "sealing is the token vault's work; call it",
    },
    Reserved {
        names: &["diesel"],
        users: &[
            "bot-health",
            "connection-directory",
            "ids",
            "management-api",
            "platform-events",
            "request-log",
            "store",
            "update-inbox",
        ],
        why: "only crates that own tables write queries; ask the table's owner for what is missing",
    },
    Reserved {
        names: &[
            "diesel-async",
            "diesel_migrations",
            "libsqlite3-sys",
            "tokio-postgres",
        ],
        users: &["store"],
        why: "backends are store's affair; use its connections",
    },
    Reserved {
        names: &["clap", "anyhow"],
        users: &["memberpass-telegram", "telegram-simulator-server", "xtask"],
        why: "libraries have typed errors and no command line",
    },
    Reserved {
        names: &["tracing-subscriber"],
        users: &["memberpass-telegram", "telegram-simulator-server"],
        why: "only a program decides where its log goes",
    },
    Reserved {
        names: &[
            "openssl",
            "openssl-sys",
            "native-tls",
            "aws-lc-rs",
            "async-trait",
        ],
        users: &[],
        why: "TLS is rustls with ring, and traits have async functions by themselves",
    },
];

struct Reserved {
    names: &'static [&'static str],
    users: &'static [&'static str],
    why: &'static str,
}

pub(crate) fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = stale(packages);
    for package in packages {
        match floor(&package.name) {
            None => findings.push(Finding::new(
                &package.manifest_path,
                format!("{} stands on no floor", package.name),
                "give it a floor in xtask/src/tidy/floors.rs and docs/ARCHITECTURE.md",
            )),
            Some(floor) => findings.extend(arrows(package, floor)),
        }
        findings.extend(reserved(package));
    }
    findings
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|crates| crates.contains(&name))
}

/// Names in the table that are no crate any more.
fn stale(packages: &[Package]) -> Vec<Finding> {
    let names: BTreeSet<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let gone = FLOORS
        .iter()
        .copied()
        .flatten()
        .filter(|name| !names.contains(*name));
    gone.map(|name| {
        let what = format!("{name} has a floor, but is no crate of the workspace");
        Finding::new("xtask/src/tidy/floors.rs", what, "take it out of the table")
    })
    .collect()
}

/// Dependencies of tests are free: a test may look down from above.
fn arrows(package: &Package, floor_of_package: usize) -> Vec<Finding> {
    let ours = package
        .built_with()
        .filter_map(|name| Some((name, floor(name)?)));
    ours.filter(|(_, other)| *other >= floor_of_package)
        .map(|(name, other)| {
            let what = format!(
                "{} (floor {floor_of_package}) depends on {name} (floor {other})",
                package.name
            );
            let mend = "arrows go to lower floors only: pass what it needs from above, or move the code down";
            Finding::new(&package.manifest_path, what, mend)
        })
        .collect()
}

fn reserved(package: &Package) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in package.built_with() {
        for rule in RESERVED.iter().filter(|rule| rule.names.contains(&name)) {
            if !rule.users.contains(&package.name.as_str()) {
                let what = format!("{} may not depend on {name}", package.name);
                findings.push(Finding::new(&package.manifest_path, what, rule.why));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::metadata::package;

    fn messages(packages: &[Package]) -> Vec<String> {
        let findings = check(packages)
            .into_iter()
            .map(|finding| finding.to_string());
        findings
            .filter(|finding| !finding.contains("is no crate of the workspace"))
            .collect()
    }

    #[test]
    fn arrows_go_down() {
        assert!(messages(&[package("store", &["clock", "diesel"])]).is_empty());
        assert!(messages(&[package("store", &["update-inbox"])])[0].contains("floor 1"));
        assert!(
            messages(&[package("store", &["key-ring"])])[0].contains("arrows go to lower floors")
        );
    }

    #[test]
    fn every_crate_has_a_floor_and_every_floor_its_crates() {
        assert!(messages(&[package("newcomer", &[])])[0].contains("stands on no floor"));
        assert!(
            check(&[])[0]
                .to_string()
                .contains("is no crate of the workspace")
        );
    }

    #[test]
    fn some_dependencies_are_for_some_crates() {
        assert!(messages(&[package("bot-sender", &["hyper"])])[0].contains("hyper"));
        assert!(
            messages(&[package("bot-sender", &["diesel-async"])])[0].contains("store's affair")
        );
        assert!(messages(&[package("http-listener", &["hyper"])]).is_empty());
    }
}
