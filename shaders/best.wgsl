// The best entries of a block: bitonic top-k (Shanbhag, Pirk and Madden 2018, "Efficient top-k query processing on
// GPUs"). Runs of `keep` are sorted, then pairs of runs are merged and the worse half dropped until one run is left.

const BLOCK = 1024u; // entries a workgroup looks at: 8 KiB
const THREADS = 64u;

// Entry x of the block is at (x % COLUMN) * THREADS + x / COLUMN, COLUMN being BLOCK / THREADS: each thread sorts a column
// of neighbours alone, without barriers, and neighbouring threads read neighbouring words.
var<workgroup> block: array<vec2<u32>, BLOCK>;

// Puts the better of two places first, or last.
fn order(low: u32, high: u32, last: bool) {
    let a = block[low];
    let b = block[high];
    if (before(b, a) != last) {
        block[low] = b;
        block[high] = a;
    }
}

// Brings the block's best `keep` entries to the places of 0..keep and writes them to this workgroup's part of the output
// list. Every thread of the workgroup calls it, after it filled its own column. One loop, so that its barriers are few in
// the text: a software adapter compiles each at length.
fn write_best(thread: u32, workgroup: u32) {
    let column = BLOCK / THREADS;
    let run = max(params.keep, column);
    var n = BLOCK;
    for (var size = 2u; size <= run || n > run; size <<= 1u) {
        if (size > run) {
            // Runs are sorted: keep the better half of each pair, one from the lower and one from the upper half of all.
            n >>= 1u;
            workgroupBarrier();
            let rows = n / column;
            for (var i = thread; i < n; i += THREADS) {
                let low = (i / rows) * THREADS + i % rows;
                order(low, low + rows, false);
            }
        }
        // Sort runs of this length. Short ones take turns in direction; whole ones end with their best in the upper half,
        // so that they form bitonic sequences with those of the lower half.
        let length = min(size, run);
        let turn = select(select(n >> 1u, 0u, n == run), length, length < run);
        var stride = length >> 1u;
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
        if (size > column) {
            workgroupBarrier();
        }
        // From here on within columns.
        for (; stride > 0u && thread * column < n; stride >>= 1u) {
            for (var i = 0u; i < column / 2u; i += 1u) {
                let x = 2u * i - (i & (stride - 1u));
                let low = x * THREADS + thread;
                order(low, low + stride * THREADS, ((thread * column + x) & turn) != 0u);
            }
        }
    }
    workgroupBarrier();
    for (var i = thread; i < params.keep; i += THREADS) {
        entries[params.output + workgroup * params.keep + i] = block[(i % column) * THREADS + i / column];
    }
}
