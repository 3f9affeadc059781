// Scores a block of rows against the user vector and keeps the block's best. Twin: src/score/cpu/dot_topk.rs.

fn score_row(row: u32) -> vec2<u32> {
    let item = params.base + row;
    if (row >= params.count || excluded(item)) {
        return no_entry();
    }
    return if_wanted(vec2<u32>(sortable(retrieval_score(row)), item));
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
    for (var i = thread; i < BLOCK; i += THREADS) {
        block[i] = score_row(workgroup * BLOCK + i);
    }
    write_best(thread, workgroup);
}
