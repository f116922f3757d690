//! What is told of updates, taken apart so that what cannot be written holds up as little as possible.

use std::collections::BTreeMap;

use update_dispatcher::{LaneKey, Seq};

use crate::ends::Ends;

/// Takes out what sessions depend on, lane by lane: changes of one session are made one from the other, so the ends that they
/// ride with are written together or not at all.
pub(crate) fn take_lanes(ends: &mut Ends) -> Vec<Ends> {
    if ends.sessions.is_empty() {
        return Vec::new();
    }
    let mut lanes: BTreeMap<LaneKey, Ends> = BTreeMap::new();
    let mut lane_of: BTreeMap<Seq, LaneKey> = BTreeMap::new();
    for told in std::mem::take(&mut ends.sessions) {
        let lane = told.change.lane.clone();
        lane_of.insert(told.seq, lane.clone());
        lanes.entry(lane).or_default().sessions.push(told);
    }
    ends.finished.retain(|seq| match lane_of.get(seq) {
        Some(lane) => {
            lanes.entry(lane.clone()).or_default().finished.push(*seq);
            false
        }
        None => true,
    });
    for (seq, end) in std::mem::take(&mut ends.others) {
        let place = match lane_of.get(&seq) {
            Some(lane) => lanes.entry(lane.clone()).or_default(),
            None => &mut *ends,
        };
        place.others.insert(seq, end);
    }
    lanes.into_values().collect()
}
