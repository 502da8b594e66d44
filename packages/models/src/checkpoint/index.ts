export { CheckpointError } from "./errors.ts";
export {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "./half.ts";
export {
  bytesPerElement,
  fromFloat32,
  type HostArrays,
  type HostDType,
  type HostTensor,
  toFloat32,
} from "./host-tensor.ts";
export {
  type Checkpoint,
  type CheckpointFormat,
  type ReadCheckpointOptions,
  readCheckpoint,
} from "./load-checkpoint.ts";
export { type MatchOptions, matchStateDict } from "./match.ts";
export { type NcnnLayer, type NcnnModel, ncnnNumber, readNcnn } from "./ncnn.ts";
export { readSafetensors, type Safetensors, writeSafetensors } from "./safetensors.ts";
export {
  type KerasLayer,
  kerasKernel,
  readTfjsLayers,
  type TfjsLayersModel,
} from "./tfjs-layers.ts";
