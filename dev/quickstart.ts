/**
 * `make quickstart`: from nothing to a logged-in user. Brings up a local cluster with the project's images, or takes
 * the one of CONTEXT; installs the operator; applies the development sample; registers a user and logs it in. With
 * MONITORING=1 also a Prometheus that watches it, and a Grafana where images can be pulled.
 */
import { readFile } from 'node:fs/promises';
import { waitUntilReady } from './kubernetes/auth-cluster.ts';
import { failureReport } from './kubernetes/failure-report.ts';
import { forwardPort, type GatewayAddress, publishedAddress, waitForAnswer } from './kubernetes/gateway.ts';
import { authApiImage, OPERATOR_NAMESPACE } from './kubernetes/operator-release.ts';
import { installOperatorOn, runMake, targetOfEnvironment } from './kubernetes/target.ts';
import { type Credentials, firstLogin, randomCredentials } from './quickstart/first-login.ts';
import { installGrafana } from './quickstart/grafana.ts';
import { installPrometheus, MONITORING_NAMESPACE, monitored, preparePrometheus } from './quickstart/monitoring.ts';
import { type Print, runSteps, type Step } from './quickstart/steps.ts';
import { StepFailure } from './step-failure.ts';

const NAMESPACE = 'auth';
const NAME = 'demo';
const SAMPLE = 'manifests/samples/development.yaml';
const GATEWAY_PORT = 8080;
const READY_TIMEOUT_SECONDS = 600;
const ANSWER_TIMEOUT_SECONDS = 60;
const RETRY = 'mend what is named above and run `make quickstart` again: it goes on where it stopped';
const STEP_TITLES: Record<string, string> = {
  cluster: 'Local cluster',
  tools: 'Tools',
  images: 'Images',
  load: 'Images brought to the nodes',
  push: 'Images brought to the registry',
};

const target = targetOfEnvironment(process.env);
const { kubectl, local } = target;
const credentials = randomCredentials();
const withMonitoring = process.env.MONITORING === '1';
const print: Print = (line) => process.stdout.write(`${line}\n`);

function makeStep(name: string): Step {
  return {
    title: STEP_TITLES[name] ?? name,
    run: async () => {
      await runMake(name).catch(() => {
        // What went wrong stands above already, in the target's own words.
        throw new StepFailure(`make ${name} did not work`, RETRY);
      });
      return undefined;
    },
  };
}

const reachCluster: Step = {
  title: `Cluster of context ${kubectl.context}`,
  run: async () => {
    if (await kubectl.answers()) return 'answers';
    throw new StepFailure(
      `the cluster of context ${kubectl.context} does not answer`,
      '`kubectl config get-contexts` lists the contexts there are; without CONTEXT a local cluster is made',
    );
  },
};

const operator: Step = {
  title: 'Operator, by Helm',
  run: async () => {
    await installOperatorOn(target);
    return `release authcluster-operator in namespace ${OPERATOR_NAMESPACE}`;
  },
};

const authCluster: Step = {
  title: `AuthCluster ${NAME} in namespace ${NAMESPACE}`,
  run: async (onLine) => {
    const sample = await readFile(SAMPLE, 'utf8');
    await kubectl.apply(withMonitoring ? monitored(sample) : sample);
    const started = Date.now();
    const apiImage = await authApiImage(kubectl);
    await waitUntilReady(kubectl, NAMESPACE, NAME, {
      ...(apiImage === undefined ? {} : { apiImage }),
      timeoutSeconds: READY_TIMEOUT_SECONDS,
      onWaiting: (description) => onLine(`${Math.round((Date.now() - started) / 1000)} s  ${description}`),
    });
    return 'Ready';
  },
};

const login: Step = {
  title: 'First user',
  run: async (onLine) => {
    const gateway = await reachGateway();
    try {
      await waitForAnswer(gateway.url, ANSWER_TIMEOUT_SECONDS);
      await firstLogin(gateway.url, credentials, onLine);
    } finally {
      gateway.close();
    }
    return 'logged in';
  },
};

const prometheus: Step = {
  title: `Prometheus in namespace ${MONITORING_NAMESPACE}`,
  run: async (onLine) => {
    if (!local) {
      throw new StepFailure(
        'MONITORING=1 is for the local cluster',
        'on one of your own, see docs/how-to/monitor.md, and run `make quickstart` without it',
      );
    }
    await preparePrometheus(onLine);
    await installPrometheus(kubectl);
    return 'serves';
  },
};

let grafanaServes = false;
const grafana: Step = {
  title: `Grafana in namespace ${MONITORING_NAMESPACE}`,
  run: async (onLine) => {
    grafanaServes = await installGrafana(kubectl, onLine);
    return grafanaServes ? 'serves' : 'left out, since no image registry is reachable from here';
  },
};

async function reachGateway(): Promise<GatewayAddress> {
  return local ? publishedAddress(GATEWAY_PORT) : forwardPort(kubectl, NAMESPACE, `service/${NAME}-gateway`);
}

async function printResult({ username, password }: Credentials): Promise<void> {
  const url = `http://127.0.0.1:${GATEWAY_PORT}`;
  const kubectlCommand = `kubectl --context ${kubectl.context} -n ${NAMESPACE}`;
  print('');
  print((await kubectl.run(['get', 'authcluster', '-n', NAMESPACE, NAME])).trimEnd());
  print('');
  if (local) print(`The authentication service answers at ${url}.`);
  else print(`Reach the service: ${kubectlCommand} port-forward service/${NAME}-gateway ${GATEWAY_PORT}:80`);
  print('');
  if (withMonitoring) {
    const forward = `kubectl --context ${kubectl.context} -n ${MONITORING_NAMESPACE} port-forward`;
    print(`Prometheus: ${forward} service/prometheus 9090    # then http://127.0.0.1:9090/alerts`);
    if (grafanaServes) print(`Grafana: ${forward} service/grafana 3000    # then http://127.0.0.1:3000/dashboards`);
    else print('Grafana was left out, since no image registry is reachable; dashboards are in manifests/monitoring/');
    print('');
  }
  print('Try next:');
  print(
    `  curl -s ${url}/v1/login -H 'content-type: application/json' -d '{"username":"${username}","password":"${password}"}'`,
  );
  print(`  ${kubectlCommand} describe authcluster ${NAME}`);
  const api = `app.kubernetes.io/instance=${NAME},app.kubernetes.io/component=auth-api`;
  print(`  ${kubectlCommand} delete deployment -l ${api}`);
  print(`  ${kubectlCommand} get pods --watch    # and see it come back`);
}

try {
  const preparations = [...(local ? [] : [reachCluster]), ...target.makeTargets.map(makeStep)];
  await runSteps(
    [...preparations, operator, ...(withMonitoring ? [prometheus, grafana] : []), authCluster, login],
    print,
    Date.now,
  );
  await printResult(credentials);
} catch (error) {
  print(`\n${await failureReport(error, kubectl, [OPERATOR_NAMESPACE, NAMESPACE], RETRY)}`);
  process.exitCode = 1;
}
