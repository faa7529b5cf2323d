import { stringify } from 'yaml';
import { hashingWorkers } from './api-tier.ts';
import { authClusterResource } from './auth-cluster-spec.ts';
import type { TierBehaviour } from './behaviour.ts';
import { type Calibration, hashMs } from './calibration.ts';
import type { Replicas } from './deployment.ts';
import type { Plan } from './plan.ts';
import { type PlanRequest, steadyActiveUsers } from './workload.ts';

/** A plan for people: what was asked, what it takes, what is full next, and the resource to apply. */
export function planReport(plan: Plan, request: PlanRequest, calibration: Calibration, name: string): string {
  return [
    title(plan, request),
    section('Load at the peak', loadLines(plan)),
    section(plan.clusters === 1 ? 'What it takes' : 'What each cluster takes', sizeLines(plan, calibration)),
    section('At the peak', behaviourLines(plan)),
    section('Full next', saturationLines(plan)),
    section('Notes', noteLines(plan, request, calibration)),
    section('To apply', [specText(plan, request, name).trimEnd()], ''),
  ].join('\n\n');
}

/** The AuthCluster as YAML. */
export function specText({ deployment }: Plan, request: PlanRequest, name: string): string {
  return stringify(authClusterResource(name, deployment, request), { lineWidth: 0 });
}

function title({ clusters, splitBecause }: Plan, { demand }: PlanRequest): string {
  const { algorithm, cost } = demand.hashing;
  const asked = `${amount(demand.users)} users, ${amount(demand.peakLoginsPerSecond)} logins/s at the peak, ${algorithm} at cost ${cost}`;
  if (clusters === 1) return `${asked}: one AuthCluster`;
  return `${asked}: ${clusters} AuthClusters, by region or by tenant\n  one would exceed ${splitBecause.join('; ')}`;
}

function section(heading: string, lines: readonly string[], indent = '  '): string {
  return [heading, ...lines.map((line) => `${indent}${line}`)].join('\n');
}

function loadLines({ workload, clusters }: Plan): string[] {
  const whole = (value: number) => amount(value * clusters);
  return [
    `${whole(workload.loginsPerSecond)} logins/s, ${whole(workload.refreshesPerSecond)} refreshes/s, ` +
      `${whole(workload.profilesPerSecond)} profile reads/s, ${whole(workload.verifiesPerSecond)} verifies/s, ${whole(workload.logoutsPerSecond)} log-outs/s`,
    `${whole(workload.activeUsers)} users active at once, ${whole(workload.storedSessions)} sessions, ` +
      `${whole(workload.storedRefreshTokens)} refresh tokens and ${whole(workload.storedAuditEvents)} audit events stored`,
  ];
}

function sizeLines({ deployment, clusters }: Plan, calibration: Calibration): string[] {
  const { api, gateway, postgres, redis } = deployment;
  const nodes = postgres.readReplicas + 1;
  const podCores = api.replicas.peak * api.podCores + gateway.replicas.peak * gateway.podCores + nodes * postgres.cores;
  const all = podCores + 2 * postgres.poolerInstances + 2 * redis.shards;
  return [
    `auth API    ${pods(api.replicas)} of ${cores(api.podCores)} and ${memory(api.podMemoryMib)}; ${hashingWorkers(api.podCores)} hashing ` +
      `threads of ${hashMs(calibration, api.hashing).toFixed(0)} ms a hash, queue ${api.queueLength}; pools ${api.writePool} write, ${api.readPool} read`,
    `gateway     ${pods(gateway.replicas)} of ${cores(gateway.podCores)}`,
    `PostgreSQL  1 primary and ${postgres.readReplicas} replicas of ${cores(postgres.cores)}, ${amount(postgres.memoryGib)} GiB memory, ` +
      `${amount(postgres.storageGib)} GiB storage; max_connections ${postgres.maxConnections}`,
    `PgBouncer   2 x ${postgres.poolerInstances} instances, ${amount(postgres.maxClientConnections)} client connections each`,
    `Redis       ${redis.shards} shards of 2 nodes, ${memory(redis.maxMemoryMib)} each`,
    `in all      ${amount(all)} cores at the peak${clusters === 1 ? '' : `, times ${clusters}: ${amount(all * clusters)}`}`,
  ];
}

