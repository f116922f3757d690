//! What became of changes whose callers had been told 202 by then: they ask again, and shall learn of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ids::ProjectId;

use crate::error::ApiError;

/// How a change ended that took longer than its caller waited.
#[derive(Clone)]
pub(crate) enum Late {
    Done {
        warnings: Vec<String>,
    },
    Failed {
        code: &'static str,
        message: String,
        remediation: &'static str,
    },
}

/// The last such change of each project, in memory until the next one; as many as fit. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct LateOnes(Arc<Mutex<HashMap<ProjectId, Late>>>);

impl LateOnes {
    pub(crate) fn keep(&self, project: ProjectId, late: Late) {
        let mut held = self.lock();
        if held.len() < MOST || held.contains_key(&project) {
            held.insert(project, late);
        }
    }

    pub(crate) fn of(&self, project: &ProjectId) -> Option<Late> {
        self.lock().get(project).cloned()
    }

    /// A new change begins.
    pub(crate) fn forget(&self, project: &ProjectId) {
        self.lock().remove(project);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ProjectId, Late>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<ApiError> for Late {
    fn from(error: ApiError) -> Self {
        let ApiError {
            code,
            message,
            remediation,
            ..
        } = error;
        Self::Failed {
            code,
            message,
            remediation,
        }
    }
}

const MOST: usize = 10_000;
