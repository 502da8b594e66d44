export {
  type CropJudge,
  type ExplainedCrop,
  openJudge,
} from "./crop-judge.ts";
export { type CropPlan, cutCrops, padByReflection, planCrops } from "./crop-plan.ts";
export {
  type DetectorKind,
  type DetectorList,
  type Familiarity,
  KNOWN_FAKES,
  LIST_FILE,
  LIST_VERSION,
  type ListedCalibration,
  type ListedDetector,
  type ListedLgrad,
  type ListedPlain,
  type ListedSpectrum,
  type ListedTgd,
  type NetworkFile,
  type StatisticRange,
  type TrainingFacts,
  type WeightsFile,
} from "./detector-list.ts";
export {
  DEFAULT_CROPS,
  type DetectOptions,
  type DetectorProgress,
  Detectors,
  type LoadOptions,
} from "./detectors.ts";
export { knownRanges, type Remark, unfamiliarTraits } from "./familiarity.ts";
export {
  type ImageStatistics,
  imageStatistics,
  type StatisticName,
  statisticNames,
} from "./image-statistics.ts";
export {
  type DetectorVerdict,
  type Explanation,
  inWords,
  type JointVerdict,
  type Judgement,
  jointVerdict,
} from "./judgement.ts";
export {
  type JudgementNumbers,
  judgementNumbers,
  type PlainJudgement,
} from "./judgement-numbers.ts";
export { joinCrops, joinMaps } from "./mosaic.ts";
export { fromPalettes, toPalettes } from "./palette.ts";
export { readDetectorList } from "./read-list.ts";
export { LIMITS, READING } from "./reading.ts";
export { type ReadFile, readWeights, sha256Of, weightsFiles } from "./weights-reader.ts";
