// Results as Markdown tables: one line per bar, and all figures.
import { servers } from './rows.mjs';

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const number = (value, digits) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

// The figure of a row by round; null where the run failed.
function byRound(row, results, server) {
  const rounds = results[row.job]?.[server] ?? [];
  return Array.from(rounds, (lines) => lines?.[row.line ?? 0]?.[row.field] ?? null);
}

const figures = (row, results, server) => byRound(row, results, server).filter((value) => value !== null);

const line = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, body) => [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');

// Ratios are taken within a round, where both ran next to each other, and then their median.
function barValue(row, bar, results) {
  const theirs = bar.than ? byRound(row, results, bar.than) : null;
  const values = byRound(row, results, row.of ?? 'parley')
    .map((ours, round) => (theirs === null || ours === null ? ours : theirs[round] ? ours / theirs[round] : null))
    .filter((value) => value !== null);
  return values.length > 0 ? median(values) : null;
}

function isReached(bar, value) {
  if (bar.least !== undefined) return value >= bar.least;
  return bar.most !== undefined ? value <= bar.most : value < bar.below;
}

function barText(row, bar) {
  const unit = bar.than ? ` × ${servers[bar.than].title}` : row.unit && ` ${row.unit}`;
  if (bar.least !== undefined) return `at least ${bar.least.toLocaleString('en-US')}${unit}`;
  return bar.most !== undefined ? `at most ${bar.most.toLocaleString('en-US')}${unit}` : `under ${bar.below}${unit}`;
}

export function barTable(rows, results) {
  const body = rows.flatMap((row) => row.bars.map((bar) => {
    const value = barValue(row, bar, results);
    const shown = value === null ? '-' : bar.than ? `${number(value, 2)} ×` : `${number(value, row.digits)} ${row.unit}`.trim();
    const verdict = value === null ? 'not measured' : isReached(bar, value) ? 'pass' : '**miss**';
    return [row.title, barText(row, bar), shown, verdict];
  }));
  return table(['what', 'bar', 'Parley', 'verdict'], body);
}

// Median, and lowest to highest; where there is one, the server's CPU time per message.
function cell(row, results, server) {
  const values = figures(row, results, server);
  if (values.length === 0) return '-';
  const cpu = figures({ ...row, field: 'server_us_per_message' }, results, server);
  const spread = `${number(Math.min(...values), row.digits)}–${number(Math.max(...values), row.digits)}`;
  return `${number(median(values), row.digits)} (${spread})` + (cpu.length > 0 ? `, ${number(median(cpu), 2)} µs` : '');
}

export function figureTable(rows, results) {
  const names = Object.keys(servers).filter((name) => rows.some((row) => results[row.job]?.[name]));
  const body = rows.map((row) => [row.unit ? `${row.title}: ${row.unit}` : row.title, ...names.map((name) => cell(row, results, name))]);
  return table(['median (lowest–highest), server CPU per message', ...names.map((name) => servers[name].title)], body);
}
