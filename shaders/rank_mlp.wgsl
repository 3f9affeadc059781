// Ranks a tile of candidates: gather a row, dequantise it, run the MLP, add the retrieval score.
// Twin: src/score/cpu/rank_mlp.rs.

// The ranker's layers; `Layers` in src/score/gpu/tables.rs has the same layout.
struct Layers {
    shape: array<vec4<u32>, 4>, // inputs, outputs, offset of weight (inputs, outputs), offset of bias
    count: u32,
    skip: f32,                  // weight of the retrieval score
    unused_0: u32,
    unused_1: u32,
}

override WIDTH: u32 = 64u; // widest of d and the layers' outputs
override TILE: u32 = 4u;   // candidates a workgroup; two activations of TILE * WIDTH f32 fit in 16 KiB

@group(0) @binding(2) var<storage, read> rows: array<u32>;    // int8 rows (n, d), four values a word
@group(0) @binding(3) var<storage, read> gain: array<f32>;    // (n), the rows' scale
@group(0) @binding(4) var<storage, read> weights: array<f32>; // all layers' weights and biases
@group(0) @binding(5) var<storage, read> first: array<f32>;   // user half of layer 0, (outputs of layer 0)
@group(0) @binding(6) var<uniform> layers: Layers;

// Activations of the tile, (TILE, WIDTH) each; layers read one and write the other.
var<workgroup> even: array<f32, TILE * WIDTH>;
var<workgroup> odd: array<f32, TILE * WIDTH>;

fn activation(parity: u32, index: u32) -> f32 {
    if (parity == 0u) {
        return even[index];
    }
    return odd[index];
}

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let start = workgroup_index(group, groups) * TILE;
    // gather, dequantise: x (d)
    let d = params.words * 4u;
    for (var i = thread; i < TILE * d; i += 64u) {
        let slot = start + i / d;
        let column = i % d;
        var x = 0.0;
        if (slot < params.count) {
            let item = entries[params.input + slot].y;
            if (item != NONE) {
                let word = bitcast<i32>(rows[item * params.words + column / 4u]);
                x = f32(extractBits(word, (column % 4u) * 8u, 8u)) * gain[item];
            }
        }
        even[(i / d) * WIDTH + column] = x;
    }
    for (var n = 0u; n < layers.count; n += 1u) {
        workgroupBarrier();
        // y (outputs) = bias + W (inputs, outputs)^T x
        let shape = layers.shape[n];
        let parity = n % 2u;
        for (var i = thread; i < TILE * shape.y; i += 64u) {
            let row = (i / shape.y) * WIDTH;
            let output = i % shape.y;
            var y = 0.0;
            if (n == 0u) {
                y = first[output];
            } else {
                y = weights[shape.w + output];
            }
            for (var input = 0u; input < shape.x; input += 1u) {
                y += activation(parity, row + input) * weights[shape.z + input * shape.y + output];
            }
            // ReLU, but for the last layer
            if (n + 1u < layers.count) {
                y = max(y, 0.0);
            }
            if (parity == 0u) {
                odd[row + output] = y;
            } else {
                even[row + output] = y;
            }
        }
    }
    workgroupBarrier();
    for (var i = thread; i < TILE; i += 64u) {
        let slot = start + i;
        if (slot < params.count) {
            let candidate = entries[params.input + slot];
            var ranked = no_entry();
            if (candidate.y != NONE) {
                let score = activation(layers.count % 2u, i * WIDTH) + layers.skip * from_sortable(candidate.x);
                ranked = vec2<u32>(sortable(score), candidate.y);
            }
            entries[params.output + slot] = ranked;
        }
    }
}
