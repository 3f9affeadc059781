// Keeps the best of a block: of rows, scored against the user vector, or of a list of entries. Twins:
// src/score/cpu/dot_topk.rs, src/score/topk.rs. One kernel for both, since what takes long to compile is the same.

// Four rows' entries, THREADS apart.
fn put_rows(row: vec4<u32>, at: u32) {
    let scores = retrieval_scores(min(row, vec4<u32>(params.count - 1u)));
    for (var j = 0u; j < 4u; j += 1u) {
        let item = params.base + row[j];
        var entry = no_entry();
        if (row[j] < params.count && !excluded(item)) {
            entry = if_wanted(vec2<u32>(sortable(scores[j]), item));
        }
        block[at + j * THREADS] = entry;
    }
}

fn put_entries(index: vec4<u32>, at: u32) {
    for (var j = 0u; j < 4u; j += 1u) {
        var entry = no_entry();
        if (index[j] < params.count) {
            entry = if_wanted(entries[params.input + index[j]]);
        }
        block[at + j * THREADS] = entry;
    }
}

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let workgroup = workgroup_index(group, groups);
    if (workgroup * BLOCK >= params.count) {
        return;
    }
    for (var i = thread; i < BLOCK; i += 4u * THREADS) {
        let four = workgroup * BLOCK + i + vec4<u32>(0u, THREADS, 2u * THREADS, 3u * THREADS);
        if (params.input == NONE) {
            put_rows(four, i);
        } else {
            put_entries(four, i);
        }
    }
    write_best(thread, workgroup);
}
