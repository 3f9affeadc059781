// The retrieval score of a row. Twin: src/score/cpu/dot_topk.rs.

@group(0) @binding(4) var<storage, read> gain: array<f32>;    // (n)
@group(0) @binding(5) var<storage, read> offsets: array<f32>; // (n)

// Whether the mask leaves the item out.
fn excluded(item: u32) -> bool {
    return ((query[params.mask + item / 32u] >> (item % 32u)) & 1u) == 1u;
}

// score = ((dot * gain) * user_scale) + offset, each operation rounded once
fn retrieval_score(row: u32) -> f32 {
    let scaled = rounded(row_dot(row) * gain[row]);
    return rounded(scaled * params.user_scale) + offsets[row];
}
