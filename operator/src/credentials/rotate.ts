import type { AuthCluster } from '../api/authcluster.ts';
import type { SecretValues } from '../controller/generated-secrets.ts';
import type { ObjectCache } from '../kubernetes/cache.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Secret } from '../kubernetes/objects.ts';
import { type RotatedSecret, rotatedSecrets } from '../specs/secrets/rotated.ts';
import type { RandomBytes } from '../specs/secrets/signing-keys.ts';
import type { CredentialsView } from '../status/observed.ts';
import type { WaitsSeen } from './common-waits.ts';
import { CREDENTIAL_STAGES, type CredentialPlan, type CredentialStage, decideCredential, stageOf } from './rotation.ts';
import { whatIsWaitedFor } from './waits.ts';

export interface RotationOptions {
  client: KubernetesClient;
  cache: ObjectCache;
  randomBytes: RandomBytes;
}

/** Any value that was not there before asks for a rotation. */
const ROTATE = 'authcluster.dev/rotate-credentials';
/** An annotation may be long, and what is noted of it need not be. */
const LONGEST_REQUEST = 200;

interface Taken {
  secret: RotatedSecret;
  stage: CredentialStage;
  waitsFor: string | undefined;
}

/**
 * Takes the next step of the rotation of each generated credential, where one is due, and tells where they are. Each
 * Secret goes its own way. `values` are those that `seen.credentials` were read from; a Secret is written only over the
 * very values that were decided upon, after a live read.
 */
export async function rotateCredentials(
  options: RotationOptions,
  seen: WaitsSeen,
  values: ReadonlyMap<string, SecretValues>,
): Promise<CredentialsView> {
  const taken = await Promise.all(
    rotatedSecrets(seen.cluster).map((secret) => step(options, seen, secret, values.get(secret.name) ?? {})),
  );
  return view(taken);
}

async function step(
  options: RotationOptions,
  seen: WaitsSeen,
  secret: RotatedSecret,
  values: SecretValues,
): Promise<Taken> {
  const { cluster, around } = seen;
  const stage = stageOf(values);
  const waitsFor = await whatIsWaitedFor(secret.what, stage, seen);
  const live = options.cache.store<Secret>('Secret').get(cluster.metadata.namespace, secret.name);
  const { creationTimestamp } = live?.metadata ?? {};
  const plan = decideCredential(
    {
      ...{ values, waitsFor, keys: secret.keys, overlaps: secret.overlaps, nowMs: around.objects.atMs },
      createdAtMs: creationTimestamp === undefined ? around.objects.atMs : Date.parse(creationTimestamp),
      asked: cluster.metadata.annotations?.[ROTATE]?.slice(0, LONGEST_REQUEST),
      rotationDays: cluster.spec.credentials.rotationDays,
    },
    () => secret.fresh(options.randomBytes, values.username ?? ''),
  );
  const next = plan.change && (await write(options, cluster, secret, values, plan.change));
  return { secret, stage: next === undefined ? stage : stageOf(next), waitsFor: plan.waitsFor };
}

/** The values afterwards; undefined where somebody else has changed the Secret meanwhile. */
async function write(
  { client, cache }: RotationOptions,
  { metadata: { namespace } }: AuthCluster,
  { name }: RotatedSecret,
  values: SecretValues,
  change: NonNullable<CredentialPlan['change']>,
): Promise<SecretValues | undefined> {
  const live = await client.get<Secret>('Secret', namespace, name);
  const entries = Object.entries(values);
  if (live === undefined || Object.keys(live.data ?? {}).length !== entries.length) return undefined;
  if (entries.some(([key, value]) => live.data?.[key] !== encoded(value))) return undefined;
  const data = Object.fromEntries(
    Object.entries(change).map(([key, value]) => [key, value === null ? null : encoded(value)]),
  );
  const { resourceVersion } = live.metadata;
  const changed = await client.mergePatch(live, { metadata: { resourceVersion }, data });
  if (typeof changed !== 'object') return undefined;
  cache.note(changed);
  const after = Object.entries({ ...values, ...change }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return Object.fromEntries(after);
}

/** The stage of the one that is furthest behind, and what each of those under way, or due, waits for. */
function view(taken: readonly Taken[]): CredentialsView {
  const stage = CREDENTIAL_STAGES.find((each) => taken.some((one) => one.stage === each)) ?? 'Settled';
  const parts = taken
    .filter((each) => each.stage !== 'Settled' || each.waitsFor !== undefined)
    .map(({ secret, stage: at, waitsFor }) => {
      const where = at === 'Settled' ? 'not begun' : at;
      return `${secret.name}: ${where}${waitsFor === undefined ? '' : `, waiting for ${waitsFor}`}`;
    });
  const message = [...(stage === 'Settled' ? ['no credential is being rotated'] : []), ...parts].join('; ');
  return { stage, message };
}

function encoded(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
