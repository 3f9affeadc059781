// Entry point of the worker script.

import { loadWasm } from './wasm.js';
import { serve } from './worker-server.js';

serve(self, loadWasm);
