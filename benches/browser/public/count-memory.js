// Before any module: keeps hold of every WebAssembly memory of the page, exported or imported, whoever makes it.
(() => {
  const memories = new Set();
  const keep = (instance) => {
    for (const value of Object.values(instance.exports)) if (value instanceof NativeMemory) memories.add(value);
    return instance;
  };
  const NativeMemory = WebAssembly.Memory;
  WebAssembly.Memory = class extends NativeMemory {
    constructor(descriptor) {
      super(descriptor);
      memories.add(this);
    }
  };
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const native = WebAssembly[name];
    WebAssembly[name] = async (...inputs) => {
      const made = await native.apply(WebAssembly, inputs);
      keep(made.instance ?? made);
      return made;
    };
  }
  const NativeInstance = WebAssembly.Instance;
  WebAssembly.Instance = class extends NativeInstance {
    constructor(...inputs) {
      super(...inputs);
      keep(this);
    }
  };
  /** Memory never shrinks, so this is the peak too. */
  window.wasmMemoryBytes = () => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
})();