function cores(count: number): string {
  return count === 1 ? '1 core' : `${amount(count)} cores`;
}

function memory(mib: number): string {
  return mib < 1024 ? `${mib} MiB` : `${amount(mib / 1024)} GiB`;
}

function pods({ min, peak, max }: Replicas): string {
  return `${min} to ${max} pods (${peak} at the peak)`;
}

function behaviourLines({ behaviour }: Plan): string[] {
  return [
    `login p95 ${behaviour.loginP95Ms.toFixed(0)} ms, refused ${percent(behaviour.refusedShare)} of logins`,
    ...behaviour.tiers.map(({ tier, utilisation }) => `${tier.padEnd(24)} ${percent(utilisation).padStart(7)}`),
  ];
}

function saturationLines({ behaviour, workload, clusters }: Plan): string[] {
  const line = ({ tier, fullAtTimes }: TierBehaviour) =>
    `${tier.padEnd(24)} at ${fullAtTimes.toFixed(2).padStart(6)} times this load ` +
    `(${amount(fullAtTimes * workload.loginsPerSecond * clusters)} logins/s)`;
  return behaviour.tiers
    .filter(({ fullAtTimes }) => Number.isFinite(fullAtTimes))
    .slice(0, 4)
    .map(line);
}

const MANY_ROWS = 1e8;

function noteLines({ clusters, workload }: Plan, { demand }: PlanRequest, calibration: Calibration): string[] {
  const notes = [`calibration: ${calibration.source}`];
  const active = steadyActiveUsers(demand);
  if (active > demand.users) {
    notes.push(
      `all ${amount(demand.users)} users are active at once: ${amount(demand.peakLoginsPerSecond)} logins/s would make ${amount(active)} within ` +
        `the ${demand.activeMinutes} min that each stays; if that is not so, have them stay shorter (--active-minutes)`,
    );
  }
  if (workload.storedRefreshTokens > MANY_ROWS) {
    notes.push(
      `${amount(workload.storedRefreshTokens)} rows of refresh tokens${clusters === 1 ? '' : ' in each cluster'}: keep sessions for fewer days (--session-days), or have more AuthClusters`,
    );
  }
  if (demand.hashing.algorithm === 'bcrypt') {
    const saved = hashMs(calibration, demand.hashing) / calibration.hashing.argon2idMs;
    const coresOfHashing = (workload.loginsPerSecond * clusters * hashMs(calibration, demand.hashing)) / 1000;
    if (coresOfHashing > 100) {
      notes.push(
        `hashing alone keeps ${amount(coresOfHashing)} cores busy: argon2id at its recommended minimum takes ${saved.toFixed(0)} times less CPU (--hash-algorithm argon2id)`,
      );
    }
  }
  return notes;
}

/** Three digits, with k, M and G, as people read them. */
export function amount(value: number): string {
  const units = ['', ' k', ' M', ' G'];
  let [scaledValue, unit] = [value, 0];
  while (Math.abs(scaledValue) >= (unit === 0 ? 10_000 : 1000) && unit < units.length - 1) {
    scaledValue /= 1000;
    unit += 1;
  }
  const digits = Math.abs(scaledValue) >= 100 || Number.isInteger(scaledValue) ? 0 : 1;
  return `${scaledValue.toFixed(digits)}${units[unit] ?? ''}`;
}

function percent(share: number): string {
  const value = share * 100;
  if (value !== 0 && value < 0.01) return '< 0.01 %';
  return `${value.toFixed(value < 1 ? 2 : 0)} %`;
}
