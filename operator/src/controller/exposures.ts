import type { AuthCluster } from '../api/authcluster.ts';
import type { ObjectCache } from '../kubernetes/cache.ts';
import type { LiveObject } from '../kubernetes/objects.ts';
import { names } from '../specs/names.ts';
import type { Observed } from '../status/observed.ts';
import type { Reason } from '../status/reasons.ts';
import { isUnanswered } from './routes.ts';

/** A cloud takes a minute or two for a load balancer. */
const PATIENCE_MS = 300_000;
const REASON = 'GatewayNotExposed' satisfies Reason;
/** By which an Ingress named its class before there was a field for it. */
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/** What is to lead clients to the gateway. */
interface WayIn extends LiveObject {
  spec?: { type?: string; ingressClassName?: string };
  status?: { loadBalancer?: { ingress?: unknown[] } };
}

type Unserved = Pick<NonNullable<Observed['unexposedGateway']>, 'message' | 'mayBeServed'>;

/** Tells of what is to lead clients to the gateway, and that nobody serves. Nothing says since when, so it is remembered. */
export class Exposures {
  readonly #unserved = new Map<string, { type: string; sinceMs: number }>();

  /** Undefined where it is served, may yet be, or needs nobody to serve it. */
  look(key: string, cache: ObjectCache, cluster: AuthCluster, atMs: number): Observed['unexposedGateway'] {
    const unserved = unservedWayIn(cache, cluster);
    if (unserved === undefined) {
      this.forget(key);
      return undefined;
    }
    const { type } = cluster.spec.gateway.expose;
    const known = this.#unserved.get(key);
    const since = known?.type === type ? known : { type, sinceMs: atMs };
    this.#unserved.set(key, since);
    // What a process before this one has told is not taken back while it holds.
    const isTold = known === undefined && cluster.status?.conditions?.some(({ reason }) => reason === REASON);
    if (isTold) since.sinceMs -= PATIENCE_MS;
    return atMs - since.sinceMs >= PATIENCE_MS ? { reason: REASON, ...unserved } : undefined;
  }

  forget(key: string): void {
    this.#unserved.delete(key);
  }
}

function unservedWayIn(cache: ObjectCache, cluster: AuthCluster): Unserved | undefined {
  const { enabled, expose } = cluster.spec.gateway;
  if (!enabled) return undefined;
  const live = (kind: string) => cache.store<WayIn>(kind).get(cluster.metadata.namespace, names(cluster).gateway);
  if (expose.type === 'LoadBalancer') return unservedService(live('Service'), expose.className);
  if (expose.type === 'Ingress') return unservedIngress(live('Ingress'));
  return isUnanswered(cache, cluster) ? unservedRoute(cluster) : undefined;
}

function unservedService(service: WayIn | undefined, className: string | undefined): Unserved | undefined {
  if (service?.spec?.type !== 'LoadBalancer' || hasAddress(service)) return undefined;
  const { namespace, name } = service.metadata;
  const ofClass = className === undefined ? '' : ` for the class ${className}`;
  const message =
    `Service ${name} has no address: no load balancer leads to the gateway. Next: see kubectl describe -n ${namespace} service/${name}, ` +
    `and that something makes load balancers${ofClass} in this cluster, or change gateway.expose`;
  return { message, mayBeServed: false };
}

/** The API server fills in the default class. Controllers may serve what has one and publish no address. */
function unservedIngress(ingress: WayIn | undefined): Unserved | undefined {
  if (ingress === undefined || hasAddress(ingress)) return undefined;
  const { name, annotations = {} } = ingress.metadata;
  const className = ingress.spec?.ingressClassName ?? annotations[CLASS_ANNOTATION];
  if (className === undefined) {
    const message =
      `Ingress ${name} has no class and no address: no controller serves it. Next: set gateway.expose.className to one of ` +
      'kubectl get ingressclass';
    return { message, mayBeServed: false };
  }
  const message =
    `Ingress ${name} has no address: unless its controller publishes none, see that one serves the class ${className} ` +
    '(kubectl get ingressclass)';
  return { message, mayBeServed: true };
}

function unservedRoute(cluster: AuthCluster): Unserved {
  const { namespace } = cluster.metadata;
  const parents = (cluster.spec.gateway.expose.parentRefs ?? []).map(
    (ref) => `${ref.namespace ?? namespace}/${ref.name}`,
  );
  const message =
    `HTTPRoute ${names(cluster).gateway} has no answer of a Gateway: nobody leads to the gateway. Next: see that ` +
    `${[...new Set(parents)].join(', ')} is there (kubectl get gateway -A), and a controller for its class`;
  return { message, mayBeServed: false };
}

function hasAddress({ status }: WayIn): boolean {
  return (status?.loadBalancer?.ingress ?? []).length > 0;
}
