// Ranks items by the MLP's last two layers and keeps each block's best: activation, hidden layer, last layer, retrieval
// score. Twin: src/score/cpu/rank_mlp.rs.

override HIDDEN: bool = true;    // false where the last layer follows the activations at once
override LAST_BIAS: f32 = 0.0;
override SKIP: f32 = 0.0;        // weight of the retrieval score beside the MLP's

// The MLP's scores of the four items at `column`. After the hidden layer's biases stand the last layer's weights.
fn mlp_scores(column: u32) -> vec4<f32> {
    var score = vec4<f32>(LAST_BIAS);
    if (!HIDDEN) {
        for (var input = 0u; input < INPUTS; input += 1u) {
            score += activation(input, column) * weights[input / 4u][input % 4u];
        }
        return score;
    }
    for (var o = 0u; o < BLOCKS; o += 1u) {
        var tile = Tile();
        for (var input = 0u; input < INPUTS; input += 1u) {
            add_input(&tile, activation(input, column), input, o);
        }
        score = last_layer(score, tile.a, o * 4u);
        score = last_layer(score, tile.b, o * 4u + 1u);
        score = last_layer(score, tile.c, o * 4u + 2u);
        score = last_layer(score, tile.d, o * 4u + 3u);
    }
    return score;
}

// Adds four activations times the last layer's weights, in order, each operation rounded once.
fn last_layer(score: vec4<f32>, sums: mat4x4<f32>, at: u32) -> vec4<f32> {
    let y = activated(sums, at);
    let w = weights[(INPUTS + 2u) * BLOCKS * 4u + at];
    return (((score + rounded4(y[0] * w.x)) + rounded4(y[1] * w.y)) + rounded4(y[2] * w.z)) + rounded4(y[3] * w.w);
}

// The entry of a slot, with its retrieval score in place of its final one: the candidate, or the row.
fn slot_entry(slot: u32) -> vec2<u32> {
    if (slot >= params.count) {
        return no_entry();
    }
    if (params.input != NONE) {
        return entries[params.input + slot];
    }
    let row = params.start + slot;
    if (excluded(params.base + row)) {
        return no_entry();
    }
    var score = 0.0;
    if (SKIP != 0.0) {
        score = retrieval_score(row);
    }
    return vec2<u32>(sortable(score), params.base + row);
}

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let workgroup = workgroup_index(group, groups);
    if (workgroup * BLOCK >= params.count) {
        return;
    }
    let slot = workgroup * BLOCK + thread * 4u;
    var scores = vec4<f32>();
    if (slot < params.count) {
        scores = mlp_scores((params.column + slot) / 4u);
    }
    for (var i = 0u; i < 4u; i += 1u) {
        var entry = slot_entry(slot + i);
        if (entry.y != NONE) {
            entry.x = sortable(scores[i] + rounded(SKIP * from_sortable(entry.x)));
        }
        block[thread * 4u + i] = entry;
    }
    write_best(thread, workgroup);
}
