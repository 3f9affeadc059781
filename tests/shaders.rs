//! The WGSL files: valid by naga, and laid out as the structs in Rust say.
#![cfg(not(target_arch = "wasm32"))]

use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{Module, TypeInner};
use proclivity::score::{shader_layouts, shader_sources};

fn parse(name: &str, source: &str) -> Module {
    naga::front::wgsl::parse_str(source).unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(source)))
}

/// Every kernel is valid WGSL with no capability beyond the core.
#[test]
fn every_kernel_is_core_wgsl() {
    for (name, source) in shader_sources() {
        let module = parse(name, &source);
        Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&source)));
        assert_eq!(module.entry_points.len(), 1, "{name}");
    }
}

/// A struct shared with WGSL has the members, offsets and size there that it has in Rust.
#[test]
fn shared_structs_have_one_layout() {
    let mut seen = Vec::new();
    for (name, source) in shader_sources() {
        let module = parse(name, &source);
        for (struct_name, size, fields) in shader_layouts() {
            let Some(TypeInner::Struct { members, span }) = module
                .types
                .iter()
                .find(|(_, ty)| ty.name.as_deref() == Some(struct_name))
                .map(|(_, ty)| ty.inner.clone())
            else {
                continue;
            };
            let found: Vec<(String, u32)> =
                members.iter().map(|m| (m.name.clone().unwrap_or_default(), m.offset)).collect();
            let expected: Vec<(String, u32)> =
                fields.iter().map(|&(f, offset)| (f.to_owned(), offset as u32)).collect();
            assert_eq!(found, expected, "{struct_name} in {name}");
            assert_eq!(span as usize, size, "{struct_name} in {name}");
            seen.push(struct_name);
        }
    }
    for (struct_name, ..) in shader_layouts() {
        assert!(seen.contains(&struct_name), "{struct_name} is in no shader");
    }
}

/// The names that Rust speaks of outlive the packing of the texts: the entry point and the constants that are set from there.
#[test]
fn names_that_rust_speaks_of_are_kept() {
    let known = ["WIDTH", "INPUTS", "BLOCKS", "INT8", "HIDDEN", "ACTIVE", "FLOOR", "LAST_BIAS", "SKIP"];
    let mut seen = Vec::new();
    for (name, source) in shader_sources() {
        let module = parse(name, &source);
        assert_eq!(module.entry_points[0].name, "main", "{name}");
        for (_, constant) in module.overrides.iter() {
            let constant = constant.name.clone().unwrap_or_default();
            assert!(known.contains(&constant.as_str()), "{constant} in {name}");
            seen.push(constant);
        }
        assert!(!source.contains("params"), "{name} is packed: its variables have short names");
    }
    for constant in known {
        assert!(seen.iter().any(|seen| seen == constant), "{constant} is in no shader");
    }
}

/// Workgroup memory of each kernel fits in what every WebGPU device has (rank_mlp at its default constants).
#[test]
fn workgroup_memory_fits() {
    for (name, source) in shader_sources() {
        let module = parse(name, &source);
        let mut layouter = naga::proc::Layouter::default();
        layouter.update(module.to_ctx()).expect("valid types");
        let used: u32 = module
            .global_variables
            .iter()
            .filter(|(_, v)| v.space == naga::AddressSpace::WorkGroup)
            .map(|(_, v)| layouter[v.ty].size)
            .sum();
        assert!(used <= 16_384, "{name} declares {used} bytes");
    }
}
