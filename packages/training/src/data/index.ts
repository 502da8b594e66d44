export type { Dataset, DatasetGroup, Label, LabelledImage } from "./labelled-image.ts";
export {
  FOREN_SYNTHS_CLASSES,
  LGRAD_GENERATORS,
  realFakeSet,
  type Split,
  splitsOf,
  testSet,
  trainingSet,
} from "./layouts.ts";
