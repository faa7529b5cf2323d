// Prints a TestRun for the k6 operator. See USAGE.
import { parseArgs } from 'node:util';
import { parseRunOptions } from '../run/run-options.ts';
import { testRun } from './test-run.ts';

const USAGE = `usage: npm run --silent test-run -w load -- --scenario NAME --url URL [options]
  Prints a TestRun for the k6 operator: docs/how-to/run-a-load-test.md tells what must be there before.
  --url         where the gateway answers to pods of the cluster, as http://demo-gateway.auth
  --scale       share of the users, and with them of every rate (1)
  --time-scale  share of every duration; rates grow by its inverse (1)
`;

function testRunFor(args: readonly string[]): string {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: text,
      url: text,
      scale: { ...text, default: '1' },
      'time-scale': { ...text, default: '1' },
    },
  });
  if (values.url === undefined) throw new RangeError('url must be given');
  const given = Object.entries(values).map(([option, value]) => `--${option}=${value}`);
  const { scenario, ...options } = parseRunOptions([...given, '--allow-remote']);
  return testRun(scenario, options);
}

try {
  const args = process.argv.slice(2);
  process.stdout.write(args.length === 0 || args.includes('--help') ? USAGE : testRunFor(args));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
