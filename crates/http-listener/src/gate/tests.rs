use clock::Clock;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::seats::{LEAVING_AT_MOST, LOOKED_AT};

fn gate(max_connections: usize, max_connections_per_address: usize) -> Arc<Gate> {
    Gate::new(&Limits {
        max_connections,
        max_connections_per_address,
        ..Limits::default()
    })
}

fn peer(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn watch() -> Arc<Watch> {
    Arc::new(Watch::new(Clock::manual().0, Limits::default()))
}

/// A connection that nothing can evict.
fn proven(gate: &Arc<Gate>, peer: IpAddr) -> Option<Seat> {
    let watch = watch();
    watch.standing.prove();
    gate.enter(peer, &watch)
}

#[test]
fn a_seat_given_back_can_be_taken_again() {
    let gate = gate(3, 2);
    let first = proven(&gate, peer("2001:db8::1")).unwrap();
    let _second = proven(&gate, peer("2001:db8::2")).unwrap();
    let same = gate.enter(peer("2001:db8::3"), &watch());
    assert!(same.is_none(), "the same /64");
    let _other = proven(&gate, peer("192.0.2.1")).unwrap();
    assert!(gate.enter(peer("192.0.2.2"), &watch()).is_none(), "full");
    drop(first);
    assert_eq!(gate.open(), 2);
    assert!(gate.enter(peer("::ffff:192.0.2.1"), &watch()).is_some());
}

#[test]
fn no_more_leave_at_a_time_than_are_counted_on() {
    let gate = gate(1, 1);
    let address = peer("192.0.2.1");
    let mut seats: Vec<Seat> = (0..=LEAVING_AT_MOST)
        .map(|_| gate.enter(address, &watch()).unwrap())
        .collect();
    assert_eq!(gate.open(), 1 + LEAVING_AT_MOST);
    assert!(gate.enter(address, &watch()).is_none());
    drop(seats.remove(0));
    assert!(gate.enter(address, &watch()).is_some());
}

#[test]
fn thousands_of_the_proven_are_passed_over_once() {
    let gate = gate(8_192, 8_192);
    let address = peer("192.0.2.1");
    let seats: Vec<Seat> = (0..8_191)
        .map(|_| proven(&gate, address).unwrap())
        .collect();
    let stranger = watch();
    let _stranger = gate.enter(address, &stranger).unwrap();
    let _newcomer = gate.enter(address, &watch()).unwrap();
    assert!(stranger.standing.is_evicted());
    assert!(seats.iter().all(|seat| seat.watch.standing.is_proven()));
    assert_eq!(gate.seats().listed(), 1, "the newcomer alone");
}

#[derive(Clone, Debug)]
enum Step {
    Enter(u8),
    /// A service gets a request, if it has none.
    Ask(Index),
    /// It answers, with success or without.
    Answer(Index, bool),
    Leave(Index),
}

fn step() -> impl Strategy<Value = Step> {
    let any_index = any::<Index>;
    prop_oneof![
        5 => (0..3_u8).prop_map(Step::Enter),
        4 => any_index().prop_map(Step::Ask),
        3 => (any_index(), any::<bool>()).prop_map(|(which, well)| Step::Answer(which, well)),
        1 => any_index().prop_map(Step::Leave),
    ]
}

/// What one connection is, said as plainly as can be.
struct Known {
    seat: Seat,
    address: u8,
    asked: bool,
    proven: bool,
    evicted: bool,
}

const MAX: usize = 14;
const MAX_PER_ADDRESS: usize = 10;

/// The whole of it: all connections in order of age.
fn enter(all: &mut [Known], address: u8) -> bool {
    let staying = all.iter().filter(|one| !one.evicted).count();
    let of_address = all
        .iter()
        .filter(|one| !one.evicted && one.address == address)
        .count();
    let of_address_only = of_address >= MAX_PER_ADDRESS;
    if !of_address_only && staying < MAX {
        return true;
    }
    let mut unproven: Vec<&mut Known> = all
        .iter_mut()
        .filter(|one| !one.proven && !one.evicted)
        .filter(|one| !of_address_only || one.address == address)
        .collect();
    let idle = unproven
        .iter()
        .take(LOOKED_AT)
        .position(|one| !one.asked)
        .unwrap_or(0);
    unproven
        .get_mut(idle)
        .map(|one| one.evicted = true)
        .is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_gate_does_as_the_model(steps in prop::collection::vec(step(), 1..200)) {
        let gate = gate(MAX, MAX_PER_ADDRESS);
        let mut all: Vec<Known> = Vec::new();
        for step in steps {
            match step {
                Step::Enter(address) => {
                    let seat = gate.enter(IpAddr::from([192, 0, 2, address]), &watch());
                    prop_assert_eq!(seat.is_some(), enter(&mut all, address));
                    all.extend(seat.map(|seat| Known {
                        seat,
                        address,
                        asked: false,
                        proven: false,
                        evicted: false,
                    }));
                }
                _ if all.is_empty() => {}
                Step::Ask(which) => {
                    let one = which.get_mut(&mut all);
                    one.seat.watch.request_came();
                    one.asked = true;
                }
                Step::Answer(which, well) => {
                    let one = which.get_mut(&mut all);
                    if std::mem::take(&mut one.asked) {
                        one.seat.watch.answered(well);
                        one.seat.watch.answer_ended();
                        one.proven |= well && !one.evicted;
                    }
                }
                Step::Leave(which) => drop(all.remove(which.index(all.len()))),
            }
            for one in &all {
                let standing = &one.seat.watch.standing;
                prop_assert_eq!(standing.is_evicted(), one.evicted);
                prop_assert_eq!(standing.is_proven(), one.proven);
            }
            prop_assert_eq!(gate.open(), all.len());
        }
        drop(all);
        prop_assert!(gate.seats().is_empty());
    }
}
