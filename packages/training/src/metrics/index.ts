export { type Accuracies, accuracies, type Confusion, confusion } from "./accuracy.ts";
export { averagePrecision } from "./average-precision.ts";
export {
  type BootstrapOptions,
  type BootstrapValues,
  bootstrapIntervals,
  bootstrapValues,
  type Interval,
  intervalsOfValues,
  meanOfSets,
  type Statistic,
} from "./bootstrap.ts";
export {
  type Calibration,
  calibratedProbabilities,
  expectedCalibrationError,
  fitPlatt,
  fitTemperature,
} from "./calibration.ts";
export { type Cuts, cuts, type Labels, type Scores } from "./cuts.ts";
export {
  mostAccuratePoint,
  type OperatingPoint,
  pointAtFalsePositiveRate,
} from "./operating-point.ts";
export {
  type BatchMeanAuc,
  batchMeanRocAuc,
  equalErrorRate,
  type RocCurve,
  rocAuc,
  rocCurve,
} from "./roc.ts";
export { sigmoid32 } from "./sigmoid.ts";
export {
  type BinaryMetrics,
  type GeneratorSummary,
  METRIC_NAMES,
  type MeasureOptions,
  type MetricName,
  measure,
  type Prediction,
  type Summary,
  summarize,
} from "./summary.ts";
