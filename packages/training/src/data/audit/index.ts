export { type FileFacts, readFileFacts } from "./file-facts.ts";
export { type JpegHistory, jpegHistory } from "./jpeg-history.ts";
export { luma, type Plane } from "./luma.ts";
export {
  MAX_HAMMING,
  type NearDuplicate,
  type NearDuplicateOptions,
  nearDuplicates,
} from "./near-duplicates.ts";
export { type PerceptualHash, perceptualHash } from "./perceptual-hash.ts";
export {
  measureProperty,
  type PropertyMeasure,
  type PropertyValue,
  type Verdict,
} from "./property.ts";
