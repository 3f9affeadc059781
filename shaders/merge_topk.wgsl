// Merges lists: each workgroup sorts a block of entries and keeps its best. Twin: src/score/topk.rs.

@compute @workgroup_size(256)
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
            entry = entries[params.input + index];
            if (!wanted(entry)) {
                entry = no_entry();
            }
        }
        block[i] = entry;
    }
    sort_block(thread);
    write_block(thread, workgroup);
}
