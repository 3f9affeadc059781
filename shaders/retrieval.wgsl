// The retrieval score of a row. Twin: src/score/cpu/dot_topk.rs.

@group(0) @binding(4) var<storage, read> gain: array<f32>;    // (n)
@group(0) @binding(5) var<storage, read> offsets: array<f32>; // (n)

// Whether the mask leaves the item out.
fn excluded(item: u32) -> bool {
    return ((query[params.mask + item / 32u] >> (item % 32u)) & 1u) == 1u;
}

// The offsets of four rows.
fn row_offsets(row: vec4<u32>) -> vec4<f32> {
    if (params.offset == NONE) {
        return vec4<f32>(offsets[row.x], offsets[row.y], offsets[row.z], offsets[row.w]);
    }
    let at = params.offset + params.base + row;
    return bitcast<vec4<f32>>(vec4<u32>(query[at.x], query[at.y], query[at.z], query[at.w]));
}

// score = ((dot * gain) * user_scale) + offset, each operation rounded once; of four rows
fn retrieval_scores(row: vec4<u32>) -> vec4<f32> {
    let scaled = rounded4(row_dots(row) * vec4<f32>(gain[row.x], gain[row.y], gain[row.z], gain[row.w]));
    return rounded4(scaled * params.user_scale) + row_offsets(row);
}
