// The installed static library of the client, stripped: client_size.mjs ARCHIVE
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'parley-size-'));
const copy = join(folder, 'libparley-client.a');
copyFileSync(process.argv[2], copy);
execFileSync('strip', ['--strip-unneeded', copy]);
const code = execFileSync('size', ['--totals', copy], { encoding: 'utf8' }).trim().split('\n').at(-1).trim().split(/\s+/);
console.log(JSON.stringify({ mode: 'size', size_kib: statSync(copy).size / 1024, loaded_kib: Number(code[3]) / 1024 }));
rmSync(folder, { recursive: true });
