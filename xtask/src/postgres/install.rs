//! Installing Postgres with the system's package manager.

use anyhow::Result;

use crate::apt;

/// The package that has Postgres's server programs.
pub(crate) const PACKAGE: &str = "postgresql";

/// Read by Debian's packages when they are installed.
const SETTINGS: &str = "/etc/postgresql-common/createcluster.d";
const NO_MAIN_CLUSTER: &str = "create_main_cluster = false\n";

/// Installs Postgres's programs, and keeps Debian from making and starting a cluster of its own. The setting is gone afterwards: what the
/// machine's owner installs later is their affair.
pub(crate) fn install() -> Result<()> {
    apt::install(PACKAGE, |sudo| {
        let setting = format!("{SETTINGS}/no-main-cluster.conf");
        format!(
            "{sudo}mkdir -p {SETTINGS}\n\
             printf '{NO_MAIN_CLUSTER}' | {sudo}tee {setting} >/dev/null\n\
             trap '{sudo}rm -f {setting}' EXIT\n"
        )
    })
}
