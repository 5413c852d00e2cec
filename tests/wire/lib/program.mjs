// Programs of the build folder, run as somebody would: to their end, with lines typed meanwhile, or on a terminal.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { root } from './server.mjs';

const build = process.env.PARLEY_BUILD ?? 'build/asan';
const WAIT_MS = 30000;

export const clientCommand = path.resolve(root, build, 'client/cli/parley-client');
export const exampleProgram = (name) => path.resolve(root, build, 'examples', name);

/** A program that runs. `out` and `err` are what it has printed, on a terminal all in `out`. */
export class Program {
  constructor(file, args = [], { env = {}, terminal = false } = {}) {
    const command = terminal
      ? ['python3', path.join(root, 'tests/wire/lib/on_terminal.py'), '24', '100', file, ...args]
      : [file, ...args];
    this.out = '';
    this.err = '';
    this.isOnTerminal = terminal;
    this.child = spawn(command[0], command.slice(1), {
      cwd: root,
      env: { ...process.env, TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin.on('error', () => {}); // it may be gone before all is written
    this.child.stdout.setEncoding('utf8').on('data', (data) => {
      this.out += data;
    });
    this.child.stderr.setEncoding('utf8').on('data', (data) => {
      this.err += data;
    });
    this.ended = once(this.child, 'close');
  }

  /** Lines of standard input; on a terminal: keys. */
  type(text) {
    this.child.stdin.write(this.isOnTerminal ? `${JSON.stringify({ keys: text })}\n` : text);
  }

  signal(name) {
    if (this.isOnTerminal) {
      this.child.stdin.write(`${JSON.stringify({ signal: name })}\n`);
    } else {
      this.child.kill(name);
    }
  }

  closeInput() {
    this.child.stdin.end();
  }

  /** Wait until it has printed what matches, from `from` on; gives the match. */
  async says(pattern, { where = 'out', from = 0 } = {}) {
    const end = Date.now() + WAIT_MS;
    for (;;) {
      const match = pattern.exec(this[where].slice(from));
      if (match) {
        return match;
      }
      assert.ok(Date.now() < end && this.child.exitCode === null,
        `${pattern} is not in ${JSON.stringify(this.out)}; ${this.err}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Its end: {code, restored}, the last for a terminal alone. Fails on a report of a sanitizer. */
  async end() {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), WAIT_MS);
    const [code, signal] = await this.ended;
    clearTimeout(timer);
    assert.equal(signal, null, `it was killed: ${this.out}${this.err}`);
    assert.doesNotMatch(this.out + this.err, /Sanitizer|runtime error: /);
    return this.isOnTerminal ? JSON.parse(this.err.trim().split('\n').at(-1)) : { code };
  }
}

/** Run a program to its end. Gives {code, out, err, lines}. */
export async function runProgram(file, args, { input = '', ...options } = {}) {
  const program = new Program(file, args, options);
  program.type(input);
  program.closeInput();
  const { code } = await program.end();
  return { code, out: program.out, err: program.err, lines: program.out.split('\n').slice(0, -1) };
}

/** What is left of a terminal's output without the codes that move and colour. */
export const plain = (text) => text.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, '');
