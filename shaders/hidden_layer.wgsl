// A layer between the first and the last two: activations (outputs, columns) from the sums of the layer before.

@group(0) @binding(8) var<storage, read_write> outputs: array<vec4<f32>>; // (outputs, columns), four columns a vector

// Writes four outputs of four items; in int8 arithmetic they are rounded to whole steps.
fn put(at: u32, sums: mat4x4<f32>, column: u32) {
    var y = activated(sums, at);
    for (var i = 0u; i < 4u; i += 1u) {
        var x = y[i];
        if (INT8) {
            x = min(round(x), vec4<f32>(90.0));
        }
        outputs[(at * 4u + i) * (params.written / 4u) + column] = x;
    }
}

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let slot = (workgroup_index(group, groups) * 64u + thread) * 4u;
    if (slot >= params.count) {
        return;
    }
    for (var o = group.z; o < BLOCKS; o += groups.z) {
        let tile = layer((params.column + slot) / 4u, o);
        put(o * 4u, tile.a, slot / 4u);
        put(o * 4u + 1u, tile.b, slot / 4u);
        put(o * 4u + 2u, tile.c, slot / 4u);
        put(o * 4u + 3u, tile.d, slot / 4u);
    }
}
