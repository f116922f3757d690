//! The files that parameters hold, however deep.

use crate::{InputFile, Upload};

/// What may hold files to send along with a call.
pub(crate) trait HeldUploads {
    fn collect(&self, found: &mut Vec<Upload>);
}

impl HeldUploads for InputFile {
    fn collect(&self, found: &mut Vec<Upload>) {
        found.extend(self.upload().cloned());
    }
}

impl<T: HeldUploads> HeldUploads for Option<T> {
    fn collect(&self, found: &mut Vec<Upload>) {
        self.iter().for_each(|value| value.collect(found));
    }
}

impl<T: HeldUploads> HeldUploads for Vec<T> {
    fn collect(&self, found: &mut Vec<Upload>) {
        self.iter().for_each(|value| value.collect(found));
    }
}

impl<T: HeldUploads> HeldUploads for Box<T> {
    fn collect(&self, found: &mut Vec<Upload>) {
        (**self).collect(found);
    }
}

/// Says which fields of an object, or which members of a union, may hold files.
macro_rules! held_uploads {
    ($name:ident { $($field:ident),* }) => {
        impl $crate::held_uploads::HeldUploads for $name {
            fn collect(&self, found: &mut Vec<$crate::Upload>) {
                $($crate::held_uploads::HeldUploads::collect(&self.$field, found);)*
            }
        }
    };
    ($name:ident by $($variant:ident)|+) => {
        impl $crate::held_uploads::HeldUploads for $name {
            fn collect(&self, found: &mut Vec<$crate::Upload>) {
                match self {
                    $(Self::$variant(value) => $crate::held_uploads::HeldUploads::collect(value, found),)*
                    _ => {}
                }
            }
        }
    };
}

pub(crate) use held_uploads;
