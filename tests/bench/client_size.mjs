// All of the client library, linked and stripped, and the same objects as an archive, each of which brings headers and
// tables that no program gets: client_size.mjs SHARED ARCHIVE
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'parley-size-'));

function strippedKib(path) {
  const copy = join(folder, 'copy');
  copyFileSync(path, copy);
  execFileSync('strip', ['--strip-unneeded', copy]);
  return statSync(copy).size / 1024;
}

const [shared, archive] = process.argv.slice(2);
console.log(JSON.stringify({ mode: 'size', linked_kib: strippedKib(shared), archive_kib: strippedKib(archive) }));
rmSync(folder, { recursive: true });
