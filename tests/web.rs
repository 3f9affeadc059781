//! The contract in a browser: on the CPU with the kernels of this build, and on WebGPU, which must be there.
#![cfg(target_arch = "wasm32")]

mod common;

use common::{contract, trial};
use proclivity::score::BackendChoice;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

macro_rules! on {
    ($module:ident, $choice:expr) => {
        mod $module {
            use super::*;

            macro_rules! check {
                ($name:ident) => {
                    #[wasm_bindgen_test]
                    async fn $name() {
                        contract::$name($choice).await;
                    }
                };
            }
            contract_tests!(check);
        }
    };
}

on!(cpu, BackendChoice::Cpu);
on!(webgpu, BackendChoice::WebGpu);

mod own_webgpu {
    use super::*;

    macro_rules! check {
        ($name:ident) => {
            #[wasm_bindgen_test]
            async fn $name() {
                common::gpu::$name().await;
            }
        };
    }
    gpu_tests!(check);
}

/// `auto`, on the WebGPU of this browser.
mod auto {
    use super::*;

    macro_rules! check {
        ($name:ident) => {
            #[wasm_bindgen_test]
            async fn $name() {
                trial::$name().await;
            }
        };
    }
    trial_tests!(check);
}

/// The build under test is one of those that ship, and uses what it was built with.
#[wasm_bindgen_test]
fn simd_is_on() {
    let expected = if cfg!(target_feature = "relaxed-simd") { "relaxed-simd" } else { "simd128" };
    assert_eq!(proclivity::score::CpuKernels::ALL[0].name(), expected);
}
