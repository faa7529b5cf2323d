import type { ObjectMetadata } from '../kubernetes/objects.ts';
import type { AuthClusterSpec, AuthClusterStatus } from './generated/authcluster.ts';

export const GROUP = 'authcluster.dev';
export const API_VERSION = `${GROUP}/v1alpha1`;
export const KIND = 'AuthCluster';

/** An AuthCluster as read from the API server: identified, validated, and with every default filled in. */
export interface AuthCluster {
  apiVersion: string;
  kind: string;
  metadata: ObjectMetadata & { namespace: string; uid: string; resourceVersion: string };
  spec: AuthClusterSpec;
  status?: AuthClusterStatus;
}
