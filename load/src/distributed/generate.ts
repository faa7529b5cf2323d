// Writes load/k8s: part of make generate.
import { writeFile } from 'node:fs/promises';
import { SCENARIOS, type ScenarioName } from '../../scenarios/scenario-shapes.ts';
import { generatedTestRun } from './test-run.ts';

for (const name of Object.keys(SCENARIOS) as ScenarioName[]) {
  await writeFile(new URL(`../../k8s/${name}.yaml`, import.meta.url), generatedTestRun(name));
}
