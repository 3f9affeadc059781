// The item table in f32.

@group(0) @binding(3) var<storage, read> rows: array<vec4<f32>>; // rows (n, d), four values a vector

override WIDTH: u32 = 64u; // d

// The dot of a row and the user vector, as defined in src/score/reference.rs: every fourth product in one sum.
fn row_dot(row: u32) -> f32 {
    var s = vec4<f32>();
    for (var i = 0u; i < WIDTH / 4u; i += 1u) {
        let at = params.user + 4u * i;
        let user = vec4<u32>(query[at], query[at + 1u], query[at + 2u], query[at + 3u]);
        s += rounded4(rows[row * (WIDTH / 4u) + i] * bitcast<vec4<f32>>(user));
    }
    return (s.x + s.y) + (s.z + s.w);
}

// Values 4 * quad .. 4 * quad + 4 of four rows, one value of all four rows a column.
fn row_values(four: vec4<u32>, quad: u32) -> mat4x4<f32> {
    let at = four * (WIDTH / 4u) + quad;
    return transpose(mat4x4<f32>(rows[at.x], rows[at.y], rows[at.z], rows[at.w]));
}
