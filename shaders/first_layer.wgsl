// The item half of layer 0, without bias: sums (outputs, columns) of the item rows, or of the candidates' rows. In int8
// arithmetic they are rounded to 1/32 of a step.

@group(0) @binding(4) var<storage, read> gain: array<f32>;                // (n), the rows' scale
@group(0) @binding(8) var<storage, read_write> outputs: array<vec4<f32>>; // (outputs, columns), four columns a vector

// The bound row of a slot; not below params.rows where there is none.
fn slot_row(slot: u32) -> u32 {
    if (slot >= params.count) {
        return NONE;
    }
    if (params.input == NONE) {
        return params.start + slot;
    }
    return entries[params.input + slot].y - params.base;
}

// Writes four outputs of four items; candidates of other shards are left to their own dispatch.
fn put(at: u32, sums: mat4x4<f32>, scale: vec4<f32>, inside: vec4<bool>, column: u32) {
    let factor = weights[INPUTS * BLOCKS * 4u + at];
    var all_sums = sums;
    for (var i = 0u; i < 4u; i += 1u) {
        var sum = rounded4(all_sums[i] * scale) * factor[i];
        if (INT8) {
            sum = round(clamp(sum, vec4<f32>(-32767.0), vec4<f32>(32767.0)));
        }
        let output = (at * 4u + i) * (params.written / 4u) + column;
        outputs[output] = select(outputs[output], sum, inside);
    }
}

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let slot = (workgroup_index(group, groups) * 64u + thread) * 4u;
    let four = vec4<u32>(slot_row(slot), slot_row(slot + 1u), slot_row(slot + 2u), slot_row(slot + 3u));
    let inside = four < vec4<u32>(params.rows);
    if (!any(inside)) {
        return;
    }
    let row = select(vec4<u32>(), four, inside);
    let scale = vec4<f32>(gain[row.x], gain[row.y], gain[row.z], gain[row.w]);
    let column = (params.column + slot) / 4u;
    for (var o = group.z; o < BLOCKS; o += groups.z) {
        var tile = Tile();
        for (var quad = 0u; quad < WIDTH / 4u; quad += 1u) {
            let values = row_values(row, quad);
            add_input(&tile, values[0], quad * 4u, o);
            add_input(&tile, values[1], quad * 4u + 1u, o);
            add_input(&tile, values[2], quad * 4u + 2u, o);
            add_input(&tile, values[3], quad * 4u + 3u, o);
        }
        put(o * 4u, tile.a, scale, inside, column);
        put(o * 4u + 1u, tile.b, scale, inside, column);
        put(o * 4u + 2u, tile.c, scale, inside, column);
        put(o * 4u + 3u, tile.d, scale, inside, column);
    }
}
