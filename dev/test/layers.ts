import { CommandError, type CommandOptions, runCommand } from '../command.ts';
import { installOperatorOn, runMake, targetOfEnvironment } from '../kubernetes/target.ts';
import { generatedFilesAreCurrent } from './generated-files.ts';
import { outcomeOfGo } from './go-report.ts';
import { serverSuite, suite } from './jest-suite.ts';
import { failure, type Outcome, skip, sum } from './outcome.ts';
import { rulesHold } from './rule-tests.ts';
import { shellScripts } from './shell-scripts.ts';

export type Print = (line: string) => void;

/** One kind of check. `run` rejects only where it could not find out. */
export interface Layer {
  name: string;
  run: (print: Print) => Promise<Outcome>;
}

const CHART = 'helm/authcluster-operator';

/** In the order in which they run: what answers soonest comes first. */
export const LAYERS: readonly Layer[] = [
  check('types', 'npm', ['run', '--silent', 'types']),
  check('lint', 'npm', ['run', '--silent', 'lint']),
  { name: 'shell', run: checkShellScripts },
  { name: 'workflows', run: checkWorkflows },
  { name: 'generated', run: generatedFilesAreCurrent },
  check('chart', 'helm', ['lint', '--strict', CHART]),
  suite('dev', ['run', '--silent', 'test:dev']),
  { name: 'go', run: testGo },
  suite('operator', ['test', '--silent', '-w', 'operator']),
  suite('auth-api', ['test', '--silent', '-w', 'auth-api']),
  suite('clients', ['run', '--silent', 'test:clients']),
  { name: 'load', run: testLoad },
  { name: 'rules', run: rulesHold },
  serverSuite('integration', ['run', '--silent', 'test:integration', '-w', 'auth-api'], prepareImages),
  serverSuite('operator-integration', ['run', '--silent', 'test:integration', '-w', 'operator'], prepareControlPlane),
  serverSuite('edge', ['run', '--silent', 'test:edge', '-w', 'operator'], prepareImages),
  serverSuite('e2e', ['test', '--silent', '-w', 'e2e'], prepareCluster),
];

/** What `make test` leaves out, because it takes much longer than all of the others, or others' programs: run by name. */
export const ON_DEMAND: readonly Layer[] = [
  serverSuite('chaos', ['run', '--silent', 'test:chaos', '-w', 'e2e'], prepareCluster),
  serverSuite('controllers', ['run', '--silent', 'test:controllers', '-w', 'e2e'], prepareControllers),
  serverSuite('guides', ['run', '--silent', 'test:guides', '-w', 'e2e'], prepareCluster),
];

/** A command that counts as one test. */
function check(name: string, program: string, args: string[]): Layer {
  return { name, run: (print) => runCheck(name, program, args, { onLine: print }) };
}

async function runCheck(name: string, program: string, args: string[], options: CommandOptions): Promise<Outcome> {
  try {
    await runCommand(program, args, options);
    return { passed: 1, failed: 0, skipped: 0, notes: [] };
  } catch (error) {
    if (error instanceof CommandError) return failure(name);
    throw error;
  }
}

async function prepareImages(): Promise<void> {
  await runMake('images');
}

/** Its API server comes from the image of the nodes; no node is started. */
async function prepareControlPlane(): Promise<void> {
  await runMake('node-image');
}

async function prepareCluster(): Promise<void> {
  const target = targetOfEnvironment(process.env);
  for (const makeTarget of target.makeTargets) await runMake(makeTarget);
  await installOperatorOn(target);
}

async function prepareControllers(): Promise<void> {
  await prepareCluster();
  for (const makeTarget of ['traefik', 'envoy', 'cert-manager']) await runMake(makeTarget);
}

async function checkShellScripts(print: Print): Promise<Outcome> {
  if (!(await works('shellcheck', ['--version'])) && !(await installShellcheck())) {
    return skip('shellcheck is not installed');
  }
  return runCheck('shellcheck', 'shellcheck', ['--external-sources', ...(await shellScripts())], { onLine: print });
}

/** actionlint has its releases as a Go module. */
async function checkWorkflows(print: Print): Promise<Outcome> {
  if (!(await works('go', ['version']))) return skip('Go is not installed, by which actionlint would be built');
  return runCheck('actionlint', 'go', ['run', 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.7'], { onLine: print });
}

/** On Debian, as root, like the Docker engine; elsewhere whoever wants it installs it. */
async function installShellcheck(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const install = ['install', '-y', '-qq', '--no-install-recommends', 'shellcheck'];
  return (await works('apt-get', ['update', '-qq'])) && (await works('apt-get', install));
}

/** Whether a command is there and ends well. */
function works(program: string, args: string[]): Promise<boolean> {
  return runCommand(program, args).then(
    () => true,
    () => false,
  );
}

/** k6 is built once where Go is; without it, what plays scenarios is skipped, and counted as skipped. */
async function testLoad(print: Print): Promise<Outcome> {
  if (await works('go', ['version'])) await runMake('k6').catch(() => print('k6 could not be built'));
  return suite('load', ['test', '--silent', '-w', 'load']).run(print);
}

/** What the node image is built of where it has to be, and what tools written in Go make of an AuthCluster. */
const GO_TESTS = [
  ['dev/node-image', './podnet/...'],
  ['dev/kstatus', './...'],
] as const;

async function testGo(print: Print): Promise<Outcome> {
  if (!(await works('go', ['version']))) return skip('Go is not installed');
  const outcomes: Outcome[] = [];
  for (const [directory, packages] of GO_TESTS) outcomes.push(await testGoModule(directory, packages, print));
  return sum(outcomes);
}

async function testGoModule(directory: string, packages: string, print: Print): Promise<Outcome> {
  try {
    return outcomeOfGo(await runCommand('go', ['test', '-json', packages], { directory }));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    print(error.stderr);
    const outcome = outcomeOfGo(error.stdout);
    return outcome.failed > 0 ? outcome : failure(error.message);
  }
}
