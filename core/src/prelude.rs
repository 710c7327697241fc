//! What most programs need: `use hamadryad::prelude::*;`. A host's prelude adds its own.

pub use crate::OnFailure::{self, Contain, Escalate};
pub use crate::OnFree::{self, Keep, Proceed};
pub use crate::{AnyNode, Ended, Node, Owned, Tree, hours, millis, secs};
