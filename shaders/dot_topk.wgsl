// Scores a block of rows against the user vector and keeps the block's best. Twin: src/score/cpu/dot_topk.rs.

@group(0) @binding(2) var<storage, read> rows: array<u32>;    // int8 rows (n, d), four values a word
@group(0) @binding(3) var<storage, read> gain: array<f32>;    // (n)
@group(0) @binding(4) var<storage, read> offsets: array<f32>; // (n)
@group(0) @binding(5) var<storage, read> user: array<u32>;    // int8 user vector (d), four values a word
@group(0) @binding(6) var<storage, read> mask: array<u32>;    // one bit a row, set where it is left out

// Four signed products, added.
fn dot_word(a: u32, b: u32) -> i32 {
    let x = bitcast<i32>(a);
    let y = bitcast<i32>(b);
    return extractBits(x, 0u, 8u) * extractBits(y, 0u, 8u)
        + extractBits(x, 8u, 8u) * extractBits(y, 8u, 8u)
        + extractBits(x, 16u, 8u) * extractBits(y, 16u, 8u)
        + extractBits(x, 24u, 8u) * extractBits(y, 24u, 8u);
}

fn score_row(item: u32) -> vec2<u32> {
    if (item >= params.count || ((mask[item / 32u] >> (item % 32u)) & 1u) == 1u) {
        return no_entry();
    }
    // score = ((dot * gain) * user_scale) + offset, each operation rounded once
    var dot = 0;
    for (var word = 0u; word < params.words; word += 1u) {
        dot += dot_word(rows[item * params.words + word], user[word]);
    }
    let scaled = rounded(f32(dot) * gain[item]);
    let score = rounded(scaled * params.user_scale) + offsets[item];
    let entry = vec2<u32>(sortable(score), item);
    if (!wanted(entry)) {
        return no_entry();
    }
    return entry;
}

@compute @workgroup_size(256)
fn main(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let workgroup = workgroup_index(group, groups);
    if (workgroup * BLOCK >= params.count) {
        return;
    }
    for (var i = thread; i < BLOCK; i += THREADS) {
        block[i] = score_row(workgroup * BLOCK + i);
    }
    sort_block(thread);
    write_block(thread, workgroup);
}
