import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Container, hasImage } from '../../../dev/containers/container.ts';
import { freePorts } from '../../../dev/containers/free-ports.ts';
import { eventually } from '../../../dev/eventually.ts';
import type { KubernetesObject } from '../../src/kubernetes/objects.ts';
import { clusterRules, operatorRules } from '../../src/kubernetes/rbac.ts';
import { createTransport, type Transport } from '../../src/kubernetes/transport.ts';

/** Where an API server is and who may ask it; plain data, since it goes from globalSetup to the tests. */
export interface ControlPlane {
  readonly containerId: string;
  /** Of files that the container reads. */
  readonly directory: string;
  readonly port: number;
  /** Its own, since it signs itself. */
  readonly certificate: string;
  readonly tokens: Readonly<Record<Account, string>>;
}

/** `admin` may do everything; `operator` what the chart grants. */
export type Account = 'admin' | 'operator';

const ROOT = new URL('../../../', import.meta.url);
const START_TIMEOUT_MS = 60_000;

/** etcd and kube-apiserver of the node image, with the CRD and the operator's rights: everything but nodes. */
export async function startControlPlane(name: string): Promise<ControlPlane> {
  const image = await nodeImage();
  const directory = await mkdtemp(join(tmpdir(), 'authcluster-control-plane-'));
  const tokens = { admin: randomBytes(16).toString('hex'), operator: randomBytes(16).toString('hex') };
  await writeFiles(directory, tokens);
  const [port = 0, client = 0, peer = 0] = await freePorts(3);
  const script = await readFile(new URL('control-plane.sh', import.meta.url), 'utf8');
  const container = await Container.start({
    name,
    image,
    entrypoint: 'bash',
    command: ['-c', script, 'control-plane', String(port), String(client), String(peer)],
    mounts: { [directory]: '/control-plane-files' },
  });
  try {
    const certificate = await eventually(
      () => container.run('cat', '/var/lib/control-plane/certificates/apiserver.crt'),
      START_TIMEOUT_MS,
    );
    const plane = { containerId: container.id, directory, port, certificate, tokens };
    await untilReady(plane);
    await install(accessTo(plane, 'admin'));
    return plane;
  } catch (error) {
    throw new Error(`the API server did not come up: ${error}\n${await container.logs()}`, { cause: error });
  }
}

export async function removeFiles({ directory }: ControlPlane): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}

/** By token: who asks for the same shares connections, since it takes longer to open one than to use it. */
const transports = new Map<string, Transport>();

/** Requests on behalf of an account. */
export function accessTo({ port, certificate, tokens }: ControlPlane, account: Account): Transport {
  const headers = { authorization: `Bearer ${tokens[account]}` };
  const credentials = async () => ({ ca: certificate, headers });
  const transport =
    transports.get(tokens[account]) ?? createTransport({ url: new URL(`https://127.0.0.1:${port}`), credentials });
  transports.set(tokens[account], transport);
  return transport;
}

export async function untilReady(plane: ControlPlane): Promise<void> {
  const admin = accessTo(plane, 'admin');
  await eventually(() => admin.send({ method: 'GET', path: '/api/v1/namespaces/default' }), START_TIMEOUT_MS);
}

/** As `make node-image` made it available. */
async function nodeImage(): Promise<string> {
  const image = (await readFile(new URL('.make/node-image', ROOT), 'utf8').catch(() => '')).trim();
  if (image === '' || !(await hasImage(image))) {
    throw new Error('the image of the nodes is not there: run `make node-image` first');
  }
  return image;
}

async function writeFiles(directory: string, tokens: Record<Account, string>): Promise<void> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(join(directory, 'service-accounts.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const accounts = [`${tokens.admin},admin,admin,"system:masters"`, `${tokens.operator},operator,operator`];
  await writeFile(join(directory, 'tokens.csv'), `${accounts.join('\n')}\n`);
  await chmod(directory, 0o755);
}

async function install(admin: Transport): Promise<void> {
  const crd = parse(await readFile(new URL('crds/authclusters.yaml', ROOT), 'utf8')) as KubernetesObject;
  await apply(admin, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd);
  const rbac = 'rbac.authorization.k8s.io/v1';
  const name = 'authcluster-operator';
  const role = {
    apiVersion: rbac,
    kind: 'ClusterRole',
    metadata: { name },
    rules: [...operatorRules(), ...clusterRules()],
  };
  const subject = { kind: 'User', name: 'operator', apiGroup: 'rbac.authorization.k8s.io' };
  const roleRef = { kind: 'ClusterRole', name, apiGroup: 'rbac.authorization.k8s.io' };
  const binding = { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects: [subject] };
  await eventually(() => apply(admin, `/apis/${rbac}/clusterroles`, role), START_TIMEOUT_MS);
  await apply(admin, `/apis/${rbac}/clusterrolebindings`, binding);
  await eventually(
    () => admin.send({ method: 'GET', path: '/apis/authcluster.dev/v1alpha1/authclusters' }),
    START_TIMEOUT_MS,
  );
}

async function apply(admin: Transport, collection: string, object: KubernetesObject): Promise<void> {
  await admin.send({
    method: 'PATCH',
    path: `${collection}/${object.metadata.name}`,
    query: { fieldManager: 'tests', force: 'true' },
    contentType: 'application/apply-patch+yaml',
    body: object,
  });
}
