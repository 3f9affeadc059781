//! Where networks are trained.

use burn::tensor::{Device, Tensor};
use clap::ValueEnum;
use serde::Serialize;

use crate::error::{CliError, Result};

/// A kind of device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeepDevice {
    #[default]
    Cpu,
    /// Through wgpu: Vulkan, Metal or Direct3D
    Gpu,
}

impl DeepDevice {
    /// Refuses what this build does not have.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(self) -> Result<()> {
        let refused = |expected: &str, found: &str| {
            Err(CliError::Flag { flag: "--deep-device", expected: expected.into(), found: found.into() })
        };
        match self {
            DeepDevice::Cpu => Ok(()),
            DeepDevice::Gpu if cfg!(not(feature = "gpu")) => {
                refused("cpu, or a trainer built with `--features gpu`", "gpu, in one built without")
            }
            // Where there is no adapter, burn panics when it is first asked for a number.
            DeepDevice::Gpu => match std::panic::catch_unwind(|| Tensor::<1>::ones([1], &self.open()).into_data()) {
                Ok(_) => Ok(()),
                Err(_) => {
                    refused("cpu, or an adapter for Vulkan, Metal or Direct3D", "gpu, of which none can be opened")
                }
            },
        }
    }

    /// The device, ready for gradients.
    pub fn open(self) -> Device {
        match self {
            #[cfg(feature = "gpu")]
            DeepDevice::Gpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice).autodiff(),
            _ => Device::flex().autodiff(),
        }
    }
}
