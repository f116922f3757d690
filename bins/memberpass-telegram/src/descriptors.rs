//! How many sockets the process may have open, and how they are shared out: Telegram's requests must not be locked out by
//! whoever opens many connections, nor the operator by either.

use http_listener::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit on open files to the hard one, and answers the limits of the public and of the private listener
/// under it.
pub(crate) fn share() -> (Limits, Limits) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let open = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    };
    let open = open.map_or(usize::MAX, |open| {
        usize::try_from(open).unwrap_or(usize::MAX)
    });
    let (public, private) = limits(open);
    if public.max_connections < Limits::default().max_connections {
        tracing::warn!(
            open_files = open,
            connections = public.max_connections,
            "few files may be open; raise the limit on open files (ulimit -n, LimitNOFILE=) for more connections"
        );
    }
    (public, private)
}

fn limits(open: usize) -> (Limits, Limits) {
    let ours = open.saturating_sub(RESERVED);
    let private = Limits {
        max_connections: (ours / 4).clamp(8, 256),
        ..Limits::default()
    };
    let public = Limits::default();
    let most = ours
        .saturating_sub(private.max_connections)
        .clamp(16, public.max_connections);
    let per_address = public.max_connections_per_address.min(most.div_ceil(2));
    (
        Limits {
            max_connections: most,
            max_connections_per_address: per_address,
            ..public
        },
        Limits {
            max_connections_per_address: private.max_connections,
            ..private
        },
    )
}

/// Databases, logs, and calls to the Bot API, of which the client makes 256 at once.
const RESERVED: usize = 384;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_listeners_and_what_is_reserved_fit_under_the_limit() {
        for open in [1_024, 4_096, 65_536] {
            let (public, private) = limits(open);
            assert!(
                public.max_connections + private.max_connections + RESERVED <= open,
                "{open}"
            );
            assert!(public.max_connections_per_address <= public.max_connections);
        }
        assert_eq!(
            limits(usize::MAX).0.max_connections,
            Limits::default().max_connections
        );
    }
}
