// The best entries of a block: bitonic top-k (Shanbhag, Pirk and Madden 2018, "Efficient top-k query processing on
// GPUs"). Runs of `keep` are sorted, then pairs of runs are merged and the worse half dropped until one run is left.

override BLOCK: u32 = 1024u; // entries a workgroup looks at: 8 KiB at most
const THREADS = 64u;

// Entry x of the block is at place(x): each thread's COLUMN neighbours lie THREADS apart, so that it sorts them alone,
// without barriers, and neighbouring threads read neighbouring words.
var<workgroup> block: array<vec2<u32>, BLOCK>;

fn place(x: u32) -> u32 {
    let column = BLOCK / THREADS;
    return (x % column) * THREADS + x / column;
}

// Puts the better of two places first, or last.
fn order(low: u32, high: u32, last: bool) {
    let a = block[low];
    let b = block[high];
    if (before(b, a) != last) {
        block[low] = b;
        block[high] = a;
    }
}

// Compares entries `stride` apart, then half as far, down to neighbours, among the first n; an entry whose index has the
// bit `turn` set is in a run that ends with its best.
fn merge(thread: u32, n: u32, first: u32, turn: u32) {
    let column = BLOCK / THREADS;
    var stride = first;
    for (; stride >= column; stride >>= 1u) {
        workgroupBarrier();
        let half = n / column / 2u;
        let apart = stride / column;
        for (var i = thread; i < n / 2u; i += THREADS) {
            let pair = i % half;
            let other = 2u * pair - (pair & (apart - 1u));
            let low = (i / half) * THREADS + other;
            order(low, low + apart, ((other * column) & turn) != 0u);
        }
    }
    workgroupBarrier();
    if (thread * column < n) {
        for (; stride > 0u; stride >>= 1u) {
            for (var i = 0u; i < column / 2u; i += 1u) {
                let x = 2u * i - (i & (stride - 1u));
                let low = x * THREADS + thread;
                order(low, low + stride * THREADS, ((thread * column + x) & turn) != 0u);
            }
        }
    }
}

// Brings the block's best `keep` entries to the places of 0..keep and writes them to this workgroup's part of the output
// list. Every thread of the workgroup calls it.
fn write_best(thread: u32, workgroup: u32) {
    let run = max(params.keep, BLOCK / THREADS);
    var n = BLOCK;
    for (var size = 2u; size < run; size <<= 1u) {
        merge(thread, n, size >> 1u, size);
    }
    // The runs of the upper half end with their best, so that each forms a bitonic sequence with one of the lower half.
    merge(thread, n, run >> 1u, select(n >> 1u, 0u, n == run));
    while (n > run) {
        n >>= 1u;
        workgroupBarrier();
        let rows = n * THREADS / BLOCK;
        for (var i = thread; i < n; i += THREADS) {
            let low = (i / rows) * THREADS + i % rows;
            order(low, low + rows, false);
        }
        merge(thread, n, run >> 1u, select(n >> 1u, 0u, n == run));
    }
    workgroupBarrier();
    for (var i = thread; i < params.keep; i += THREADS) {
        entries[params.output + workgroup * params.keep + i] = block[place(i)];
    }
}
