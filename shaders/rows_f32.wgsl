// The item table in f32.

@group(0) @binding(3) var<storage, read> rows: array<vec4<f32>>; // rows (n, d), four values a vector

override WIDTH: u32 = 64u; // d

// The dots of four rows and the user vector, as defined in src/score/reference.rs: every fourth product in one sum.
fn row_dots(row: vec4<u32>) -> vec4<f32> {
    var s = mat4x4<f32>();
    let at = row * (WIDTH / 4u);
    var user = params.user;
    for (var i = 0u; i < WIDTH / 4u; i += 1u) {
        let u = bitcast<vec4<f32>>(vec4<u32>(query[user], query[user + 1u], query[user + 2u], query[user + 3u]));
        s += mat4x4<f32>(
            rounded4(rows[at.x + i] * u),
            rounded4(rows[at.y + i] * u),
            rounded4(rows[at.z + i] * u),
            rounded4(rows[at.w + i] * u),
        );
        user += 4u;
    }
    let t = transpose(s);
    return (t[0] + t[1]) + (t[2] + t[3]);
}

// Values 4 * quad .. 4 * quad + 4 of four rows, one value of all four rows a column.
fn row_values(four: vec4<u32>, quad: u32) -> mat4x4<f32> {
    let at = four * (WIDTH / 4u) + quad;
    return transpose(mat4x4<f32>(rows[at.x], rows[at.y], rows[at.z], rows[at.w]));
}
