import { NO_TRAFFIC, type Traffic } from '../../src/rollout/traffic.ts';
import type { Life } from './life.ts';

/** What somebody sets by hand. */
export const THEIR_GRACE_SECONDS = 600;

interface Chapter {
  spec: object;
  /** What pods that have got the traffic in it answer. */
  traffic?: Traffic;
  /** What happens while its rollout waits for nothing but time. */
  halfway?: (life: Life) => Promise<void>;
  /** What happens when all else has. */
  afterwards?: (life: Life) => Promise<void>;
}

export interface Story {
  chapters: readonly Chapter[];
  /** Colour, phase and version at the end of each. */
  ends: readonly string[];
  /** Calls before this chapter fail in another story. */
  failsFrom: number;
  runsPerFault: number;
}

const runs = (tag: string) => ({ api: { image: `registry.example/auth-api:${tag}` } });

/** What an AuthCluster may live through, chapter by chapter. */
export const STORIES: Readonly<Record<string, Story>> = {
  // It loses its gateway, which is a rollout, too: other proxies are trusted.
  'a life in which all goes well': {
    chapters: [{ spec: {} }, { spec: runs('next') }, { spec: { ...runs('next'), gateway: { enabled: false } } }],
    ends: ['blue Stable 1.2.3', 'green Stable next', 'blue Stable next'],
    failsFrom: 0,
    runsPerFault: 12,
  },
  'a life of rollouts that are taken back, aborted and overtaken': {
    chapters: [
      { spec: {} },
      { spec: runs('worse'), traffic: { ...NO_TRAFFIC, requests: 100, errors: 90 }, afterwards: changeWhatServes },
      { spec: runs('unloved'), halfway: abort },
      { spec: runs('overtaken'), halfway: (life) => life.change(runs('newest')) },
    ],
    ends: ['blue Stable 1.2.3', 'blue RolledBack 1.2.3', 'blue Aborted 1.2.3', 'green Stable newest'],
    failsFrom: 1,
    runsPerFault: 6,
  },
};

async function abort(life: Life): Promise<void> {
  const { status } = await life.cluster();
  const annotations = { 'authcluster.dev/abort': status?.api?.rollout?.revision };
  await life.patch('AuthCluster', 'acme', { metadata: { annotations } }, 'kubectl-annotate');
}

async function changeWhatServes(life: Life): Promise<void> {
  const spec = { template: { spec: { terminationGracePeriodSeconds: THEIR_GRACE_SECONDS } } };
  await life.patch('Deployment', 'acme-api-blue', { spec }, 'kubectl-edit');
}
