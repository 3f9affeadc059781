// Four signed products, added, for each of four rows: by the language feature packed_4x8_integer_dot_product.
fn dot_words(rows: vec4<u32>, user: u32) -> vec4<i32> {
    return vec4<i32>(
        dot4I8Packed(rows.x, user),
        dot4I8Packed(rows.y, user),
        dot4I8Packed(rows.z, user),
        dot4I8Packed(rows.w, user),
    );
}
