// What every kernel shares: the parameters of a dispatch, the entry list, the order of entries.
// The engine puts this text before each kernel's own.

// One dispatch's parameters; `Params` in src/score/gpu/recording.rs has the same layout.
struct Params {
    count: u32,      // rows or entries to read
    words: u32,      // u32 words a row: d / 4
    keep: u32,       // entries each workgroup writes; 0 for a kernel that writes one a thread
    bound: u32,      // index of the entry after which to take up again, or NONE
    input: u32,      // first entry to read
    output: u32,     // first entry to write
    zero: u32,       // 0, unknown to the compiler: see rounded()
    user_scale: f32, // factor from integer dots to scores
}

const NONE = 0xffffffffu;

@group(0) @binding(0) var<uniform> params: Params;

// Entries (sortable score, item): every list of every stage, each at its offset.
@group(0) @binding(1) var<storage, read_write> entries: array<vec2<u32>>;

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

// Whether an entry is still wanted: everything is on the first pass, what comes after the last answer on a later one.
fn wanted(entry: vec2<u32>) -> bool {
    if (params.bound == NONE) {
        return true;
    }
    return before(entries[params.bound], entry);
}

// The value, rounded to f32 here and now: a compiler may fuse a product into a following sum, and then a GPU would
// round once where the CPU rounds twice. It cannot see through the integers.
fn rounded(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ params.zero);
}

// A dispatch wider than 65,535 workgroups is folded into rows.
fn workgroup_index(group: vec3<u32>, groups: vec3<u32>) -> u32 {
    return group.x + group.y * groups.x;
}

const BLOCK = 1024u;
const THREADS = 256u;

// The entries one workgroup sorts: 8 KiB.
var<workgroup> block: array<vec2<u32>, BLOCK>;

// Bitonic sort of the whole block, best first. Every thread of the workgroup calls it.
fn sort_block(thread: u32) {
    for (var size = 2u; size <= BLOCK; size <<= 1u) {
        for (var stride = size >> 1u; stride > 0u; stride >>= 1u) {
            workgroupBarrier();
            for (var i = thread; i < BLOCK / 2u; i += THREADS) {
                let low = 2u * i - (i & (stride - 1u));
                let high = low + stride;
                let a = block[low];
                let b = block[high];
                let descending = (low & size) == 0u;
                if (before(b, a) == descending) {
                    block[low] = b;
                    block[high] = a;
                }
            }
        }
    }
    workgroupBarrier();
}

// Writes the best `keep` entries of the sorted block to this workgroup's part of the output list.
fn write_block(thread: u32, workgroup: u32) {
    for (var i = thread; i < params.keep; i += THREADS) {
        entries[params.output + workgroup * params.keep + i] = block[i];
    }
}
