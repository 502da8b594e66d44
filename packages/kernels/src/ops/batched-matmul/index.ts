export { batchedMatmul, batchedMatmulGradA, batchedMatmulGradB } from "./batched-matmul.ts";
export {
  type BatchedMatmulGeometry,
  type BatchedMatmulOptions,
  batchedMatmulGeometry,
} from "./geometry.ts";
