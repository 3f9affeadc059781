// The inputs of a later layer, from the sums of the one before: (outputs, columns), four columns a vector.

@group(0) @binding(7) var<storage, read> sums: array<vec4<f32>>;

override ACTIVE: bool = false; // the sums are activations already
override FLOOR: f32 = 0.0;     // 0 for ReLU; the lowest number where layer 0 is the last

// An input of four items, from its sums; `at` is the place of the user half, which brings layer 0's bias.
fn activate(sum: vec4<f32>, at: u32) -> vec4<f32> {
    if (ACTIVE) {
        return sum;
    }
    let x = sum + bitcast<f32>(query[at]);
    if (INT8) {
        return clamp(floor(x / 32.0), vec4<f32>(), vec4<f32>(90.0));
    }
    return max(x, vec4<f32>(FLOOR));
}

// The sums of output block `o` of four items: all activations times their weights.
fn layer(column: u32, o: u32) -> Tile {
    var a = mat4x4<f32>();
    var b = a;
    var c = a;
    var d = a;
    let first = params.first;
    let step = params.stride / 4u;
    var at = column;
    var w = o * 4u;
    for (var input = 0u; input < INPUTS; input += 1u) {
        let x = activate(sums[at], first + input);
        a += outer(x, weights[w]);
        b += outer(x, weights[w + 1u]);
        c += outer(x, weights[w + 2u]);
        d += outer(x, weights[w + 3u]);
        at += step;
        w += BLOCKS * 4u;
    }
    return Tile(a, b, c, d);
}

// Bias and ReLU of four outputs of four items; after the weights stand all outputs' factors, then their biases.
fn activated(sums: mat4x4<f32>, at: u32) -> mat4x4<f32> {
    let factor = weights[INPUTS * BLOCKS * 4u + at];
    let bias = weights[(INPUTS + 1u) * BLOCKS * 4u + at];
    let zero = vec4<f32>();
    return mat4x4<f32>(
        max(rounded4(sums[0] * factor.x) + bias.x, zero),
        max(rounded4(sums[1] * factor.y) + bias.y, zero),
        max(rounded4(sums[2] * factor.z) + bias.z, zero),
        max(rounded4(sums[3] * factor.w) + bias.w, zero),
    );
}
