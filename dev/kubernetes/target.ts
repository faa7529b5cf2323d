import { showCommand } from '../command.ts';
import { Kubectl } from './kubectl.ts';
import { installOperator } from './operator-release.ts';

const LOCAL_CONTEXT = 'kind-authcluster';
const LOCAL_IMAGES = '.make/images.yaml';
const OPERATOR_TIMEOUT_SECONDS = 180;

/** The make variables that say which cluster is meant; empty where not given. */
export interface TargetSettings {
  /** A kubectl context; without it, the local cluster is meant, which the make targets bring up. */
  context: string;
  /** A registry that another cluster can pull this checkout's images from. */
  registry: string;
  /** A values file that names images, for another cluster. */
  values: string;
}

/** The cluster that a command works on, and how it gets there. */
export interface Target {
  kubectl: Kubectl;
  /** Whether it is the local cluster, whose gateways are published on 127.0.0.1. */
  local: boolean;
  /** The make targets that bring cluster and images, in order. */
  makeTargets: string[];
  /** The values file that names the images; without it, those of the chart's release. */
  valuesFile: string | undefined;
}

/**
 * Local: built and loaded. Another kind cluster: the same. A registry: built and pushed. Otherwise, nothing is built, and
 * images are those of the values file or of the chart's release.
 */
export function chooseTarget({ context, registry, values }: TargetSettings): Target {
  if (context === '') {
    const makeTargets = ['cluster', 'images', 'load'];
    return { kubectl: new Kubectl(LOCAL_CONTEXT), local: true, makeTargets, valuesFile: LOCAL_IMAGES };
  }
  const kubectl = new Kubectl(context);
  if (values !== '') return { kubectl, local: false, makeTargets: ['tools'], valuesFile: values };
  if (registry !== '') {
    return { kubectl, local: false, makeTargets: ['tools', 'images', 'push'], valuesFile: LOCAL_IMAGES };
  }
  if (context.startsWith('kind-')) {
    return { kubectl, local: false, makeTargets: ['tools', 'images', 'load'], valuesFile: LOCAL_IMAGES };
  }
  return { kubectl, local: false, makeTargets: ['tools'], valuesFile: undefined };
}

/** Reads the make variables from the environment, where make puts them. */
export function targetOfEnvironment(environment: NodeJS.ProcessEnv): Target {
  const { CONTEXT: context = '', REGISTRY: registry = '', VALUES: values = '' } = environment;
  return chooseTarget({ context, registry, values });
}

/** Runs one of the make targets, which shows its own progress. Rejects with CommandError. */
export function runMake(target: string): Promise<void> {
  return showCommand('make', ['--no-print-directory', target]);
}

/** Installs or upgrades the operator with the target's images and waits until it runs. */
export async function installOperatorOn({ kubectl, valuesFile }: Target): Promise<void> {
  await installOperator(kubectl, {
    ...(valuesFile === undefined ? {} : { valuesFile }),
    timeoutSeconds: OPERATOR_TIMEOUT_SECONDS,
  });
}
