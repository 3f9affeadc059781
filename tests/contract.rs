//! The contract, natively: on the reference, on the CPU, and on the GPU through whatever Vulkan, Metal or Direct3D driver
//! there is (a software one will do). Without an adapter the GPU tests fail.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::{contract, trial};
use proclivity::score::BackendChoice;

macro_rules! on {
    ($module:ident, $choice:expr) => {
        mod $module {
            use super::*;

            macro_rules! check {
                ($name:ident) => {
                    #[test]
                    fn $name() {
                        pollster::block_on(contract::$name($choice));
                    }
                };
            }
            contract_tests!(check);
        }
    };
}

on!(reference, BackendChoice::Reference);
on!(cpu, BackendChoice::Cpu);
on!(webgpu, BackendChoice::WebGpu);

mod auto {
    use super::*;

    macro_rules! check {
        ($name:ident) => {
            #[test]
            fn $name() {
                pollster::block_on(trial::$name());
            }
        };
    }
    trial_tests!(check);
}
