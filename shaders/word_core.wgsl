// Four signed products, added, for each of four rows: in core WGSL.
fn dot_words(rows: vec4<u32>, user: u32) -> vec4<i32> {
    let x = bitcast<vec4<i32>>(rows);
    let y = bitcast<i32>(user);
    return extractBits(x, 0u, 8u) * extractBits(y, 0u, 8u)
        + extractBits(x, 8u, 8u) * extractBits(y, 8u, 8u)
        + extractBits(x, 16u, 8u) * extractBits(y, 16u, 8u)
        + extractBits(x, 24u, 8u) * extractBits(y, 24u, 8u);
}
