// Merges lists: each workgroup keeps the best of a block of entries. Twin: src/score/topk.rs.

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
        let index = workgroup * BLOCK + i;
        var entry = no_entry();
        if (index < params.count) {
            entry = if_wanted(entries[params.input + index]);
        }
        block[i] = entry;
    }
    write_best(thread, workgroup);
}
