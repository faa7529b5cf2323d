/** `make operator`: the operator of this checkout, or of VALUES, in the local cluster or that of CONTEXT. */
import { installOperatorOn, targetOfEnvironment } from './kubernetes/target.ts';

await installOperatorOn(targetOfEnvironment(process.env));
