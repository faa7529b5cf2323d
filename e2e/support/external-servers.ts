import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { makeCertificates } from '../../dev/containers/certificates.ts';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { kubectl } from './cluster.ts';

/** Servers that an AuthCluster knows nothing of but their addresses: PostgreSQL and Redis, by TLS only. */
export const PASSWORDS = { app: 'the-word-of-the-app', migrator: 'the-word-of-migrations', redis: 'the-word-of-redis' };

const GUIDE = new URL('../../docs/how-to/use-an-external-database.md', import.meta.url);
/** What the guide has an ACL user hold. */
const REDIS_RULES = '~* &* +@all -@admin -@dangerous +info';

/** Makes the namespace with both servers, Services `db` and `cache`, and the ConfigMap `ca`. */
export async function startExternalServers(namespace: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'authcluster-e2e-'));
  const { ca, certificate, key } = await makeCertificates(directory, [`db.${namespace}.svc`, `cache.${namespace}.svc`]);
  await rm(directory, { recursive: true });
  const images = await serverImages();
  const enforce = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await kubectl.apply(
    stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: enforce } }),
  );
  const objects = [
    secret('server', {
      'tls.crt': certificate,
      'tls.key': key,
      'users.acl': usersAcl(),
      'roles.sql': await rolesOfTheGuide(),
    }),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ca' }, data: { 'ca.crt': ca } },
    ...server('db', 5432, images.postgres, DATABASE_SCRIPT),
    ...server('cache', 6379, images.redis, CACHE_SCRIPT),
  ];
  await applyIn(namespace, ...objects);
  await kubectl.run(['rollout', 'status', '-n', namespace, 'deployment/db', 'deployment/cache', '--timeout', '120s']);
}

export async function applyIn(namespace: string, ...objects: readonly { metadata: object }[]): Promise<void> {
  const placed = objects.map((object) => stringify({ ...object, metadata: { ...object.metadata, namespace } }));
  await kubectl.apply(placed.join('---\n'));
}

export function secret(name: string, stringData: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
}

const DATABASE_SCRIPT = `
initdb -D /data/pg -U postgres --auth=scram-sha-256 --auth-local=trust --no-sync >/dev/null
echo 'hostssl all all all scram-sha-256' >/data/pg/pg_hba.conf
echo 'local all postgres trust' >>/data/pg/pg_hba.conf
pg_ctl -D /data/pg -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start >/dev/null
psql -q -h /tmp -U postgres -v ON_ERROR_STOP=1 -f /server/roles.sql
pg_ctl -D /data/pg -w stop >/dev/null
exec postgres -D /data/pg -c 'listen_addresses=*' -c unix_socket_directories=/tmp -c max_connections=60 -c shared_buffers=32MB \\
  -c ssl=on -c ssl_cert_file=/server/tls.crt -c ssl_key_file=/server/tls.key`;

const CACHE_SCRIPT = `
exec redis-server --port 0 --tls-port 6379 --tls-cert-file /server/tls.crt --tls-key-file /server/tls.key \\
  --tls-auth-clients no --tls-ca-cert-file /server/tls.crt --aclfile /server/users.acl --save '' --dir /data`;

function usersAcl(): string {
  return `user default off\nuser shop on >${PASSWORDS.redis} ${REDIS_RULES}\n`;
}

/** The SQL that the guide tells whoever runs the server to run, with passwords in place of the dots. */
async function rolesOfTheGuide(): Promise<string> {
  const sql = /```sql\n(CREATE ROLE auth_migrator.*?)```/s.exec(await readFile(GUIDE, 'utf8'))?.[1];
  if (sql === undefined) throw new Error('the guide has no SQL that makes the roles');
  return sql.replace('…', PASSWORDS.migrator).replace('…', PASSWORDS.app);
}

interface OperatorDeployment extends KubernetesObject {
  spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } };
}

/** Those of the operator's release: the nodes have them. */
async function serverImages(): Promise<{ postgres: string; redis: string }> {
  const selector = 'app.kubernetes.io/name=authcluster-operator';
  const text = await kubectl.run(['get', 'deployments.apps', '--all-namespaces', '-l', selector, '-o', 'json']);
  const [operator] = (JSON.parse(text) as { items: OperatorDeployment[] }).items;
  const variables = operator?.spec.template.spec.containers[0]?.env ?? [];
  const value = (name: string) => variables.find((each) => each.name === name)?.value ?? '';
  const { 17: postgres = '' } = JSON.parse(value('POSTGRES_IMAGES')) as Record<string, string>;
  return { postgres, redis: value('REDIS_IMAGE') };
}

function server(name: string, port: number, image: string, script: string) {
  const labels = { app: name };
  const container = {
    name,
    image,
    command: ['/bin/bash', '-ec', script],
    ports: [{ containerPort: port }],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '256Mi' } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'server', mountPath: '/server' },
      { name: 'data', mountPath: '/data' },
    ],
  };
  const podSecurity = { runAsNonRoot: true, runAsUser: 999, fsGroup: 999, seccompProfile: { type: 'RuntimeDefault' } };
  const spec = {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    securityContext: podSecurity,
    containers: [container],
    volumes: [
      { name: 'server', secret: { secretName: 'server', defaultMode: 0o440 } },
      { name: 'data', emptyDir: {} },
    ],
  };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: labels, ports: [{ port }] } },
  ];
}
