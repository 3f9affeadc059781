//! Measuring at load whether packed dot products are the faster way to multiply int8 rows on this device.

use web_time::Instant;

use super::device::Device;
use super::kernels::{self, Rows, compile};
use super::step::{Kernel, Params};
use super::tables::{Tables, empty, upload};

/// Smallest shard worth measuring: below it, what an answer takes is not the dots.
const MIN_BYTES: u64 = 1 << 20;
/// Rows of one dispatch, for a device of any speed.
const MAX_ROWS: usize = 1 << 14;
/// A measurement takes as many dispatches as reach this many microseconds, or this many.
const LONG_ENOUGH: u64 = 3000;
const MAX_DISPATCHES: usize = 256;
/// Packed products must take less than this share of the time: a difference that shows.
const CLEARLY_FASTER: f64 = 0.9;

/// [`Rows::Packed`] where the device knows packed dot products and they are clearly faster, else [`Rows::Int8`].
pub(crate) async fn fastest_int8(device: &Device, tables: &Tables, rows: usize, width: usize) -> Rows {
    if tables.shards[0].rows.size() < MIN_BYTES {
        return Rows::Int8;
    }
    let rows = rows.min(MAX_ROWS);
    let scopes = device.push_scopes();
    let probes = [Rows::Int8, Rows::Packed].map(|body| Probe::new(device, tables, body, rows, width));
    if scopes.pop().await.is_some() {
        return Rows::Int8;
    }
    let mut dispatches = 1;
    while probes[0].time(device, dispatches).await.is_some_and(|time| time < LONG_ENOUGH) && dispatches < MAX_DISPATCHES
    {
        dispatches *= 4;
    }
    let mut best = [u64::MAX; 2];
    for _ in 0..3 {
        for (best, probe) in best.iter_mut().zip(&probes) {
            *best = probe.time(device, dispatches).await.unwrap_or(u64::MAX).min(*best);
        }
    }
    if (best[1] as f64) < best[0] as f64 * CLEARLY_FASTER { Rows::Packed } else { Rows::Int8 }
}

struct Probe {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
    entries: wgpu::Buffer,
    workgroups: u32,
}

impl Probe {
    fn new(device: &Device, tables: &Tables, body: Rows, rows: usize, width: usize) -> Probe {
        let made = compile(device, Kernel::Probe, body, &[("WIDTH", width as f64)]);
        let entries = empty(
            device,
            "probe",
            rows.next_multiple_of(4) * 2,
            wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
        );
        let params = Params { count: rows as u32, ..Params::default() };
        let params = upload(device, "params", bytemuck::bytes_of(&params), wgpu::BufferUsages::UNIFORM);
        let query = upload(device, "query", &vec![1; width], wgpu::BufferUsages::STORAGE);
        let buffers = [
            (kernels::PARAMS, &params),
            (kernels::ENTRIES, &entries),
            (kernels::QUERY, &query),
            (kernels::ROWS, &tables.shards[0].rows),
        ];
        let bound =
            buffers.map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() });
        let group = device.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &made.layout,
            entries: &bound,
        });
        Probe { pipeline: made.pipeline, group, entries, workgroups: rows.div_ceil(256) as u32 }
    }

    /// Microseconds of so many dispatches, until their result is here.
    async fn time(&self, device: &Device, dispatches: usize) -> Option<u64> {
        let answer = empty(device, "probe", 8, wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ);
        let start = Instant::now();
        let mut encoder = device.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, &self.group, &[0]);
            (0..dispatches).for_each(|_| pass.dispatch_workgroups(self.workgroups, 1, 1));
        }
        encoder.copy_buffer_to_buffer(&self.entries, 0, &answer, 0, 8);
        device.queue.submit([encoder.finish()]);
        let mapped = device.map(&answer);
        device.read(&answer, mapped).await.ok()?;
        Some(start.elapsed().as_micros() as u64)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.entries.destroy();
    }
}
