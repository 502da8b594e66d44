export {
  gradientImage,
  type ImageGradient,
  type InputGradient,
  imageGradients,
  inputGradient,
} from "./gradient-image.ts";
export {
  GradientTransformer,
  type GradientTransformerOptions,
  type WeightSource,
} from "./gradient-transformer.ts";
export { type Preset, presets } from "./presets.ts";
