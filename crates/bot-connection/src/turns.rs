//! One operation at a time per project.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use ids::ProjectId;

/// Who is having a turn. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<HashSet<ProjectId>>>);

/// A project's turn; over when dropped.
pub(crate) struct Turn {
    turns: Turns,
    project: ProjectId,
}

impl Turns {
    /// The project's turn, unless somebody else has it.
    pub(crate) fn take(&self, project: &ProjectId) -> Option<Turn> {
        let mut busy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        busy.insert(project.clone()).then(|| Turn { turns: self.clone(), project: project.clone() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.project);
    }
}
