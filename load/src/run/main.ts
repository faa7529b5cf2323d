// Runs a load test and reports on it: npm run load-test -w load -- --scenario normal-login --scale 0.01
import { loadRun } from './load-run.ts';
import { loadTest } from './load-test.ts';

try {
  process.exitCode = await loadTest(process.argv.slice(2), {
    say: (line) => process.stdout.write(`${line}\n`),
    // npm changes into the workspace; files are named from where the person stands.
    home: process.env.INIT_CWD ?? process.cwd(),
    now: () => new Date(),
    run: loadRun,
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
