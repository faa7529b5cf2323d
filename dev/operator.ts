/** `make operator`: the operator of this checkout, or of VALUES, in the local cluster or that of CONTEXT. */
import { failureReport } from './kubernetes/failure-report.ts';
import { OPERATOR_NAMESPACE } from './kubernetes/operator-release.ts';
import { installOperatorOn, targetOfEnvironment } from './kubernetes/target.ts';

const target = targetOfEnvironment(process.env);
try {
  await installOperatorOn(target);
} catch (error) {
  const retry = 'mend what is named above and run `make operator` again';
  process.stderr.write(`${await failureReport(error, target.kubectl, [OPERATOR_NAMESPACE], retry)}\n`);
  process.exitCode = 1;
}
