//! Getting a device, noticing its loss, reading a buffer back.

use std::sync::{Arc, Mutex};

use futures_channel::oneshot;

use super::limits::GpuLimits;
use crate::error::{Error, Result};

/// A device, its queue, and what happened to it.
pub(crate) struct Device {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub adapter: String,
    pub limits: GpuLimits,
    lost: Arc<Mutex<Option<String>>>,
}

impl Device {
    /// Asks for the adapter that is fastest and a device with WebGPU's default limits, buffers as large as the adapter has;
    /// `smaller` limits are kept to on both sides.
    ///
    /// # Errors
    /// [`Error::BackendUnavailable`] with the adapter's own words.
    pub async fn open(smaller: Option<GpuLimits>) -> Result<Device> {
        let unavailable = |reason: String| Error::no_gpu(reason);
        // Outside a window or worker, as in Node, making an instance would panic.
        #[cfg(target_arch = "wasm32")]
        let found = crate::web::adapter::adapter()
            .await
            .ok_or_else(|| unavailable("this browser or runtime offers no WebGPU adapter".to_owned()))?;
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = instance
            .request_adapter(&options)
            .await
            .map_err(|e| unavailable(format!("no adapter was offered ({e})")))?;
        #[cfg(target_arch = "wasm32")]
        let (available, name) =
            (GpuLimits::new(found.max_binding, found.max_groups), describe(&found.name, found.software));
        #[cfg(not(target_arch = "wasm32"))]
        let (available, name) = (GpuLimits::of(&adapter.limits()), name_of(&adapter.get_info()));
        let limits = smaller.unwrap_or(available);
        let max_binding = limits.max_binding.min(available.max_binding);
        let required_limits = wgpu::Limits {
            max_storage_buffer_binding_size: max_binding,
            max_buffer_size: max_binding,
            max_compute_workgroups_per_dimension: limits.max_groups,
            ..wgpu::Limits::default()
        };
        let descriptor = wgpu::DeviceDescriptor { label: Some("proclivity"), required_limits, ..Default::default() };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|e| unavailable(format!("the adapter gave no device ({e})")))?;
        let lost = Arc::new(Mutex::new(None));
        let note = lost.clone();
        device.set_device_lost_callback(move |reason, message| {
            if let Ok(mut note) = note.lock() {
                *note = Some(format!("device lost ({reason:?}): {message}"));
            }
        });
        // Errors outside a scope: note them instead of wgpu's default, a panic.
        let note = lost.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            if let Ok(mut note) = note.lock() {
                *note = Some(error.to_string());
            }
        }));
        Ok(Device { device, queue, adapter: name, limits, lost })
    }

    /// Refuses to go on with a device that is gone.
    pub fn check(&self) -> Result<()> {
        match self.lost.lock().ok().and_then(|lost| lost.clone()) {
            Some(detail) => Err(Error::gpu(detail)),
            None => Ok(()),
        }
    }

    /// From here on refusals of memory and of invalid work are noted, until [`Scopes::pop`].
    pub fn push_scopes(&self) -> Scopes {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        Scopes { memory, validation: self.device.push_error_scope(wgpu::ErrorFilter::Validation) }
    }

    /// Asks for `buffer` (MAP_READ) to be mapped once the work before it is done; what [`Device::read`] waits for.
    pub fn map(&self, buffer: &wgpu::Buffer) -> Mapped {
        let (sender, receiver) = oneshot::channel();
        buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            let _ = sender.send(result);
        });
        // Firefox looks after mappings with the next submit, or every 100 ms.
        #[cfg(target_arch = "wasm32")]
        self.queue.submit([]);
        receiver
    }

    /// The emptiest query there is: 8 bytes copied and read back. What it takes, every answer takes at least.
    pub async fn round_trip(&self) -> Result<()> {
        let plain = |usage| {
            let descriptor = wgpu::BufferDescriptor { label: None, size: 8, usage, mapped_at_creation: false };
            self.device.create_buffer(&descriptor)
        };
        let from = plain(wgpu::BufferUsages::COPY_SRC);
        let to = plain(wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ);
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(&from, 0, &to, 0, 8);
        self.queue.submit([encoder.finish()]);
        let answer = self.read(&to, self.map(&to)).await;
        [from, to].iter().for_each(wgpu::Buffer::destroy);
        answer.map(drop)
    }

    /// Waits for a mapping and copies the buffer's words out.
    pub async fn read(&self, buffer: &wgpu::Buffer, mapped: Mapped) -> Result<Vec<u32>> {
        let failed = |e: &dyn std::fmt::Display| Error::gpu(format_args!("the answer could not be read ({e})"));
        self.device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| failed(&e))?;
        mapped.await.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
        let words = bytemuck::pod_collect_to_vec(&buffer.slice(..).get_mapped_range().map_err(|e| failed(&e))?);
        buffer.unmap();
        Ok(words)
    }
}

/// Open error scopes.
pub(crate) struct Scopes {
    memory: wgpu::ErrorScopeGuard,
    validation: wgpu::ErrorScopeGuard,
}

impl Scopes {
    /// Closes them now; what was refused comes later.
    pub fn pop(self) -> impl Future<Output = Option<wgpu::Error>> {
        let (validation, memory) = (self.validation.pop(), self.memory.pop());
        async { validation.await.or(memory.await) }
    }
}

/// Frees what it holds at once; in browsers a device that is merely dropped lives on.
impl Drop for Device {
    fn drop(&mut self) {
        self.device.destroy();
    }
}

/// The outcome of a mapping, when it comes.
pub(crate) type Mapped = oneshot::Receiver<std::result::Result<(), wgpu::BufferAsyncError>>;

/// The adapter in words; browsers may keep its name to themselves.
fn describe(name: &str, software: bool) -> String {
    match (name, software) {
        ("", _) => "unnamed adapter".to_owned(),
        (name, true) => format!("{name} (software)"),
        (name, false) => name.to_owned(),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn name_of(info: &wgpu::AdapterInfo) -> String {
    let parts = [info.name.as_str(), info.driver.as_str(), info.driver_info.as_str()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    describe(&parts.join(", "), info.device_type == wgpu::DeviceType::Cpu)
}
