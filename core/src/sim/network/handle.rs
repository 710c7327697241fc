/// What every handle of the network is besides its own methods: a node.
macro_rules! handle {
    ($handle:ident, $value:ty) => {
        impl core::ops::Deref for $handle {
            type Target = crate::AnyNode;

            fn deref(&self) -> &crate::AnyNode {
                &self.0
            }
        }

        impl From<$handle> for crate::AnyNode {
            fn from(handle: $handle) -> crate::AnyNode {
                *handle
            }
        }

        impl core::fmt::Debug for $handle {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_tuple(stringify!($handle)).field(&**self).finish()
            }
        }

        impl $handle {
            pub(super) fn new(node: crate::Node<$value>) -> $handle {
                $handle(node)
            }
        }
    };
}
pub(super) use handle;
