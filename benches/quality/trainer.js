// Runs the trainer and reads what it says.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** How often a process is asked for its peak memory, in milliseconds. */
const LOOK = 100;

/**
 * Runs a program that prints one JSON object.
 * @returns {Promise<{ json: object, seconds: number, peakBytes: number | null }>} peak memory where the system tells it
 */
export async function run(program, flags) {
  const started = performance.now();
  const child = spawn(program, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  let peakBytes = null;
  const look = setInterval(async () => (peakBytes = Math.max(peakBytes ?? 0, (await peak(child.pid)) ?? 0) || null), LOOK);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`${program} ${flags.slice(0, 2).join(' ')} ended with ${code}: ${text.slice(0, 400)}`);
  return { json: JSON.parse(text), seconds: (performance.now() - started) / 1000, peakBytes };
}

/** Runs a program to its end and gives what it printed. */
export async function printed(program, flags, options) {
  const child = spawn(program, flags, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${program} ${flags.join(' ')} ended with ${code}: ${text.slice(-400)}`);
  return text;
}

/** Peak resident memory of a process so far, in bytes; nothing where there is no /proc. */
async function peak(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const found = /^VmHWM:\s+(\d+) kB/m.exec(status);
  return found ? Number(found[1]) * 1024 : null;
}
