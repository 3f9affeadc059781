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
            let sum = sums[input * (params.stride / 4u) + column];
            score += activate(sum, params.first + input) * weights[input / 4u][input % 4u];
        }
        return score;
    }
    for (var o = 0u; o < BLOCKS; o += 1u) {
        let tile = layer(column, o);
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

// The item of a slot, a candidate or a row, or NONE.
fn slot_item(slot: u32) -> u32 {
    if (slot >= params.count) {
        return NONE;
    }
    if (params.input != NONE) {
        return entries[params.input + slot].y;
    }
    let item = params.base + params.start + slot;
    return select(item, NONE, excluded(item));
}

// The retrieval scores of four slots.
fn retrieval(slot: u32) -> vec4<f32> {
    if (SKIP == 0.0) {
        return vec4<f32>();
    }
    if (params.input == NONE) {
        let row = params.start + slot;
        return retrieval_scores(min(vec4<u32>(row, row + 1u, row + 2u, row + 3u), vec4<u32>(params.rows - 1u)));
    }
    let at = params.input + slot;
    let keys = vec4<u32>(entries[at].x, entries[at + 1u].x, entries[at + 2u].x, entries[at + 3u].x);
    return vec4<f32>(from_sortable(keys.x), from_sortable(keys.y), from_sortable(keys.z), from_sortable(keys.w));
}

// The items of a workgroup: 4 a thread.
const BLOCK = 256u;
var<workgroup> block: array<vec2<u32>, BLOCK>;

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
        scores = mlp_scores((params.column + slot) / 4u) + rounded4(SKIP * retrieval(slot));
    }
    let own = thread * 4u + vec4<u32>(0u, 1u, 2u, 3u);
    let items = vec4<u32>(slot_item(slot), slot_item(slot + 1u), slot_item(slot + 2u), slot_item(slot + 3u));
    var keys = vec4<u32>();
    for (var i = 0u; i < 4u; i += 1u) {
        keys[i] = select(sortable(scores[i]), 0u, items[i] == NONE);
        block[own[i]] = vec2<u32>(keys[i], items[i]);
    }
    workgroupBarrier();
    // An entry's place is the number of entries before it, which takes one barrier where a sort takes twenty. Places
    // without an item are told apart by their index.
    var place = vec4<u32>();
    for (var i = 0u; i < BLOCK; i += 1u) {
        let other = block[i];
        let lower = (vec4<u32>(other.y) < items) | ((vec4<u32>(other.y) == items) & (vec4<u32>(i) < own));
        let first = (vec4<u32>(other.x) > keys) | ((vec4<u32>(other.x) == keys) & lower);
        place += select(vec4<u32>(), vec4<u32>(1u), first);
    }
    for (var i = 0u; i < 4u; i += 1u) {
        if (place[i] < params.keep) {
            entries[params.output + workgroup * params.keep + place[i]] = vec2<u32>(keys[i], items[i]);
        }
    }
}
