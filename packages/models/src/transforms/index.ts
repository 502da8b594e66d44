export { type ContactSheetOptions, contactSheet } from "./contact-sheet.ts";
export { type CropWindow, centerCrop, crop } from "./crop.ts";
export { CHARACTER_HEIGHT, CHARACTER_WIDTH, drawText, fitText } from "./draw-text.ts";
export { flipHorizontal } from "./flip.ts";
export { gradientFromImage, gradientToImage } from "./gradient-bytes.ts";
export { type HeatMapOptions, heatMap, jet } from "./heat-map.ts";
export { type RgbImage, rgbImage } from "./image.ts";
export { type ImageBatch, imageBatch } from "./image-batch.ts";
export {
  type Normalization,
  type NormalizationName,
  normalizations,
  normalize,
} from "./normalize.ts";
export { type ResizeFilter, type ResizeSize, resize } from "./resize.ts";
