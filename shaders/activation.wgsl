// The inputs of a later layer, from the sums of the one before: (outputs, columns), four columns a vector.

@group(0) @binding(7) var<storage, read> sums: array<vec4<f32>>;

override ACTIVE: bool = false; // the sums are activations already
override FLOOR: f32 = 0.0;     // 0 for ReLU; the lowest number where layer 0 is the last

// Input `input` of the four items at `column`, a vector of columns.
fn activation(input: u32, column: u32) -> vec4<f32> {
    let sum = sums[input * (params.stride / 4u) + column];
    if (ACTIVE) {
        return sum;
    }
    // The user half brings layer 0's bias.
    let x = sum + bitcast<f32>(query[params.first + input]);
    if (INT8) {
        return clamp(floor(x / 32.0), vec4<f32>(), vec4<f32>(90.0));
    }
    return max(x, vec4<f32>(FLOOR));
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
