// The item table in int8, and how four of its values are multiplied with four of the user's.

@group(0) @binding(3) var<storage, read> rows: array<vec4<u32>>; // int8 rows (n, d), sixteen values a vector

override WIDTH: u32 = 64u; // d

// The exact dots of four rows and the user vector.
fn row_dots(row: vec4<u32>) -> vec4<f32> {
    var dots = vec4<i32>();
    let at = row * (WIDTH / 16u);
    var user = params.user;
    for (var i = 0u; i < WIDTH / 16u; i += 1u) {
        let a = rows[at.x + i];
        let b = rows[at.y + i];
        let c = rows[at.z + i];
        let d = rows[at.w + i];
        dots += dot_words(vec4<u32>(a.x, b.x, c.x, d.x), query[user])
            + dot_words(vec4<u32>(a.y, b.y, c.y, d.y), query[user + 1u])
            + dot_words(vec4<u32>(a.z, b.z, c.z, d.z), query[user + 2u])
            + dot_words(vec4<u32>(a.w, b.w, c.w, d.w), query[user + 3u]);
        user += 4u;
    }
    return vec4<f32>(dots);
}

// Values 4 * quad .. 4 * quad + 4 of four rows, one value of all four rows a column.
fn row_values(four: vec4<u32>, quad: u32) -> mat4x4<f32> {
    let at = four * (WIDTH / 16u) + quad / 4u;
    let i = quad % 4u;
    let words = bitcast<vec4<i32>>(vec4<u32>(rows[at.x][i], rows[at.y][i], rows[at.z][i], rows[at.w][i]));
    return mat4x4<f32>(
        vec4<f32>(extractBits(words, 0u, 8u)),
        vec4<f32>(extractBits(words, 8u, 8u)),
        vec4<f32>(extractBits(words, 16u, 8u)),
        vec4<f32>(extractBits(words, 24u, 8u)),
    );
}
