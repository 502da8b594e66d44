export { ClipResNet, type ClipResNetOptions } from "./clip-resnet.ts";
export { DeepLabV3, type DeepLabV3Options } from "./deeplabv3.ts";
export type { Architecture, DiscriminatorOptions } from "./discriminators/architecture.ts";
export { Discriminator, type MinibatchStddevOptions } from "./discriminators/discriminator.ts";
export { type KeyConvention, keyConvention, toGenforceNames } from "./discriminators/key-names.ts";
export { PgganDiscriminator, type PgganOptions } from "./discriminators/pggan.ts";
export { StyleganDiscriminator, type StyleganOptions } from "./discriminators/stylegan.ts";
export { Stylegan2Discriminator } from "./discriminators/stylegan2.ts";
export {
  type DropRates,
  EfficientNet,
  type EfficientNetForm,
  type EfficientNetOptions,
} from "./efficientnet.ts";
export { MobileBlock } from "./efficientnet-block.ts";
export {
  type BlockPlan,
  type EfficientNetPlan,
  type EfficientNetStage,
  efficientNetStages,
  planEfficientNet,
} from "./efficientnet-table.ts";
export { ForensicTransfer, type ForensicTransferOutput } from "./forensic-transfer.ts";
export { IdinvertEncoder, type IdinvertEncoderOptions } from "./idinvert-encoder.ts";
export { type ConvolutionImport, importConvolutions } from "./import-convolutions.ts";
export { InceptionV3, type InceptionV3Options } from "./inception-v3.ts";
export { inceptionV3FromKeras } from "./inception-v3-keras.ts";
export type { FeatureNetwork } from "./layers/feature-network.ts";
export { type ModelName, modelNames } from "./model-names.ts";
export {
  type CreatedModel,
  type CreateModelOptions,
  createModel,
  describeModel,
  type InputContract,
  isModelName,
  loadModel,
  type ModelDescription,
  type ModelOptions,
  type OptionDescription,
} from "./registry.ts";
export {
  ResNet,
  type ResNetName,
  type ResNetOptions,
  type ResNetSize,
  resnetBlocks,
  sizeOf,
} from "./resnet.ts";
export { Bottleneck, type ResNetForm } from "./resnet-block.ts";
export { SmallCnn, type SmallCnnOptions } from "./small-cnn.ts";
export {
  type Graph,
  type GraphActivation,
  type GraphModel,
  GraphNetwork,
  type GraphNode,
  type GraphOperation,
  graphFromKeras,
  graphFromNcnn,
  SuperResolution,
  type SuperResolutionOptions,
} from "./super-resolution/index.ts";
export { Vgg16, type Vgg16Options } from "./vgg.ts";
export { VisionTransformer, type VisionTransformerOptions } from "./vision-transformer.ts";
