export * from "./audit/index.ts";
export type { Dataset, DatasetGroup, Label, LabelledImage } from "./labelled-image.ts";
export {
  type LabelledTree,
  labelTree,
  type TreeImage,
  type TreeOptions,
  withSharedReals,
} from "./labelled-tree.ts";
export { type Layout, layoutPath } from "./layout-path.ts";
export {
  FOREN_SYNTHS_CLASSES,
  LGRAD_GENERATORS,
  realFakeSet,
  type Split,
  splitsOf,
  testSet,
  trainingSet,
} from "./layouts.ts";
export {
  balanceClasses,
  fewShots,
  type Grouping,
  groupingKey,
  keyRank,
  type Shares,
  type SplitOptions,
  splitImages,
} from "./split-images.ts";
