// Entry point of the worker script.

import * as bindings from '../wasm/proclivity.js';
import { loadWasm } from './wasm.js';
import { serve } from './worker-server.js';

serve(self, (source) => loadWasm(source, () => bindings));
