// A tile of a dense layer: 4 items by 16 outputs, held in registers while the inputs go by.

// (inputs, outputs padded to 16), then a factor for each output and what else a kernel says.
@group(0) @binding(6) var<storage, read> weights: array<vec4<f32>>;

override INPUTS: u32 = 64u;
override BLOCKS: u32 = 4u;   // outputs / 16
override INT8: bool = false; // int8 arithmetic: every weight and input is a whole number, every sum exact

// Column o of each matrix holds output o of four items.
struct Tile {
    a: mat4x4<f32>,
    b: mat4x4<f32>,
    c: mat4x4<f32>,
    d: mat4x4<f32>,
}

fn outer(x: vec4<f32>, w: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(x * w.x, x * w.y, x * w.z, x * w.w);
}

// Adds input `input` of four items, x, to output block `o`.
fn add_input(tile: ptr<function, Tile>, x: vec4<f32>, input: u32, o: u32) {
    let at = (input * BLOCKS + o) * 4u;
    (*tile).a += outer(x, weights[at]);
    (*tile).b += outer(x, weights[at + 1u]);
    (*tile).c += outer(x, weights[at + 2u]);
    (*tile).d += outer(x, weights[at + 3u]);
}
