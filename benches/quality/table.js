// The figures on the terminal.

export function printRows(rows) {
  console.log('\nwhat must be reached');
  print(
    ['', 'value', 'target', 'bytes', '', ''],
    rows.map(({ id, value, target, bytes, pass, note }) => {
      const state = note.startsWith('skipped') ? 'skipped' : pass ? 'pass' : 'short';
      return [id, number(value), number(target), bytes === null ? '' : bytes.toLocaleString('en'), state, note];
    }),
  );
}

export function printFamilies(families) {
  if (families.length === 0) return;
  console.log('\nsingle families, on the test users');
  print(
    ['split', 'asked for', 'metric', 'family', 'value', 'bytes', 'trained in'],
    families.map(({ split, test, metric, family, value, bytes, seconds }) => [split, test, metric, family, number(value), bytes.toLocaleString('en'), `${seconds.toFixed(0)} s`]),
  );
}

function number(value) {
  return value === null ? '–' : value < 10 ? value.toFixed(4) : value.toFixed(1);
}

function print(head, lines) {
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column].length)));
  for (const cells of all) console.log(`  ${cells.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()}`);
}
