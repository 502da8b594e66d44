/** The 16-bit floats of files are those of the device: one conversion serves both. */
export {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "@fauxgrad/tensor";
