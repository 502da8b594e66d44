export {
  type Divergence,
  DivergenceGuard,
  type DivergenceOptions,
  type DivergenceState,
} from "./divergence-guard.ts";
export {
  formatMetricsRow,
  type MetricsLog,
  type MetricsRow,
  parseMetricsLog,
  rowsUntil,
} from "./metrics-log.ts";
