//! What all handles have in common.

/// Makes a `Copy` struct with a field `io` a handle: it derefs to the node, converts into it, and prints as it.
macro_rules! handle {
    ($name:ident) => {
        impl ::std::ops::Deref for $name {
            type Target = ::hamadryad::AnyNode;

            fn deref(&self) -> &::hamadryad::AnyNode {
                &self.io
            }
        }

        impl From<$name> for ::hamadryad::AnyNode {
            fn from(handle: $name) -> ::hamadryad::AnyNode {
                handle.io.into()
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&**self).finish()
            }
        }
    };
}

pub(crate) use handle;
