import { Gauge, type Registry } from 'prom-client';
import type { KeyState } from '../security/key-set.ts';

/** Which keys this pod publishes, and which it signs with: a rotation waits for every pod. */
export function observeSigningKeys(registry: Registry, states: () => readonly KeyState[]): void {
  new Gauge({
    name: 'auth_signing_key_info',
    help: 'Keys of access tokens that this pod has read, by where they are in their life',
    labelNames: ['kid', 'status'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { kid, status } of states()) this.set({ kid, status }, 1);
    },
  });
  new Gauge({
    name: 'auth_signing_key_created_timestamp_seconds',
    help: 'When the keys of access tokens were made that this pod has read',
    labelNames: ['kid', 'status'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { kid, status, createdAt } of states()) this.set({ kid, status }, createdAt.getTime() / 1000);
    },
  });
}

/** What this pod logs in with, by dependency: a rotation waits for every pod. */
export function observeLogins(registry: Registry, fingerprints: () => ReadonlyMap<string, string>): void {
  new Gauge({
    name: 'auth_login_info',
    help: 'Fingerprints of the logins that the next connections will use',
    labelNames: ['dependency', 'fingerprint'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [dependency, fingerprint] of fingerprints()) this.set({ dependency, fingerprint }, 1);
    },
  });
}
