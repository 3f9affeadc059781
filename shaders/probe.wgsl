// Nothing but dots of rows: shows which body of dot_words() is the faster on this device.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x * 4u;
    if (row + 3u < params.count) {
        let dots = row_dots(vec4<u32>(row, row + 1u, row + 2u, row + 3u));
        entries[id.x] = vec2<u32>(bitcast<u32>(dots.x + dots.y), bitcast<u32>(dots.z + dots.w));
    }
}
