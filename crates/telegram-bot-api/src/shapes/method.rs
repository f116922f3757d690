//! A method: a structure with required and optional parameters.

/// Makes a method. `uploads` names the parameters that may hold files.
macro_rules! method {
    (
        $(#[$meta:meta])*
        $name:ident $method:literal -> $output:ty $(, uploads { $($upload:ident),* })?;
        $($fields:tt)*
    ) => {
        $crate::shapes::object_struct! { $(#[$meta])* #[derive(Clone, PartialEq)] $name { $($fields)* } }
        // Parameters are messages, names and now and then a secret: nothing for a log.
        $crate::shapes::object_quiet! { $name }
        $crate::shapes::object_new! { $name { $($fields)* } }
        $crate::shapes::object_write! { $name { $($fields)* } }

        impl $crate::Method for $name {
            const NAME: &'static str = $method;
            type Output = $output;

            $(fn uploads(&self) -> Vec<$crate::Upload> {
                let mut found = Vec::new();
                $($crate::held_uploads::HeldUploads::collect(&self.$upload, &mut found);)*
                found
            })?
        }
    };
}

pub(crate) use method;
