import type { AuthCluster } from '../api/authcluster.ts';
import type { ObjectCache } from '../kubernetes/cache.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Pod, Secret } from '../kubernetes/objects.ts';
import type { ApiTier } from '../rollout/tier.ts';
import { names } from '../specs/names.ts';
import { type KeySet, type RandomBytes, signingKey } from '../specs/secrets/signing-keys.ts';
import type { SigningKeysView } from '../status/observed.ts';
import { parseKeySet } from './key-set.ts';
import { activeKey, activeSince, decideRotation, stageOf } from './rotation.ts';

export interface RotationOptions {
  client: KubernetesClient;
  cache: ObjectCache;
  api: Pick<ApiTier, 'signingKeys'>;
  randomBytes: RandomBytes;
}

/** Any value that was not there before asks for a rotation. */
const ROTATE = 'authcluster.dev/rotate-signing-key';
const KEY_SET = 'keyset.json';
/** An annotation may be long, and what is noted of it need not be. */
const LONGEST_REQUEST = 200;

/**
 * Takes the next step of a rotation of the signing keys, if one is due, and tells where it is. `text` is keyset.json as
 * it was read for this pass. It is written only over the very version that was decided upon: nothing is lost to others.
 */
export async function rotateSigningKeys(
  { client, cache, api, randomBytes }: RotationOptions,
  cluster: AuthCluster,
  { text, pods, nowMs }: { text: string; pods: readonly Pod[]; nowMs: number },
): Promise<SigningKeysView> {
  const secret = names(cluster).keysSecret;
  const keySet = parseKeySet(text, secret);
  const { accessLifetimeSeconds, keyRotationDays: rotationDays } = cluster.spec.api.tokens;
  const asked = cluster.metadata.annotations?.[ROTATE]?.slice(0, LONGEST_REQUEST);
  const told = waitsForPods(keySet) ? await api.signingKeys(pods.filter(isReady)) : undefined;
  const seen = { keySet, nowMs, asked, rotationDays, accessLifetimeSeconds, pods: told };
  const { next, message } = decideRotation(seen, () => signingKey(randomBytes, new Date(nowMs), 'pending'));
  return next !== undefined && (await write(next)) ? view(next, message) : view(keySet, message);

  async function write(next: KeySet): Promise<boolean> {
    const live = await client.get<Secret>('Secret', cluster.metadata.namespace, secret);
    if (live?.data?.[KEY_SET] !== encode(text)) return false;
    const { resourceVersion } = live.metadata;
    const data = { [KEY_SET]: encode(JSON.stringify(next)) };
    const changed = await client.mergePatch(live, { metadata: { resourceVersion }, data });
    if (typeof changed !== 'object') return false;
    cache.note(changed);
    return true;
  }
}

function waitsForPods(keySet: KeySet): boolean {
  const stage = stageOf(keySet);
  return stage === 'Publishing' || stage === 'Activating';
}

function view(keySet: KeySet, message: string): SigningKeysView {
  const active = activeKey(keySet);
  return { active: active.kid, activeSince: activeSince(active), stage: stageOf(keySet), message };
}

/** One that does not serve yet reads the newest keys when it starts. */
function isReady({ metadata, status }: Pod): boolean {
  const ready = status?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True');
  return metadata.deletionTimestamp === undefined && ready === true;
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
