// Loaded before main.ts (node --import): the API then counts no answer and no lookup, to see what counting costs.
import { Metrics } from '../../src/observability/metrics.ts';

Metrics.prototype.answers = () => () => {};
Metrics.prototype.lookedUp = () => {};
