// What every kernel shares: the parameters of a dispatch, the entry list, the order of entries, the best of a block.
// The engine puts this text before each kernel's own.

// One dispatch's parameters; `Params` in src/score/gpu/step.rs has the same layout.
struct Params {
    count: u32,      // rows, candidates or entries to read
    keep: u32,       // entries each workgroup writes
    bound: u32,      // index of the entry after which to take up again, or NONE
    input: u32,      // first entry to read; NONE where every row is meant
    output: u32,     // first entry to write
    base: u32,       // item of the bound tables' first row
    rows: u32,       // rows bound
    start: u32,      // first row to read
    column: u32,     // first column of a layer's sums
    stride: u32,     // columns of the sums read
    written: u32,    // columns of the sums written
    user: u32,       // where in `query` the user vector, (d), begins
    first: u32,      // ... the user half of layer 0, (outputs of layer 0)
    mask: u32,       // ... the mask, one bit an item, set where it is left out
    offset: u32,     // ... the query's own offsets, (n); NONE where the table's count
    zero: u32,       // 0, unknown to the compiler: see rounded()
    user_scale: f32, // factor from dots to scores
}

const NONE = 0xffffffffu;

@group(0) @binding(0) var<uniform> params: Params;

// Entries (sortable score, item): every list of every stage, each at its offset.
@group(0) @binding(1) var<storage, read_write> entries: array<vec2<u32>>;

// What a query brings; `Params` says where.
@group(0) @binding(2) var<storage, read> query: array<u32>;

// No item; comes after every item.
fn no_entry() -> vec2<u32> {
    return vec2<u32>(0u, NONE);
}

// Maps a score to an integer that sorts like it; src/score/order.rs has the twin.
fn sortable(score: f32) -> u32 {
    let bits = bitcast<u32>(score);
    return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}

// The inverse of sortable().
fn from_sortable(key: u32) -> f32 {
    return bitcast<f32>(select(~key, key & 0x7fffffffu, (key >> 31u) == 1u));
}

// Higher score first, ties by the lower item.
fn before(a: vec2<u32>, b: vec2<u32>) -> bool {
    return a.x > b.x || (a.x == b.x && a.y < b.y);
}

// The entry, if it is still wanted: everything is on the first pass, what comes after the last answer on a later one.
fn if_wanted(entry: vec2<u32>) -> vec2<u32> {
    if (params.bound != NONE && !before(entries[params.bound], entry)) {
        return no_entry();
    }
    return entry;
}

// The value, rounded to f32 here and now: a compiler may fuse a product into a following sum, and then a GPU would
// round once where the CPU rounds twice. It cannot see through the integers.
fn rounded(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ params.zero);
}

fn rounded4(x: vec4<f32>) -> vec4<f32> {
    return bitcast<vec4<f32>>(bitcast<vec4<u32>>(x) ^ vec4<u32>(params.zero));
}

// A dispatch wider than the limit of one dimension is folded into rows.
fn workgroup_index(group: vec3<u32>, groups: vec3<u32>) -> u32 {
    return group.x + group.y * groups.x;
}
