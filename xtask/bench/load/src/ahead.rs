//! A place ahead of whatever else this machine does meanwhile, where that is allowed.

use rustix::process::{Signal, set_parent_process_death_signal, setpriority_process, setsid};

/// As a nice value.
const AHEAD: i32 = -15;

/// Puts this process, and what it starts, ahead of others. Answers whether that was allowed.
///
/// Linux may schedule whole sessions against each other, so this becomes a session of its own; and as no signal of the
/// terminal reaches it there, it ends with who started it.
pub(crate) fn step() -> bool {
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    // The leader of a group cannot; then its session stays as it is.
    if setsid().is_ok() {
        // Not every kernel knows sessions.
        let _ = std::fs::write("/proc/self/autogroup", AHEAD.to_string());
    }
    setpriority_process(None, AHEAD).is_ok()
}
