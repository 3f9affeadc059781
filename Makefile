# Every target does its own set-up; run any of them first on a fresh machine that has Rust and Node.

.PHONY: help demo test lint quality bench clean

help:
	@echo "make demo          build everything, train on the embedded data, serve the shop on http://localhost:4173"
	@echo "make demo CHECK=1  the same, driven once headless on WebGPU and CPU, then exit"
	@echo "make test          every test: native, in the browser, npm package, packaging, the demo end to end"
	@echo "make lint          formatting, clippy, WGSL, TypeScript"
	@echo "make quality       evaluation tables on the fixed splits, into target/quality/"
	@echo "make bench         against onnxruntime-web, TensorFlow.js and others in headless Chromium, into target/bench/"

demo:
	@CHECK="$(CHECK)" scripts/demo.sh

test:
	@scripts/test.sh

lint:
	@scripts/lint.sh

quality:
	@FAST="$(FAST)" scripts/quality.sh

bench:
	@scripts/bench.sh

clean:
	rm -rf target npm/dist npm/wasm www/dist benches/browser/dist www/public/*.safetensors
