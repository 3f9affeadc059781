//! The GPU backend's own promises, natively.
#![cfg(not(target_arch = "wasm32"))]

mod common;

macro_rules! check {
    ($name:ident) => {
        #[test]
        fn $name() {
            pollster::block_on(common::gpu::$name());
        }
    };
}
gpu_tests!(check);
