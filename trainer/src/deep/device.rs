//! Where networks are trained.

use burn::tensor::Device;
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
        match self == DeepDevice::Gpu && cfg!(not(feature = "gpu")) {
            false => Ok(()),
            true => Err(CliError::Flag {
                flag: "--deep-device",
                expected: "cpu, or a trainer built with `--features gpu`".into(),
                found: "gpu, in one built without".into(),
            }),
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
