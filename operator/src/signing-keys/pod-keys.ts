/** What one pod of the auth API has read: the status of each key by kid. */
export type PodKeys = ReadonlyMap<string, string>;

/** Of its metrics, in Prometheus' text format; empty where they tell nothing of keys. */
export function podKeys(metrics: string): PodKeys {
  const lines = metrics.matchAll(/^auth_signing_key_info\{kid="([^"]*)",status="([a-z]+)"\} 1$/gm);
  return new Map([...lines].map(([, kid = '', status = '']) => [kid, status]));
}
